using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>What stands in front of the members of a push/pull.</summary>
internal struct PushPullHeader : IGossipValue<PushPullHeader>
{
    private static readonly FieldNames Fields = new("Nodes", "UserStateLen", "Join");

    public int Nodes { get; set; }
    public int UserStateBytes { get; set; }

    /// <summary>Whether the dialler joins, or only compares what both know.</summary>
    public bool Join { get; set; }

    public static PushPullHeader Read(scoped ref MsgPackReader reader)
    {
        var header = new PushPullHeader();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: header.Nodes = GossipValues.ReadLength(ref reader, GossipLimits.PushPullNodesMax); break;
                case 1: header.UserStateBytes = GossipValues.ReadLength(ref reader, GossipLimits.UserStateBytesMax); break;
                case 2: header.Join = GossipValues.ReadBool(ref reader); break;
            }
        return header;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("Join"u8, Join);
        writer.WriteField("Nodes"u8, (long)Nodes);
        writer.WriteField("UserStateLen"u8, (long)UserStateBytes);
    }
}

/// <summary>State of a member in a push/pull.</summary>
internal enum NodeStatus
{
    Alive = 0,
    Suspect = 1,
    Dead = 2,
    Left = 3,
}

/// <summary>A member as the sender of a push/pull knows it.</summary>
internal ref struct NodeState : IGossipValue<NodeState>
{
    private static readonly FieldNames Fields = new("Name", "Addr", "Port", "Meta", "Incarnation", "State", "Vsn");

    public ReadOnlySpan<byte> Name { get; set; }
    public GossipBytes Addr { get; set; }
    public ushort Port { get; set; }
    public GossipBytes Meta { get; set; }
    public uint Incarnation { get; set; }

    /// <summary>As received; newer senders may have states that have no name here.</summary>
    public NodeStatus Status { get; set; }
    public GossipBytes Vsn { get; set; }

    public static NodeState Read(scoped ref MsgPackReader reader)
    {
        var node = new NodeState();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: node.Name = reader.ReadTextSpan(); break;
                case 1: node.Addr = GossipValues.ReadBytes(ref reader); break;
                case 2: node.Port = GossipValues.ReadUInt16(ref reader); break;
                case 3: node.Meta = GossipValues.ReadBytes(ref reader); break;
                case 4: node.Incarnation = reader.ReadUInt32(); break;
                case 5: node.Status = (NodeStatus)reader.ReadInt32(); break;
                case 6: node.Vsn = GossipValues.ReadBytes(ref reader); break;
            }
        return node;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(7);
        GossipValues.Write(ref writer, "Addr"u8, Addr);
        writer.WriteField("Incarnation"u8, Incarnation);
        GossipValues.Write(ref writer, "Meta"u8, Meta);
        writer.WriteField("Name"u8, Name);
        writer.WriteField("Port"u8, (ulong)Port);
        writer.WriteField("State"u8, (long)Status);
        GossipValues.Write(ref writer, "Vsn"u8, Vsn);
    }
}

/// <summary>All that a member knows: the whole of a push/pull.</summary>
internal ref struct PushPull
{
    public bool Join { get; set; }

    /// <summary>All members the sender knows, itself included.</summary>
    public EncodedList<NodeState> Nodes { get; set; }

    /// <summary>A Serf message of type <see cref="SerfMessageType.PushPull"/>, or nothing.</summary>
    public ReadOnlySpan<byte> UserState { get; set; }
}

/// <summary>What stands in front of a user message on a stream.</summary>
internal struct UserMessageHeader : IGossipValue<UserMessageHeader>
{
    private static readonly FieldNames Fields = new("UserMsgLen");

    public int Bytes { get; set; }

    public static UserMessageHeader Read(scoped ref MsgPackReader reader)
    {
        var header = new UserMessageHeader();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out _)) header.Bytes = GossipValues.ReadLength(ref reader, GossipLimits.UserStateBytesMax);
        return header;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(1);
        writer.WriteField("UserMsgLen"u8, (long)Bytes);
    }
}

/// <summary>Tells a dialler why its stream was refused.</summary>
internal ref struct ErrorAnswer : IGossipValue<ErrorAnswer>
{
    private static readonly FieldNames Fields = new("Error");

    public ReadOnlySpan<byte> Error { get; set; }

    public static ErrorAnswer Read(scoped ref MsgPackReader reader)
    {
        var answer = new ErrorAnswer();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out _)) answer.Error = reader.ReadTextSpan();
        return answer;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(1);
        writer.WriteField("Error"u8, Error);
    }
}

/// <summary>A compressed message.</summary>
internal ref struct Compressed : IGossipValue<Compressed>
{
    /// <summary>The only way of compression there is.</summary>
    public const byte Lzw = 0;

    private static readonly FieldNames Fields = new("Algo", "Buf");

    public byte Algorithm { get; set; }
    public GossipBytes Content { get; set; }

    public static Compressed Read(scoped ref MsgPackReader reader)
    {
        var compressed = new Compressed();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: compressed.Algorithm = GossipValues.ReadByte(ref reader); break;
                case 1: compressed.Content = GossipValues.ReadBytes(ref reader); break;
            }
        return compressed;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2);
        writer.WriteField("Algo"u8, (ulong)Algorithm);
        GossipValues.Write(ref writer, "Buf"u8, Content);
    }
}
