using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>Serf: a member leaves, or is made to.</summary>
internal ref struct LeaveIntent : IGossipValue<LeaveIntent>
{
    private static readonly FieldNames Fields = new("LTime", "Node", "Prune");

    public ulong LTime { get; set; }
    public ReadOnlySpan<byte> Node { get; set; }

    /// <summary>Whether the member is to be forgotten at once.</summary>
    public bool Prune { get; set; }

    public static LeaveIntent Read(scoped ref MsgPackReader reader)
    {
        var intent = new LeaveIntent();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: intent.LTime = reader.ReadUInt64(); break;
                case 1: intent.Node = reader.ReadTextSpan(); break;
                case 2: intent.Prune = GossipValues.ReadBool(ref reader); break;
            }
        return intent;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("LTime"u8, LTime);
        writer.WriteField("Node"u8, Node);
        writer.WriteField("Prune"u8, Prune);
    }
}

/// <summary>Serf: a member has joined.</summary>
internal ref struct JoinIntent : IGossipValue<JoinIntent>
{
    private static readonly FieldNames Fields = new("LTime", "Node");

    public ulong LTime { get; set; }
    public ReadOnlySpan<byte> Node { get; set; }

    public static JoinIntent Read(scoped ref MsgPackReader reader)
    {
        var intent = new JoinIntent();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: intent.LTime = reader.ReadUInt64(); break;
                case 1: intent.Node = reader.ReadTextSpan(); break;
            }
        return intent;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2);
        writer.WriteField("LTime"u8, LTime);
        writer.WriteField("Node"u8, Node);
    }
}
