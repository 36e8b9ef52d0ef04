using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>Says that a member is there, and with what.</summary>
internal ref struct Alive : IGossipValue<Alive>
{
    private static readonly FieldNames Fields = new("Incarnation", "Node", "Addr", "Port", "Meta", "Vsn");

    public uint Incarnation { get; set; }
    public ReadOnlySpan<byte> Node { get; set; }
    public GossipBytes Addr { get; set; }
    public ushort Port { get; set; }
    public GossipBytes Meta { get; set; }

    /// <summary>Six versions, see <see cref="ProtocolVersions"/>.</summary>
    public GossipBytes Vsn { get; set; }

    public static Alive Read(scoped ref MsgPackReader reader)
    {
        var alive = new Alive();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: alive.Incarnation = reader.ReadUInt32(); break;
                case 1: alive.Node = reader.ReadTextSpan(); break;
                case 2: alive.Addr = GossipValues.ReadBytes(ref reader); break;
                case 3: alive.Port = GossipValues.ReadUInt16(ref reader); break;
                case 4: alive.Meta = GossipValues.ReadBytes(ref reader); break;
                case 5: alive.Vsn = GossipValues.ReadBytes(ref reader); break;
            }
        return alive;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(6);
        GossipValues.Write(ref writer, "Addr"u8, Addr);
        writer.WriteField("Incarnation"u8, Incarnation);
        GossipValues.Write(ref writer, "Meta"u8, Meta);
        writer.WriteField("Node"u8, Node);
        writer.WriteField("Port"u8, (ulong)Port);
        GossipValues.Write(ref writer, "Vsn"u8, Vsn);
    }
}

/// <summary>Says that a member did not answer (<see cref="MessageType.Suspect"/>), or is gone (<see cref="MessageType.Dead"/>): the form is the same.</summary>
internal ref struct Accusation : IGossipValue<Accusation>
{
    private static readonly FieldNames Fields = new("Incarnation", "Node", "From");

    public uint Incarnation { get; set; }
    public ReadOnlySpan<byte> Node { get; set; }

    /// <summary>Who says so; of a dead member its own name when it left by itself.</summary>
    public ReadOnlySpan<byte> From { get; set; }

    public static Accusation Read(scoped ref MsgPackReader reader)
    {
        var accusation = new Accusation();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: accusation.Incarnation = reader.ReadUInt32(); break;
                case 1: accusation.Node = reader.ReadTextSpan(); break;
                case 2: accusation.From = reader.ReadTextSpan(); break;
            }
        return accusation;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("From"u8, From);
        writer.WriteField("Incarnation"u8, Incarnation);
        writer.WriteField("Node"u8, Node);
    }
}
