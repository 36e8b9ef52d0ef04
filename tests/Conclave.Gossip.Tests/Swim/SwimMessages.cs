using System.Text;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>Packets as others would send them, and what is in packets of ours.</summary>
internal static class SwimMessages
{
    public static readonly byte[] Versions = [1, 5, 2, 2, 5, 4];

    public static byte[] Alive(string node, GossipEndpoint endpoint, uint incarnation, string meta = "", byte[]? versions = null) =>
        Write(output => GossipCodec.Encode(output, new Alive
        {
            Incarnation = incarnation,
            Node = Encoding.UTF8.GetBytes(node),
            Addr = (ReadOnlySpan<byte>)AddressOf(endpoint),
            Port = endpoint.Port,
            Meta = (ReadOnlySpan<byte>)Encoding.UTF8.GetBytes(meta),
            Vsn = (ReadOnlySpan<byte>)(versions ?? Versions),
        }));

    public static byte[] Suspect(string node, uint incarnation, string from) =>
        Write(output => GossipCodec.EncodeSuspect(output, new Accusation { Incarnation = incarnation, Node = Encoding.UTF8.GetBytes(node), From = Encoding.UTF8.GetBytes(from) }));

    public static byte[] Dead(string node, uint incarnation, string from) =>
        Write(output => GossipCodec.EncodeDead(output, new Accusation { Incarnation = incarnation, Node = Encoding.UTF8.GetBytes(node), From = Encoding.UTF8.GetBytes(from) }));

    public static byte[] Ping(uint sequence, string node, GossipEndpoint source = default) =>
        Write(output => GossipCodec.Encode(output, source.IsEmpty
            ? new Ping { SeqNo = sequence, Node = Encoding.UTF8.GetBytes(node) }
            : new Ping { SeqNo = sequence, Node = Encoding.UTF8.GetBytes(node), SourceAddr = (ReadOnlySpan<byte>)AddressOf(source), SourcePort = source.Port, SourceNode = "x"u8 }));

    public static byte[] Ack(uint sequence) => Write(output => GossipCodec.Encode(output, new Ack { SeqNo = sequence }));

    public static byte[] Nack(uint sequence) => Write(output => GossipCodec.Encode(output, new Nack { SeqNo = sequence }));

    public static byte[] IndirectPing(uint sequence, string node, GossipEndpoint target, bool nack, GossipEndpoint source) =>
        Write(output => GossipCodec.Encode(output, new IndirectPing
        {
            SeqNo = sequence,
            Target = (ReadOnlySpan<byte>)AddressOf(target),
            Port = target.Port,
            Node = Encoding.UTF8.GetBytes(node),
            Nack = nack,
            SourceAddr = (ReadOnlySpan<byte>)AddressOf(source),
            SourcePort = source.Port,
        }));

    public static byte[] AddressOf(GossipEndpoint endpoint)
    {
        Span<byte> bytes = stackalloc byte[GossipEndpoint.AddressBytesMax];
        return bytes[..endpoint.CopyAddress(bytes)].ToArray();
    }

    /// <summary>The messages in a packet, as texts: <c>suspect a 3 b</c>, <c>alive a 4</c>, <c>ping 17 a</c>, …</summary>
    public static List<string> Read(byte[] packet)
    {
        var reader = new PacketReader();
        Assert.Equal(PacketFault.None, reader.Open(packet));
        var texts = new List<string>();
        while (reader.TryNext(out var type, out var body)) texts.Add(Describe(type, body));
        return texts;
    }

    private static string Describe(MessageType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case MessageType.Ping:
                var ping = GossipCodec.Decode<Ping>(body);
                return $"ping {ping.SeqNo} {Text(ping.Node)}";
            case MessageType.IndirectPing:
                var indirect = GossipCodec.Decode<IndirectPing>(body);
                return $"indirect {indirect.SeqNo} {Text(indirect.Node)} {(indirect.Nack ? "nack" : "silent")}";
            case MessageType.Ack:
                var ack = GossipCodec.Decode<Ack>(body);
                return $"ack {ack.SeqNo}";
            case MessageType.Nack: return $"nack {GossipCodec.Decode<Nack>(body).SeqNo}";
            case MessageType.Alive:
                var alive = GossipCodec.Decode<Alive>(body);
                return $"alive {Text(alive.Node)} {alive.Incarnation}";
            case MessageType.Suspect or MessageType.Dead:
                var accusation = GossipCodec.Decode<Accusation>(body);
                return $"{(type == MessageType.Suspect ? "suspect" : "dead")} {Text(accusation.Node)} {accusation.Incarnation} {Text(accusation.From)}";
            default: return $"{type} {Text(body)}";
        }
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static byte[] Write(Action<PooledBuffer> write)
    {
        using var output = new PooledBuffer();
        write(output);
        return output.ToArray();
    }
}
