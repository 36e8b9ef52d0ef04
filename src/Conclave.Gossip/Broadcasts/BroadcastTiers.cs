namespace Conclave.Gossip.Broadcasts;

/// <summary>
/// Messages in the order in which packets take them: those sent least first, among them the longest that fits, among them the newest. Bounded: when it is
/// full, whoever adds gives up the message that was sent most.
/// </summary>
internal sealed class BroadcastTiers<T> where T : Broadcast
{
    private const int FreeMax = 16;

    // By times sent; in each the queues that hold something, by length, so that what is taken first stands at the end.
    private readonly List<List<AgeQueue<T>>> _tiers = [];
    private readonly Stack<AgeQueue<T>> _free = [];
    private ulong _lastTicket;

    public int Count { get; private set; }

    public ulong NextTicket() => ++_lastTicket;

    public void Insert(T entry)
    {
        while (_tiers.Count <= entry.Sent) _tiers.Add([]);
        QueueFor(_tiers[entry.Sent], entry.Length).Insert(entry);
        Count++;
    }

    public void Remove(T entry)
    {
        var tier = _tiers[entry.Sent];
        int at = CountThatFit(tier, entry.Length) - 1;
        tier[at].Remove(entry);
        Shrunk(tier, at);
    }

    /// <summary>Takes out the next message of at most <paramref name="room"/> bytes, starting with those sent <paramref name="tier"/> times; null when none fits.</summary>
    public T? TryTake(ref int tier, int room)
    {
        for (; tier < _tiers.Count; tier++)
        {
            var queues = _tiers[tier];
            int at = CountThatFit(queues, room) - 1;
            if (at < 0) continue;
            var entry = queues[at].TakeNewest();
            Shrunk(queues, at);
            return entry;
        }
        return null;
    }

    /// <summary>The message to give up first: of those sent most the shortest and oldest. Null when there is none.</summary>
    public T? MostSent()
    {
        for (int i = _tiers.Count - 1; i >= 0; i--)
            if (_tiers[i].Count > 0) return _tiers[i][0].Oldest;
        return null;
    }

    public T? Find(ulong ticket)
    {
        foreach (var tier in _tiers)
            foreach (var queue in tier)
                for (int i = 0; i < queue.Count; i++)
                    if (queue[i].Ticket == ticket) return queue[i];
        return null;
    }

    public void Clear()
    {
        foreach (var tier in _tiers) tier.Clear();
        Count = 0;
    }

    private AgeQueue<T> QueueFor(List<AgeQueue<T>> tier, int length)
    {
        int at = CountThatFit(tier, length);
        if (at > 0 && tier[at - 1].Length == length) return tier[at - 1];
        var queue = _free.TryPop(out var free) ? free : new AgeQueue<T>();
        queue.Length = length;
        tier.Insert(at, queue);
        return queue;
    }

    // A message has left the queue at this place.
    private void Shrunk(List<AgeQueue<T>> tier, int at)
    {
        Count--;
        if (tier[at].Count > 0) return;
        if (_free.Count < FreeMax) _free.Push(tier[at]);
        tier.RemoveAt(at);
    }

    private static int CountThatFit(List<AgeQueue<T>> tier, int room)
    {
        if (tier.Count == 0 || tier[^1].Length <= room) return tier.Count;
        int low = 0, high = tier.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (tier[middle].Length <= room) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
