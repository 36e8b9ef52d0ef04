using System.Buffers;
using System.Text;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>Packets with one Serf message, as somebody on the network might send them.</summary>
internal static class SerfMessages
{
    public static byte[] Leave(string node, ulong time, bool prune = false) => Packet(output => GossipCodec.Encode(output, new LeaveIntent { LTime = time, Node = Encoding.UTF8.GetBytes(node), Prune = prune }));

    public static byte[] Join(string node, ulong time) => Packet(output => GossipCodec.Encode(output, new JoinIntent { LTime = time, Node = Encoding.UTF8.GetBytes(node) }));

    public static byte[] Event(string name, ulong time, byte[] payload) =>
        Packet(output => GossipCodec.Encode(output, new UserEvent { LTime = time, Name = Encoding.UTF8.GetBytes(name), Payload = (ReadOnlySpan<byte>)payload }));

    public static byte[] Query(string name, ulong time, uint id, GossipEndpoint answersTo, string source = "", QueryFlags flags = QueryFlags.Ack, byte relays = 0, long timeout = 1_000_000_000, byte[]? payload = null) =>
        Packet(output =>
        {
            var address = new byte[GossipEndpoint.AddressBytesMax];
            ReadOnlySpan<byte> ip = address.AsSpan(0, answersTo.CopyAddress(address));
            GossipCodec.Encode(output, new Query
            {
                LTime = time,
                Id = id,
                Addr = ip,
                Port = answersTo.Port,
                SourceNode = Encoding.UTF8.GetBytes(source),
                Flags = flags,
                RelayFactor = relays,
                TimeoutNanoseconds = timeout,
                Name = Encoding.UTF8.GetBytes(name),
                Payload = (ReadOnlySpan<byte>)(payload ?? []),
            });
        });

    public static byte[] Response(ulong time, uint id, string from) => Packet(output => GossipCodec.Encode(output, new QueryResponse { LTime = time, Id = id, From = Encoding.UTF8.GetBytes(from) }));

    public static byte[] Relay(GossipEndpoint to, string name, byte[] message) => Packet(output =>
    {
        var address = new byte[GossipEndpoint.AddressBytesMax];
        ReadOnlySpan<byte> ip = address.AsSpan(0, to.CopyAddress(address));
        GossipCodec.Encode(output, new RelayHeader { Destination = new RelayAddress { Ip = ip, Port = to.Port }, DestinationName = Encoding.UTF8.GetBytes(name) });
        output.Write(message);
    });

    /// <summary>A state with these statuses, as it lies in an exchange.</summary>
    public static byte[] State(ulong clock, IEnumerable<(string Node, ulong Time)> statuses, IEnumerable<string> left, ulong eventClock = 0)
    {
        using var output = new PooledBuffer();
        using var times = new EncodedListBuilder<StatusTime>(int.MaxValue);
        using var names = new EncodedListBuilder<TextElement>(int.MaxValue);
        foreach (var (node, time) in statuses) times.Add(new StatusTime(Encoding.UTF8.GetBytes(node), time));
        foreach (string name in left) names.Add(new TextElement(Encoding.UTF8.GetBytes(name)));
        GossipCodec.Encode(output, new SerfState { LTime = clock, EventLTime = eventClock, QueryLTime = clock, StatusLTimes = times.List, LeftMembers = names.List });
        return output.ToArray();
    }

    /// <summary>The stream of an exchange without members.</summary>
    public static byte[] Exchange(byte[] state, bool isJoin)
    {
        using var output = new PooledBuffer();
        GossipCodec.Encode(output, new PushPull { Join = isJoin, UserState = state });
        return output.ToArray();
    }

    /// <summary>The messages in the packets that a member sent, taken out of what is around them.</summary>
    public static List<byte[]> UserMessagesIn(IEnumerable<byte[]> packets)
    {
        var messages = new List<byte[]>();
        var reader = new Packets.PacketReader();
        foreach (var packet in packets)
        {
            reader.Open(packet, default, null);
            while (reader.TryNext(out var type, out var body))
                if (type == MessageType.User) messages.Add(body.ToArray());
        }
        return messages;
    }

    public static byte[] Packet(Action<PooledBuffer> write)
    {
        using var output = new PooledBuffer();
        output.Write([(byte)MessageType.User]);
        write(output);
        return output.ToArray();
    }
}
