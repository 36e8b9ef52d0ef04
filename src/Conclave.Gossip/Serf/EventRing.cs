using Conclave.Core.Codec;

namespace Conclave.Gossip.Serf;

/// <summary>What became of a message that was offered to a ring.</summary>
internal enum RingOutcome
{
    /// <summary>Seen for the first time.</summary>
    New,

    /// <summary>Seen before.</summary>
    Seen,

    /// <summary>So old that it is not known whether it was seen.</summary>
    TooOld,

    /// <summary>There is no room left at its time.</summary>
    Full,
}

/// <summary>User events seen lately, at their Lamport time modulo the ring's size. An event is the same when time, name and payload are.</summary>
internal sealed class EventRing(int size)
{
    /// <summary>
    /// Bytes that the events of one time may take, 64 more counted for each. Events of one time are those that members fired without knowing of each
    /// other: room for two thousand small ones, and 64 MiB for all times together whatever somebody sends.
    /// </summary>
    public const int SlotBytesMax = 128 * 1024;

    private const int EventOverheadBytes = 64;

    // Made when the first event comes: most pools of a simulation never see one.
    private Slot[] _slots = [];

    /// <summary>Events before this time are passed over.</summary>
    public ulong TimeMin { get; set; }

    /// <summary>Takes an event.</summary>
    /// <param name="time">Its time.</param>
    /// <param name="clock">The events' clock, which has seen it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="payload">Its content.</param>
    /// <param name="kept">The event as it is kept, if it is new.</param>
    public RingOutcome Add(ulong time, ulong clock, ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, out SeenEvent kept)
    {
        kept = default;
        if (time < TimeMin || (clock > (ulong)size && time < clock - (ulong)size)) return RingOutcome.TooOld;
        if (_slots.Length == 0) _slots = new Slot[size];
        ref var slot = ref _slots[(int)(time % (ulong)size)];
        if (slot.Events is null || slot.Time != time) slot = new Slot { Time = time, Events = [] };
        foreach (var seen in slot.Events)
            if (seen.Name.SequenceEqual(name) && seen.Payload.Span.SequenceEqual(payload)) return RingOutcome.Seen;
        int bytes = name.Length + payload.Length + EventOverheadBytes;
        if (slot.Bytes + bytes > SlotBytesMax) return RingOutcome.Full;
        slot.Bytes += bytes;
        kept = new SeenEvent([.. name, .. payload], name.Length);
        slot.Events.Add(kept);
        return RingOutcome.New;
    }

    /// <summary>Writes the used slots for an exchange, newest first for as long as they fit into <paramref name="bytesMax"/>: peers refuse a state that is too long.</summary>
    public void Write(ref MsgPackWriter writer, ulong clock, int bytesMax)
    {
        int used = 0, bytes = 0;
        for (int i = 0; i < _slots.Length; i++)
        {
            ref var slot = ref SlotAt(clock, i);
            if (slot.Events is null) continue;
            if (bytes + slot.Bytes > bytesMax) break;
            bytes += slot.Bytes;
            used++;
        }
        writer.WriteArrayHeader(used);
        for (int i = 0; used > 0; i++)
        {
            ref var slot = ref SlotAt(clock, i);
            if (slot.Events is null) continue;
            WriteSlot(ref writer, slot);
            used--;
        }
    }

    // The i-th slot going back from the one of the time before the clock.
    private ref Slot SlotAt(ulong clock, int i) => ref _slots[(int)(unchecked(clock - 1 - (ulong)i) % (ulong)size)];

    private static void WriteSlot(ref MsgPackWriter writer, in Slot slot)
    {
        writer.WriteMapHeader(2);
        writer.WriteKey("Events"u8);
        writer.WriteArrayHeader(slot.Events!.Count);
        foreach (var seen in slot.Events)
        {
            writer.WriteMapHeader(2);
            writer.WriteField("Name"u8, seen.Name);
            writer.WriteField("Payload"u8, seen.Payload.Span);
        }
        writer.WriteField("LTime"u8, slot.Time);
    }

    private struct Slot
    {
        public ulong Time;
        public List<SeenEvent>? Events;
        public int Bytes;
    }
}

/// <summary>A user event as it is kept: name and payload in one array.</summary>
internal readonly struct SeenEvent(byte[] content, int nameBytes)
{
    public ReadOnlySpan<byte> Name => content.AsSpan(0, nameBytes);

    public ReadOnlyMemory<byte> Payload => content.AsMemory(nameBytes);
}
