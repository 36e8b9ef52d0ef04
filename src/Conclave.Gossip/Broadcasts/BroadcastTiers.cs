namespace Conclave.Gossip.Broadcasts;

/// <summary>
/// Messages in the order in which packets take them: those sent least first, among them the longest that fits, among them the newest. Bounded: when it is
/// full, whoever adds gives up the message that was sent most.
/// </summary>
internal sealed class BroadcastTiers<T> where T : Broadcast
{
    // A storm of joins fills each tier with the whole pool once; what it took is given back when it is over.
    private const int KeptCapacityMax = 64;

    // By times sent; each sorted by length, then by age, so that what is taken first stands at the end, where taking it costs least.
    private readonly List<List<T>> _tiers = [];
    private ulong _lastTicket;

    public int Count { get; private set; }

    public ulong NextTicket() => ++_lastTicket;

    public void Insert(T entry)
    {
        while (_tiers.Count <= entry.Sent) _tiers.Add([]);
        var tier = _tiers[entry.Sent];
        tier.Insert(~tier.BinarySearch(entry, Order.Instance), entry);
        Count++;
    }

    public void Remove(T entry)
    {
        var tier = _tiers[entry.Sent];
        tier.RemoveAt(tier.BinarySearch(entry, Order.Instance));
        Count--;
    }

    /// <summary>Takes out the next message of at most <paramref name="room"/> bytes, starting with those sent <paramref name="tier"/> times; null when none fits.</summary>
    public T? TryTake(ref int tier, int room)
    {
        for (; tier < _tiers.Count; tier++)
        {
            var entries = _tiers[tier];
            int at = CountThatFit(entries, room) - 1;
            if (at < 0) continue;
            var entry = entries[at];
            entries.RemoveAt(at);
            if (entries.Count == 0 && entries.Capacity > KeptCapacityMax) entries.Capacity = 0;
            Count--;
            return entry;
        }
        return null;
    }

    /// <summary>The message to give up first: of those sent most the shortest and oldest. Null when there is none.</summary>
    public T? MostSent()
    {
        for (int i = _tiers.Count - 1; i >= 0; i--)
            if (_tiers[i].Count > 0) return _tiers[i][0];
        return null;
    }

    public T? Find(ulong ticket)
    {
        foreach (var tier in _tiers)
            foreach (var entry in tier)
                if (entry.Ticket == ticket) return entry;
        return null;
    }

    public void Clear()
    {
        foreach (var tier in _tiers) tier.Clear();
        Count = 0;
    }

    private static int CountThatFit(List<T> entries, int room)
    {
        if (entries.Count == 0 || entries[^1].Length <= room) return entries.Count;
        int low = 0, high = entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (entries[middle].Length <= room) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private sealed class Order : IComparer<T>
    {
        public static readonly Order Instance = new();

        public int Compare(T? x, T? y)
        {
            int byLength = x!.Length.CompareTo(y!.Length);
            return byLength != 0 ? byLength : x.Ticket.CompareTo(y.Ticket);
        }
    }
}
