using System.Text;
using Conclave.Core;
using Conclave.Gossip;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Fuzz.Pools;

/// <summary>Makes well-formed messages with contents that matter: known and unknown names, extreme numbers, lists that repeat. A function of its seed.</summary>
internal sealed class MessageMaker(Prng random)
{
    public static readonly string[] Names = ["self", "b", "c", "d", "e", "x", "", "b.dc2", "two words", new string('n', 600), "ünïcode"];

    // Memory that is dear to take; targets run on one thread.
    private static readonly PacketWriter s_writer = new();
    private static readonly CompoundWriter s_compound = new(1400);

    private static readonly uint[] Incarnations = [0, 1, 2, 3, 7, uint.MaxValue - 1, uint.MaxValue];
    private static readonly ulong[] Times = [0, 1, 2, 3, 100, 1 << 20, ulong.MaxValue - 1, ulong.MaxValue];
    private static readonly string[] Queries = ["_serf_ping", "_serf_conflict", "_serf_install-key", "_serf_use-key", "_serf_remove-key", "_serf_list-keys", "deploy", ""];
    private static readonly string[] Events = ["consul:new-leader", "consul:event:deploy", "e", ""];

    public static GossipEndpoint EndpointOf(int number) => GossipEndpoint.From([10, 0, 0, (byte)number], 8301);

    /// <summary>What a packet may hold: one message, or several, wrapped once or twice.</summary>
    public byte[] Packet()
    {
        var message = Message();
        if (Chance(3))
        {
            s_compound.Clear();
            s_compound.TryAdd(message);
            for (int i = At(6); i >= 0; i--) s_compound.TryAdd(Message());
            message = s_compound.Build().ToArray();
        }
        using var output = new PooledBuffer();
        s_writer.WritePacket(message, new Wrapping(Compress: Chance(4), Checksum: Chance(4), Key: null), default, default, output);
        return output.ToArray();
    }

    /// <summary>What one side of a stream may say.</summary>
    public byte[] Stream()
    {
        byte[] message = At(8) switch
        {
            0 => Write(output => GossipCodec.Encode(output, new Ping { SeqNo = Number(), Node = Name() })),
            1 => Write(output => GossipCodec.Encode(output, new Ack { SeqNo = Number() })),
            2 => Write(output => GossipCodec.EncodeUserMessage(output, Serf())),
            3 => Write(output => GossipCodec.Encode(output, new ErrorAnswer { Error = Name() })),
            _ => PushPull(),
        };
        using var stream = new PooledBuffer();
        s_writer.WriteStream(message, new Wrapping(Compress: Chance(3), Checksum: false, Key: null), default, isAnswer: false, default, stream);
        return stream.ToArray();
    }

    private byte[] Message() => At(10) switch
    {
        0 => Write(output => GossipCodec.Encode(output, new Ping { SeqNo = Number(), Node = Name(), SourceAddr = Address(), SourcePort = Port() })),
        1 => Write(output => GossipCodec.Encode(output, new IndirectPing { SeqNo = Number(), Node = Name(), Target = Address(), Port = Port(), Nack = Chance(2), SourceAddr = Address(), SourcePort = Port() })),
        2 => Write(output => GossipCodec.Encode(output, new Ack { SeqNo = Number(), Payload = Coordinate() })),
        3 => Write(output => GossipCodec.Encode(output, new Nack { SeqNo = Number() })),
        4 => Write(output => GossipCodec.EncodeSuspect(output, Accusation())),
        5 => Write(output => GossipCodec.EncodeDead(output, Accusation())),
        6 or 7 => Write(output => GossipCodec.Encode(output, new Alive { Incarnation = Incarnation(), Node = Name(), Addr = Address(), Port = Port(), Meta = Meta(), Vsn = Versions() })),
        _ => [(byte)MessageType.User, .. Serf()],
    };

    private byte[] Serf() => At(6) switch
    {
        0 => Write(output => GossipCodec.Encode(output, new LeaveIntent { LTime = Time(), Node = Name(), Prune = Chance(2) })),
        1 => Write(output => GossipCodec.Encode(output, new JoinIntent { LTime = Time(), Node = Name() })),
        2 => Write(output => GossipCodec.Encode(output, new UserEvent { LTime = Time(), Name = Utf8(Pick(Events)), Payload = Bytes(40), Coalesce = Chance(2) })),
        3 => Query(),
        4 => Response(),
        _ => Relay(),
    };

    private byte[] Query()
    {
        using var filters = new EncodedListBuilder<BytesElement>(4096);
        for (int i = At(3); i > 0; i--) filters.Add(new BytesElement((ReadOnlySpan<byte>)Filter()));
        byte[] name = Utf8(Pick(Queries)), payload = Chance(2) ? KeyRequestBytes() : Bytes(40);
        using var output = new PooledBuffer();
        GossipCodec.Encode(output, new Query
        {
            LTime = Time(),
            Id = Number(),
            Addr = Address(),
            Port = Port(),
            SourceNode = Name(),
            Filters = filters.List,
            Flags = (QueryFlags)At(4),
            RelayFactor = (byte)At(256),
            TimeoutNanoseconds = Chance(4) ? (long)random.NextUInt64() : At(2_000_000_000),
            Name = name,
            Payload = (ReadOnlySpan<byte>)payload,
        });
        return output.ToArray();
    }

    private byte[] Filter()
    {
        using var output = new PooledBuffer();
        if (Chance(2))
        {
            using var names = new EncodedListBuilder<TextElement>(4096);
            for (int i = At(4); i > 0; i--) names.Add(new TextElement(Name()));
            GossipCodec.Encode(output, new QueryFilter { Kind = QueryFilter.NodesKind, Nodes = names.List });
        }
        else GossipCodec.Encode(output, new QueryFilter { Kind = QueryFilter.TagKind, Tag = new TagFilter { Tag = "role"u8, Expression = Utf8(Pick(["web", "(a+)+$", "[", "^.*$", "\\", "(?<=x)y"])) } });
        return output.ToArray();
    }

    private byte[] KeyRequestBytes() => Write(output => GossipCodec.Encode(output, new KeyRequest { Key = Bytes(40) }));

    private byte[] Response() =>
        Write(output => GossipCodec.Encode(output, new QueryResponse { LTime = Time(), Id = Number(), From = Name(), Flags = (QueryFlags)At(4), Payload = Bytes(60) }));

    private byte[] Relay()
    {
        byte[] header = Write(output => GossipCodec.Encode(output, new RelayHeader { Destination = new RelayAddress { Ip = Address(), Port = Port() }, DestinationName = Name() }));
        return [.. header, .. Chance(2) ? Response() : Bytes(30)];
    }

    private byte[] PushPull()
    {
        using var nodes = new EncodedListBuilder<NodeState>(1 << 20);
        for (int i = At(6); i > 0; i--)
            nodes.Add(new NodeState { Name = Name(), Addr = Address(), Port = Port(), Meta = Meta(), Incarnation = Incarnation(), Status = (NodeStatus)At(5), Vsn = Versions() });
        byte[] state = Chance(4) ? Bytes(60) : State();
        using var output = new PooledBuffer();
        GossipCodec.Encode(output, new PushPull { Join = Chance(2), Nodes = nodes.List, UserState = state });
        return output.ToArray();
    }

    private byte[] State()
    {
        using var statuses = new EncodedListBuilder<StatusTime>(1 << 16);
        using var left = new EncodedListBuilder<TextElement>(1 << 16);
        using var slots = new EncodedListBuilder<EventSlot>(1 << 16);
        using var events = new EncodedListBuilder<BufferedEvent>(1 << 12);
        for (int i = At(4); i > 0; i--) statuses.Add(new StatusTime(Name(), Time()));
        for (int i = At(3); i > 0; i--) left.Add(new TextElement(Name()));
        for (int i = At(3); i > 0; i--) events.Add(new BufferedEvent { Name = Utf8(Pick(Events)), Payload = Bytes(20) });
        for (int i = At(4); i > 0; i--) slots.Add(Chance(3) ? new EventSlot { IsEmpty = true } : new EventSlot { LTime = Time(), Events = events.List });
        using var output = new PooledBuffer();
        GossipCodec.Encode(output, new SerfState { LTime = Time(), StatusLTimes = statuses.List, LeftMembers = left.List, EventLTime = Time(), Events = slots.List, QueryLTime = Time() });
        return output.ToArray();
    }

    private Accusation Accusation() => new() { Incarnation = Incarnation(), Node = Name(), From = Name() };

    private byte[] Coordinate()
    {
        if (Chance(2)) return Bytes(30);
        using var vector = new EncodedListBuilder<FloatElement>(4096);
        for (int i = Chance(6) ? At(20) : 8; i > 0; i--) vector.Add(new FloatElement(Float()));
        using var output = new PooledBuffer();
        GossipCodec.Encode(output, new CoordinatePayload { Vec = vector.List, Error = Float(), Adjustment = Float(), Height = Float() });
        return output.ToArray();
    }

    private double Float() => At(8) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => double.MaxValue, 3 => double.Epsilon, 4 => -1, _ => random.NextDouble() };

    private byte[] Meta()
    {
        if (Chance(4)) return Bytes(Chance(4) ? 600 : 20);
        return NodeMeta.TryEncode([new("role", Pick(["consul", "node", "web"])), new("dc", "dc1"), new("rc_tm", Pick(["1s", "-1h", "x", "9999999h"]))], out var meta) ? meta : [];
    }

    private byte[] Versions() => At(6) switch { 0 => Bytes(8), 1 => [], _ => [1, 5, 2, 2, 5, 4] };

    private byte[] Address() => At(8) switch { 0 => [], 1 => Bytes(20), 2 => new byte[16], 3 => [0, 0, 0, 0], _ => [10, 0, 0, (byte)At(8)] };

    private ushort Port() => (ushort)(Chance(4) ? random.Next(65536) : 8301);

    private byte[] Name() => Utf8(Pick(Names));

    // Numbers of probes and queries are drawn by the pool: a few low ones are hit by chance where they count from the start.
    private uint Number() => Chance(2) ? (uint)At(8) : (uint)random.NextUInt64();

    private uint Incarnation() => Pick(Incarnations);

    private ulong Time() => Pick(Times);

    private byte[] Bytes(int bytesMax)
    {
        var bytes = new byte[At(bytesMax + 1)];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next(256);
        return bytes;
    }

    private T Pick<T>(T[] from) => from[At(from.Length)];

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private int At(int bound) => (int)random.Next(bound);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Write(Action<PooledBuffer> write)
    {
        using var output = new PooledBuffer();
        write(output);
        return output.ToArray();
    }
}
