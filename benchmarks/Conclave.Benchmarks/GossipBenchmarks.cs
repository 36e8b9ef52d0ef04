using System.Buffers.Binary;
using System.Text;
using BenchmarkDotNet.Attributes;
using Conclave.Core;
using Conclave.Gossip;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;

namespace Conclave.Benchmarks;

/// <summary>Packets into and out of a pool of a hundred members, without sockets.</summary>
[MemoryDiagnoser]
public class GossipBenchmarks
{
    private const int Members = 100;

    // From here on incarnations take five bytes, so they can be counted up in place.
    private const uint FirstIncarnation = 1 << 17;

    private readonly GossipEndpoint _from = EndpointOf(7);
    private GossipPool _pool = null!;
    private Keyring? _keyring;
    private Instant _now = new(1_000_000_000);
    private byte[] _ping = [];
    private byte[] _known = [];
    private byte[] _foreign = [];
    private byte[] _suspect = [];
    private byte[] _alive = [];
    private uint _incarnation = FirstIncarnation;

    /// <summary>Whether packets are encrypted.</summary>
    [Params(false, true)]
    public bool IsEncrypted { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _keyring = IsEncrypted ? new Keyring(new GossipKey(new byte[32])) : null;
        // No probes: nobody would answer them here.
        var config = GossipConfig.Lan("self", EndpointOf(250)) with { ProbeInterval = TimeSpan.FromHours(20), PushPullInterval = TimeSpan.Zero };
        _pool = new GossipPool(config, new GossipStart(Keyring: IsEncrypted ? new Keyring(new GossipKey(new byte[32])) : null), new Prng(1), _now);
        for (int i = 0; i < Members; i++) Give(Seal(AliveOf("m" + i, EndpointOf(i), 1)));
        _ping = Seal(Encode(output => GossipCodec.Encode(output, new Ping { SeqNo = 1 << 20, Node = "self"u8, SourceAddr = (ReadOnlySpan<byte>)[10, 0, 0, 7], SourcePort = 8301, SourceNode = "m7"u8 })));
        _known = Seal(AliveOf("m7", EndpointOf(7), 1));
        _suspect = Encode(output => GossipCodec.EncodeSuspect(output, new Accusation { Incarnation = FirstIncarnation, Node = "m7"u8, From = "m8"u8 }));
        _alive = AliveOf("m7", EndpointOf(7), FirstIncarnation);
        _foreign = new byte[1400];
        _foreign[0] = 1;
        for (int i = 0; i < 200; i++) Turn(_ping);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _pool.Dispose();
        _keyring?.Dispose();
    }

    /// <summary>A ping arrives and is answered.</summary>
    [Benchmark(Baseline = true)]
    public int PingAndAck() => Turn(_ping);

    /// <summary>What is known already arrives again, as most of gossip does.</summary>
    [Benchmark]
    public int KnownNews() => Turn(_known);

    /// <summary>A member is suspected and refutes: two packets in, and the answers with the news out.</summary>
    [Benchmark]
    public int SuspicionAndRefutation()
    {
        _incarnation++;
        Count(_suspect, _incarnation - 1);
        Count(_alive, _incarnation);
        return Turn(IsEncrypted ? Seal(_suspect) : _suspect) + Turn(IsEncrypted ? Seal(_alive) : _alive);
    }

    /// <summary>A packet of another pool, or of one that encrypts otherwise.</summary>
    [Benchmark]
    public int ForeignPacket() => Turn(_foreign);

    /// <summary>Time passes and nothing is to be told.</summary>
    [Benchmark]
    public int Tick()
    {
        _now += TimeSpan.FromMilliseconds(200);
        _pool.OnTick(_now);
        return CarryOut();
    }

    private int Turn(byte[] packet)
    {
        _now += TimeSpan.FromMilliseconds(1);
        _pool.OnTick(_now);
        _pool.OnDatagram(_from, packet);
        return CarryOut();
    }

    private void Give(byte[] packet)
    {
        _pool.OnDatagram(_from, packet);
        _pool.Outbox.Clear();
    }

    private int CarryOut()
    {
        int packets = _pool.Outbox.PacketCount;
        _pool.Outbox.Clear();
        return packets;
    }

    private byte[] Seal(byte[] message)
    {
        if (_keyring is null) return message;
        return Encode(output => PacketSeal.Seal(_keyring.Primary, SealVersion.Plain, new byte[PacketSeal.NonceBytes], default, message, output));
    }

    private static void Count(byte[] message, uint incarnation)
    {
        int at = message.AsSpan().IndexOf("Incarnation"u8) + "Incarnation".Length + 1;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(at), incarnation);
    }

    private static byte[] AliveOf(string name, GossipEndpoint endpoint, uint incarnation)
    {
        NodeMeta.TryEncode([new("role", "consul"), new("dc", "dc1"), new("id", "1a2b3c4d-0000-4000-8000-000000000000"), new("port", "8300"), new("vsn", "2")], out var meta);
        return Encode(output =>
        {
            Span<byte> address = stackalloc byte[GossipEndpoint.AddressBytesMax];
            GossipCodec.Encode(output, new Alive
            {
                Incarnation = incarnation,
                Node = Encoding.UTF8.GetBytes(name),
                Addr = (ReadOnlySpan<byte>)address[..endpoint.CopyAddress(address)],
                Port = endpoint.Port,
                Meta = (ReadOnlySpan<byte>)meta,
                Vsn = (ReadOnlySpan<byte>)[1, 5, 2, 2, 5, 4],
            });
        });
    }

    private static GossipEndpoint EndpointOf(int number) => GossipEndpoint.From([10, 0, 0, (byte)number], 8301);

    private static byte[] Encode(Action<PooledBuffer> write)
    {
        using var output = new PooledBuffer();
        write(output);
        return output.ToArray();
    }
}
