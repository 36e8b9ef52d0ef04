namespace Conclave.Gossip.Serf;

/// <summary>Queries seen lately, at their Lamport time modulo the ring's size. A query is the same when time and number are.</summary>
internal sealed class QueryRing(int size)
{
    /// <summary>Queries that one time may have: those that members started without knowing of each other.</summary>
    public const int SlotCountMax = 1024;

    private Slot[] _slots = [];

    /// <summary>Queries before this time are passed over.</summary>
    public ulong TimeMin { get; set; }

    /// <summary>Takes a query whose time <paramref name="clock"/> has seen.</summary>
    public RingOutcome Add(ulong time, ulong clock, uint id)
    {
        if (time < TimeMin || (clock > (ulong)size && time < clock - (ulong)size)) return RingOutcome.TooOld;
        if (_slots.Length == 0) _slots = new Slot[size];
        ref var slot = ref _slots[(int)(time % (ulong)size)];
        if (slot.Ids is null || slot.Time != time) slot = new Slot { Time = time, Ids = [] };
        if (slot.Ids.Contains(id)) return RingOutcome.Seen;
        if (slot.Ids.Count == SlotCountMax) return RingOutcome.Full;
        slot.Ids.Add(id);
        return RingOutcome.New;
    }

    private struct Slot
    {
        public ulong Time;
        public List<uint>? Ids;
    }
}
