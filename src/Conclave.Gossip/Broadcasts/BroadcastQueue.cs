using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Broadcasts;

/// <summary>
/// Messages that are to reach all members, each sent a bounded number of times with whatever packet has room: those sent least first, among them the
/// longest that fits, among them the newest. Bounded: when it is full, the message that was sent most is given up. Not thread-safe.
/// </summary>
/// <param name="entriesMax">Messages held at once.</param>
internal sealed class BroadcastQueue(int entriesMax)
{
    private readonly BroadcastTiers<Entry> _tiers = new();
    private readonly List<Entry> _taken = [];

    /// <summary>Messages held at once. A queue that holds more when this is lowered keeps them until they are sent.</summary>
    public int EntriesMax { get; set; } = entriesMax;

    /// <summary>Messages in the queue.</summary>
    public int Count => _tiers.Count;

    /// <summary>Messages given up because the queue was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>How often a message is sent in a pool of this size: the multiplier times the number of digits that the pool's size needs.</summary>
    public static int TransmitLimit(int multiplier, int members) => multiplier * (int)Math.Ceiling(Math.Log10(members + 1));

    /// <summary>Adds a message.</summary>
    /// <param name="message">The message with its type byte; owned by the queue from now on.</param>
    /// <returns>A number by which <see cref="IsPending"/> tells whether it is still to be sent.</returns>
    public ulong Add(byte[] message)
    {
        if (Count >= EntriesMax) GiveUpOne();
        var entry = new Entry(_tiers.NextTicket(), message);
        _tiers.Insert(entry);
        return entry.Ticket;
    }

    /// <summary>Adds messages to a packet for as long as some fit. Each counts as sent once; those sent <paramref name="transmitLimit"/> times leave the queue.</summary>
    /// <returns>How many were added.</returns>
    public int Fill(CompoundWriter packet, int transmitLimit)
    {
        int tier = 0;
        while (_tiers.TryTake(ref tier, packet.RoomLeft) is { } entry)
        {
            packet.TryAdd(entry.Message);
            _taken.Add(entry);
        }
        int taken = _taken.Count;
        // Put back only now, so that no message goes into one packet twice.
        foreach (var entry in _taken) PutBack(entry, transmitLimit);
        _taken.Clear();
        return taken;
    }

    /// <summary>Whether a message is still to be sent; false once it went out often enough, was replaced, or was given up. Looks at all of them.</summary>
    public bool IsPending(ulong ticket) => _tiers.Find(ticket) is not null;

    /// <summary>Drops everything.</summary>
    public void Clear() => _tiers.Clear();

    private void PutBack(Entry entry, int transmitLimit)
    {
        entry.Sent++;
        if (entry.Sent < transmitLimit) _tiers.Insert(entry);
    }

    private void GiveUpOne()
    {
        if (_tiers.MostSent() is not { } entry) return;
        _tiers.Remove(entry);
        Dropped++;
    }

    private sealed class Entry : Broadcast
    {
        public Entry(ulong ticket, byte[] message)
        {
            Ticket = ticket;
            Message = message;
            Length = message.Length;
        }

        public byte[] Message { get; }
    }
}
