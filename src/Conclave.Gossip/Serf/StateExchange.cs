using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Serf;

/// <summary>Serf's part of an exchange: clocks, the times of all members' statuses, who has left, and the user events of late.</summary>
internal sealed class StateExchange(SerfContext context, MemberBook book, UserEvents events, Joins joins)
{
    /// <summary>Bytes of user events that are written: with the members of a full pool the state stays well below <see cref="GossipLimits.UserStateBytesMax"/>.</summary>
    private const int EventBytesMax = 8 * 1024 * 1024;

    private readonly HashSet<ulong> _unknownLeft = [];

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)SerfMessageType.PushPull);
        writer.WriteMapHeader(6);
        writer.WriteField("EventLTime"u8, context.EventClock.Time);
        writer.WriteKey("Events"u8);
        events.Ring.Write(ref writer, context.EventClock.Time, EventBytesMax);
        writer.WriteField("LTime"u8, context.MemberClock.Time);
        writer.WriteKey("LeftMembers"u8);
        writer.WriteArrayHeader(book.LeftCount);
        foreach (var record in book.Left) writer.Write(record.Key.Utf8);
        writer.WriteField("QueryLTime"u8, context.QueryClock.Time);
        writer.WriteKey("StatusLTimes"u8);
        WriteTimes(ref writer);
        writer.Flush();
    }

    /// <summary>Takes over what another member knows.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    /// <exception cref="GossipFormatException">Malformed.</exception>
    public void Merge(ReadOnlySpan<byte> message, bool isJoin)
    {
        if (message.IsEmpty) return;                            // a member without Serf
        if (message[0] != (byte)SerfMessageType.PushPull) GossipFormatException.Throw("a state of another kind");
        var state = GossipCodec.Decode<SerfState>(message[1..]);
        context.MemberClock.WitnessClock(state.LTime);
        context.EventClock.WitnessClock(state.EventLTime);
        context.QueryClock.WitnessClock(state.QueryLTime);
        MergeMembers(state);
        // What our clock does not follow is no time to wait for.
        if (isJoin && joins.IgnoresOldEvents && state.EventLTime <= context.EventClock.Time) events.Ring.TimeMin = Math.Max(events.Ring.TimeMin, state.EventLTime);
        foreach (var slot in state.Events)
            if (!slot.IsEmpty) MergeEvents(slot);
    }

    private void WriteTimes(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(book.Count);
        foreach (var node in context.Swim.Nodes)
            if (node is MemberRecord { IsListed: true, IsGone: false } record) WriteTime(ref writer, record);
        foreach (var record in book.Failed) WriteTime(ref writer, record);
        foreach (var record in book.Left) WriteTime(ref writer, record);
    }

    private static void WriteTime(ref MsgPackWriter writer, MemberRecord record)
    {
        writer.Write(record.Key.Utf8);
        writer.Write(record.StatusTime);
    }

    // Those who left come first: what is known of the others must not make the clock run past them.
    private void MergeMembers(in SerfState state)
    {
        if (state.LeftMembers.Count > 0)
        {
            Mark(state.LeftMembers, isMarked: true);
            foreach (var time in state.StatusLTimes)
                if (IsMarked(time.Node)) book.OnKnownLeft(time.Node, time.LTime);
        }
        foreach (var time in state.StatusLTimes)
            if (!IsMarked(time.Node)) book.OnKnownThere(time.Node, time.LTime);
        if (state.LeftMembers.Count > 0) Mark(state.LeftMembers, isMarked: false);
        _unknownLeft.Clear();
    }

    private void Mark(EncodedList<TextElement> names, bool isMarked)
    {
        int unknownMax = Math.Max(RecentIntents.CountMin, 2 * book.Count);
        foreach (var name in names)
            if (book.Find(name.Utf8) is { } record) record.IsMarked = isMarked;
            else if (isMarked && _unknownLeft.Count < unknownMax) _unknownLeft.Add(context.Scratch.Hash(name.Utf8));
    }

    private bool IsMarked(ReadOnlySpan<byte> name) =>
        book.Find(name) is { } record ? record.IsMarked : _unknownLeft.Count > 0 && _unknownLeft.Contains(context.Scratch.Hash(name));

    private void MergeEvents(in EventSlot slot)
    {
        foreach (var seen in slot.Events) events.OnEvent(slot.LTime, seen.Name, seen.Payload.Span, mayCoalesce: false);
    }
}
