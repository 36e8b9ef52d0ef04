using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>Serf: an event of the application.</summary>
internal ref struct UserEvent : IGossipValue<UserEvent>
{
    private static readonly FieldNames Fields = new("LTime", "Name", "Payload", "CC");

    public ulong LTime { get; set; }
    public ReadOnlySpan<byte> Name { get; set; }
    public GossipBytes Payload { get; set; }

    /// <summary>Whether receivers may keep only the newest event of this name.</summary>
    public bool Coalesce { get; set; }

    public static UserEvent Read(scoped ref MsgPackReader reader)
    {
        var userEvent = new UserEvent();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: userEvent.LTime = reader.ReadUInt64(); break;
                case 1: userEvent.Name = reader.ReadTextSpan(); break;
                case 2: userEvent.Payload = GossipValues.ReadBytes(ref reader); break;
                case 3: userEvent.Coalesce = GossipValues.ReadBool(ref reader); break;
            }
        return userEvent;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("CC"u8, Coalesce);
        writer.WriteField("LTime"u8, LTime);
        writer.WriteField("Name"u8, Name);
        GossipValues.Write(ref writer, "Payload"u8, Payload);
    }
}

/// <summary>An event that the sender of a push/pull remembers.</summary>
internal ref struct BufferedEvent : IGossipValue<BufferedEvent>
{
    private static readonly FieldNames Fields = new("Name", "Payload");

    public ReadOnlySpan<byte> Name { get; set; }
    public GossipBytes Payload { get; set; }

    public static BufferedEvent Read(scoped ref MsgPackReader reader)
    {
        var buffered = new BufferedEvent();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: buffered.Name = reader.ReadTextSpan(); break;
                case 1: buffered.Payload = GossipValues.ReadBytes(ref reader); break;
            }
        return buffered;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2);
        writer.WriteField("Name"u8, Name);
        GossipValues.Write(ref writer, "Payload"u8, Payload);
    }
}

/// <summary>A slot of the sender's ring of events: all those of one time, or nothing.</summary>
internal ref struct EventSlot : IGossipValue<EventSlot>
{
    private static readonly FieldNames Fields = new("LTime", "Events");

    public bool IsEmpty { get; set; }
    public ulong LTime { get; set; }
    public EncodedList<BufferedEvent> Events { get; set; }

    public static EventSlot Read(scoped ref MsgPackReader reader)
    {
        var slot = new EventSlot();
        if (reader.TryReadNil())
        {
            slot.IsEmpty = true;
            return slot;
        }
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: slot.LTime = reader.ReadUInt64(); break;
                case 1: slot.Events = EncodedList<BufferedEvent>.ReadArray(ref reader); break;
            }
        return slot;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        if (IsEmpty)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(2);
        writer.WriteKey("Events"u8);
        Events.WriteArray(ref writer);
        writer.WriteField("LTime"u8, LTime);
    }
}

/// <summary>Serf's part of a push/pull.</summary>
internal ref struct SerfState : IGossipValue<SerfState>
{
    private static readonly FieldNames Fields = new("LTime", "StatusLTimes", "LeftMembers", "EventLTime", "Events", "QueryLTime");

    public ulong LTime { get; set; }
    public EncodedList<StatusTime> StatusLTimes { get; set; }
    public EncodedList<TextElement> LeftMembers { get; set; }
    public ulong EventLTime { get; set; }
    public EncodedList<EventSlot> Events { get; set; }
    public ulong QueryLTime { get; set; }

    public static SerfState Read(scoped ref MsgPackReader reader)
    {
        var state = new SerfState();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: state.LTime = reader.ReadUInt64(); break;
                case 1: state.StatusLTimes = EncodedList<StatusTime>.ReadMap(ref reader); break;
                case 2: state.LeftMembers = EncodedList<TextElement>.ReadArray(ref reader); break;
                case 3: state.EventLTime = reader.ReadUInt64(); break;
                case 4: state.Events = EncodedList<EventSlot>.ReadArray(ref reader); break;
                case 5: state.QueryLTime = reader.ReadUInt64(); break;
            }
        return state;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(6);
        writer.WriteField("EventLTime"u8, EventLTime);
        writer.WriteKey("Events"u8);
        Events.WriteArray(ref writer);
        writer.WriteField("LTime"u8, LTime);
        writer.WriteKey("LeftMembers"u8);
        LeftMembers.WriteArray(ref writer);
        writer.WriteField("QueryLTime"u8, QueryLTime);
        writer.WriteKey("StatusLTimes"u8);
        StatusLTimes.WriteMap(ref writer);
    }
}
