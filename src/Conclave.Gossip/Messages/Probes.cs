using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>Asks a member whether it is there. Borrows from the packet, as all messages do.</summary>
internal ref struct Ping : IGossipValue<Ping>
{
    private static readonly FieldNames Fields = new("SeqNo", "Node", "SourceAddr", "SourcePort", "SourceNode");

    public uint SeqNo { get; set; }

    /// <summary>Who is asked; empty means whoever receives it.</summary>
    public ReadOnlySpan<byte> Node { get; set; }

    /// <summary>Where the answer goes, with <see cref="SourcePort"/>; the packet's source when empty.</summary>
    public GossipBytes SourceAddr { get; set; }
    public ushort SourcePort { get; set; }
    public ReadOnlySpan<byte> SourceNode { get; set; }

    public static Ping Read(scoped ref MsgPackReader reader)
    {
        var ping = new Ping();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: ping.SeqNo = reader.ReadUInt32(); break;
                case 1: ping.Node = reader.ReadTextSpan(); break;
                case 2: ping.SourceAddr = GossipValues.ReadBytes(ref reader); break;
                case 3: ping.SourcePort = GossipValues.ReadUInt16(ref reader); break;
                case 4: ping.SourceNode = reader.ReadTextSpan(); break;
            }
        return ping;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2 + ProbeSource.CountOf(SourceAddr, SourcePort, SourceNode));
        writer.WriteField("Node"u8, Node);
        writer.WriteField("SeqNo"u8, SeqNo);
        ProbeSource.Write(ref writer, SourceAddr, SourcePort, SourceNode);
    }
}

/// <summary>Asks a member to ask another one.</summary>
internal ref struct IndirectPing : IGossipValue<IndirectPing>
{
    private static readonly FieldNames Fields = new("SeqNo", "Target", "Port", "Node", "Nack", "SourceAddr", "SourcePort", "SourceNode");

    public uint SeqNo { get; set; }
    public GossipBytes Target { get; set; }
    public ushort Port { get; set; }
    public ReadOnlySpan<byte> Node { get; set; }

    /// <summary>Whether failure is to be told by a <see cref="Messages.Nack"/>.</summary>
    public bool Nack { get; set; }
    public GossipBytes SourceAddr { get; set; }
    public ushort SourcePort { get; set; }
    public ReadOnlySpan<byte> SourceNode { get; set; }

    public static IndirectPing Read(scoped ref MsgPackReader reader)
    {
        var ping = new IndirectPing();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: ping.SeqNo = reader.ReadUInt32(); break;
                case 1: ping.Target = GossipValues.ReadBytes(ref reader); break;
                case 2: ping.Port = GossipValues.ReadUInt16(ref reader); break;
                case 3: ping.Node = reader.ReadTextSpan(); break;
                case 4: ping.Nack = GossipValues.ReadBool(ref reader); break;
                case 5: ping.SourceAddr = GossipValues.ReadBytes(ref reader); break;
                case 6: ping.SourcePort = GossipValues.ReadUInt16(ref reader); break;
                case 7: ping.SourceNode = reader.ReadTextSpan(); break;
            }
        return ping;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(5 + ProbeSource.CountOf(SourceAddr, SourcePort, SourceNode));
        writer.WriteField("Nack"u8, Nack);
        writer.WriteField("Node"u8, Node);
        writer.WriteField("Port"u8, (ulong)Port);
        writer.WriteField("SeqNo"u8, SeqNo);
        ProbeSource.Write(ref writer, SourceAddr, SourcePort, SourceNode);
        GossipValues.Write(ref writer, "Target"u8, Target);
    }
}

/// <summary>The three fields of a probe that older senders do not have and that are left out when empty.</summary>
internal static class ProbeSource
{
    public static int CountOf(GossipBytes address, ushort port, ReadOnlySpan<byte> node) => (address.Length > 0 ? 1 : 0) + (port > 0 ? 1 : 0) + (node.Length > 0 ? 1 : 0);

    public static void Write(ref MsgPackWriter writer, scoped GossipBytes address, ushort port, scoped ReadOnlySpan<byte> node)
    {
        if (address.Length > 0) GossipValues.Write(ref writer, "SourceAddr"u8, address);
        if (node.Length > 0) writer.WriteField("SourceNode"u8, node);
        if (port > 0) writer.WriteField("SourcePort"u8, (ulong)port);
    }
}

/// <summary>Answers a ping.</summary>
internal ref struct Ack : IGossipValue<Ack>
{
    private static readonly FieldNames Fields = new("SeqNo", "Payload");

    public uint SeqNo { get; set; }

    /// <summary>A <see cref="CoordinatePayload"/>, or nil.</summary>
    public GossipBytes Payload { get; set; }

    public static Ack Read(scoped ref MsgPackReader reader)
    {
        var ack = new Ack();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: ack.SeqNo = reader.ReadUInt32(); break;
                case 1: ack.Payload = GossipValues.ReadBytes(ref reader); break;
            }
        return ack;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2);
        GossipValues.Write(ref writer, "Payload"u8, Payload);
        writer.WriteField("SeqNo"u8, SeqNo);
    }
}

/// <summary>Tells the asker that the member it asked about did not answer here either.</summary>
internal struct Nack : IGossipValue<Nack>
{
    private static readonly FieldNames Fields = new("SeqNo");

    public uint SeqNo { get; set; }

    public static Nack Read(scoped ref MsgPackReader reader)
    {
        var nack = new Nack();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out _)) nack.SeqNo = reader.ReadUInt32();
        return nack;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(1);
        writer.WriteField("SeqNo"u8, SeqNo);
    }
}
