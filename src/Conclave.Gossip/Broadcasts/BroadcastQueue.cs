using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Broadcasts;

/// <summary>
/// Messages that are to reach all members, each sent a bounded number of times with whatever packet has room: those sent least first, among them the
/// longest that fits, among them the newest. Bounded: when it is full, the message that was sent most is given up. Not thread-safe.
/// </summary>
/// <param name="entriesMax">Messages held at once.</param>
internal sealed class BroadcastQueue(int entriesMax)
{
    // By times sent; each sorted by length, longest first, then newest first. All lists but the first few are short or missing.
    private readonly List<List<Entry>> _tiers = [];
    private readonly Dictionary<string, Entry> _bySubject = new(StringComparer.Ordinal);
    private readonly List<Entry> _taken = [];
    private ulong _lastTicket;

    /// <summary>Messages in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>Messages given up because the queue was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>How often a message is sent in a pool of this size: the multiplier times the number of digits that the pool's size needs.</summary>
    public static int TransmitLimit(int multiplier, int members) => multiplier * (int)Math.Ceiling(Math.Log10(members + 1));

    /// <summary>Adds a message.</summary>
    /// <param name="message">The message with its type byte; owned by the queue from now on.</param>
    /// <param name="subject">Whom it is about: an older message about the same one is dropped. Null for messages that replace none.</param>
    /// <returns>A number by which <see cref="IsPending"/> tells whether it is still to be sent.</returns>
    public ulong Add(ReadOnlyMemory<byte> message, string? subject = null)
    {
        if (subject is not null && _bySubject.TryGetValue(subject, out var older)) Remove(older);
        if (Count >= entriesMax) GiveUpOne();
        var entry = new Entry(++_lastTicket, message, subject);
        Insert(entry);
        if (subject is not null) _bySubject[subject] = entry;
        return entry.Ticket;
    }

    /// <summary>Adds messages to a packet for as long as some fit. Each counts as sent once; those sent <paramref name="transmitLimit"/> times leave the queue.</summary>
    /// <returns>How many were added.</returns>
    public int Fill(CompoundWriter packet, int transmitLimit)
    {
        for (int tier = 0; tier < _tiers.Count; tier++)
            while (TryTake(_tiers[tier], packet.RoomLeft) is { } entry)
            {
                packet.TryAdd(entry.Message.Span);
                _taken.Add(entry);
            }
        int taken = _taken.Count;
        // Put back only now, so that no message goes into one packet twice.
        foreach (var entry in _taken) PutBack(entry, transmitLimit);
        _taken.Clear();
        return taken;
    }

    /// <summary>Whether a message is still to be sent; false once it went out often enough, was replaced, or was given up.</summary>
    public bool IsPending(ulong ticket)
    {
        foreach (var tier in _tiers)
            foreach (var entry in tier)
                if (entry.Ticket == ticket) return true;
        return false;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        foreach (var tier in _tiers) tier.Clear();
        _bySubject.Clear();
        Count = 0;
    }

    private void Insert(Entry entry)
    {
        while (_tiers.Count <= entry.Sent) _tiers.Add([]);
        var tier = _tiers[entry.Sent];
        int at = tier.BinarySearch(entry, EntryOrder.Instance);
        tier.Insert(~at, entry);
        Count++;
    }

    private Entry? TryTake(List<Entry> tier, int room)
    {
        int at = FirstThatFits(tier, room);
        if (at == tier.Count) return null;
        var entry = tier[at];
        tier.RemoveAt(at);
        Count--;
        return entry;
    }

    private void PutBack(Entry entry, int transmitLimit)
    {
        entry.Sent++;
        if (entry.Sent < transmitLimit) Insert(entry);
        else if (entry.Subject is not null) _bySubject.Remove(entry.Subject);
    }

    private void Remove(Entry entry)
    {
        var tier = _tiers[entry.Sent];
        tier.RemoveAt(tier.BinarySearch(entry, EntryOrder.Instance));
        Count--;
        if (entry.Subject is not null) _bySubject.Remove(entry.Subject);
    }

    private void GiveUpOne()
    {
        for (int i = _tiers.Count - 1; i >= 0; i--)
        {
            if (_tiers[i].Count == 0) continue;
            Remove(_tiers[i][^1]);
            Dropped++;
            return;
        }
    }

    private static int FirstThatFits(List<Entry> tier, int room)
    {
        int low = 0, high = tier.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (tier[middle].Message.Length > room) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private sealed class Entry(ulong ticket, ReadOnlyMemory<byte> message, string? subject)
    {
        public ulong Ticket { get; } = ticket;

        public ReadOnlyMemory<byte> Message { get; } = message;

        public string? Subject { get; } = subject;

        public int Sent { get; set; }
    }

    private sealed class EntryOrder : IComparer<Entry>
    {
        public static readonly EntryOrder Instance = new();

        public int Compare(Entry? x, Entry? y)
        {
            int byLength = y!.Message.Length.CompareTo(x!.Message.Length);
            return byLength != 0 ? byLength : y.Ticket.CompareTo(x.Ticket);
        }
    }
}
