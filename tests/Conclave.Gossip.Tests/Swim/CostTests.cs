using Conclave.Core;
using Conclave.Gossip.Security;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>What membership costs: nothing for each packet in a steady pool, little for each member, and no more than the packet for lies.</summary>
[Collection(Alone)]
public sealed class CostTests
{
    /// <summary>Tests that measure the memory of the process and run while nothing else does.</summary>
    public const string Alone = "alone";

    private const int Members = 50, Rounds = 300;

    private static readonly TimeSpan s_hardlyEver = TimeSpan.FromHours(20);

    private readonly GossipEndpoint _from = SwimNet.EndpointOf(3);
    private readonly GossipOutbox _outbox = new();
    private readonly QuietOwner _owner = new();
    private Instant _now = new(1_000_000_000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pings_acks_gossip_and_probes_allocate_nothing_in_a_steady_pool(bool isEncrypted)
    {
        using var keyring = isEncrypted ? new Keyring(new GossipKey(new byte[32])) : null;
        var core = Core(keyring, s_hardlyEver);
        byte[] ping = Packet(core, SwimMessages.Ping(9, "self")), known = Packet(core, SwimMessages.Alive("m3", SwimNet.EndpointOf(3), 1, "meta"));
        AssertFree(() =>
        {
            Turn(core, ping);
            Turn(core, known);
        });
        Assert.True(core.Numbers.PacketsOut > Rounds);
        Assert.Equal(0, core.Numbers.PacketsDropped);
    }

    [Fact]
    public void Suspicion_and_its_end_allocate_nothing_for_known_members()
    {
        var core = Core(null, s_hardlyEver);
        byte[][] suspects = [.. Enumerable.Range(1, 400).Select(i => SwimMessages.Suspect("m7", (uint)i, "m8"))];
        byte[][] confirmations = [.. Enumerable.Range(1, 400).Select(i => SwimMessages.Suspect("m7", (uint)i, "m9"))];
        byte[][] refutations = [.. Enumerable.Range(1, 400).Select(i => SwimMessages.Alive("m7", SwimNet.EndpointOf(7), (uint)i + 1, "meta"))];
        int at = 0;
        AssertFree(() =>
        {
            Turn(core, suspects[at]);
            Turn(core, confirmations[at]);
            Turn(core, refutations[at++]);
        });
        Assert.Equal(SwimState.Alive, core.Find("m7")!.State);
        Assert.True(core.Find("m7")!.Incarnation > 300);
    }

    [Fact]
    public void Probes_that_are_answered_allocate_nothing()
    {
        var core = Core(null, TimeSpan.FromSeconds(1));
        var reader = new Packets.PacketReader();
        byte[] ack = SwimMessages.Ack(0x01010101);
        int sequenceAt = ack.AsSpan().IndexOf((byte)0xce) + 1;
        AssertFree(() =>
        {
            // Steps so short that no timer is late enough to be taken for a pause.
            _now += TimeSpan.FromMilliseconds(100);
            core.Tick(_now);
            if (_outbox.PacketCount > 0) AnswerPing(core, reader, ack, sequenceAt);
            _outbox.Clear();
        });
        Assert.True(_owner.Probed > 20);
        Assert.Equal(0, core.Numbers.ProbesFailed);
    }

    [Fact]
    public void A_known_member_takes_at_most_150_bytes_besides_its_name_and_metadata()
    {
        const int Pools = 4, Count = 2000;
        using var scratch = new GossipScratch(1, shareNames: true);
        byte[][] alive = [.. Enumerable.Range(0, Count).Select(i => SwimMessages.Alive("member-" + i, SwimNet.EndpointOf(i), 1, new string('t', 180)))];
        Fill(NewCore(scratch), alive);
        // What tests before this one left behind may go while it is measured: the one in the middle of three counts.
        long[] perMember = [.. Enumerable.Range(0, 3).Select(_ => MemoryOf(Pools, scratch, alive) / (Pools * Count)).Order()];
        Assert.InRange(perMember[1], 1, 150);
    }

    private long MemoryOf(int pools, GossipScratch scratch, byte[][] alive)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var cores = Enumerable.Range(0, pools).Select(_ => NewCore(scratch)).ToArray();
        foreach (var core in cores) Fill(core, alive);
        long taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.All(cores, core => Assert.Equal(alive.Length + 1, core.NodeCount));
        return taken;
    }

    // Members are known, nothing is left to be told, and all is warm.
    private SwimCore Core(Keyring? keyring, TimeSpan probeInterval)
    {
        var core = new SwimCore(GossipConfig.Lan("self", SwimNet.EndpointOf(250)) with { PushPullInterval = TimeSpan.Zero, ProbeInterval = probeInterval }, keyring, _owner, _outbox, new GossipScratch(1), new Prng(1), _now);
        core.Start();
        for (int i = 0; i < Members; i++) core.OnDatagram(SwimNet.EndpointOf(i), Packet(core, SwimMessages.Alive("m" + i, SwimNet.EndpointOf(i), 1, "meta")));
        _outbox.Clear();
        return core;
    }

    private SwimCore NewCore(GossipScratch scratch)
    {
        var core = new SwimCore(GossipConfig.Lan("self", SwimNet.EndpointOf(250)), null, _owner, _outbox, scratch, new Prng(1), _now);
        core.Start();
        return core;
    }

    // Rumours are sent until none are left: they are not the member's cost but the news'.
    private void Fill(SwimCore core, byte[][] alive)
    {
        byte[] ping = SwimMessages.Ping(1, "");
        foreach (var packet in alive)
        {
            core.OnDatagram(SwimNet.EndpointOf(250), packet);
            for (int i = 0; i < 8; i++) core.OnDatagram(SwimNet.EndpointOf(250), ping);
            _outbox.Clear();
        }
        while (core.QueueDepth > 0) core.OnDatagram(SwimNet.EndpointOf(250), ping);
        _outbox.Clear();
    }

    private static byte[] Packet(SwimCore core, byte[] message)
    {
        if (core.Keyring is null) return message;
        using var output = new PooledBuffer();
        PacketSeal.Seal(core.Keyring.Primary, SealVersion.Plain, new byte[PacketSeal.NonceBytes], default, message, output);
        return output.ToArray();
    }

    private void Turn(SwimCore core, byte[] packet)
    {
        _now += TimeSpan.FromMilliseconds(20);
        core.Tick(_now);
        core.OnDatagram(_from, packet);
        _outbox.Clear();
    }

    private void AnswerPing(SwimCore core, Packets.PacketReader reader, byte[] ack, int sequenceAt)
    {
        for (int i = 0; i < _outbox.PacketCount; i++)
        {
            reader.Open(_outbox.Packet(i).Bytes.Span);
            while (reader.TryNext(out var type, out var body))
            {
                if (type != Codec.MessageType.Ping) continue;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(ack.AsSpan(sequenceAt), GossipCodec.Decode<Messages.Ping>(body).SeqNo);
                core.OnDatagram(_from, ack);
            }
        }
    }

    private static void AssertFree(Action action)
    {
        for (int i = 0; i < 60; i++) action();
        const int Measurements = 5;
        long allocated = Conclave.Tests.Allocation.Least(() =>
        {
            for (int i = 0; i < Rounds / Measurements; i++) action();
        }, Measurements);
        Assert.Equal(0, allocated);
    }
}

/// <summary>See <see cref="CostTests.Alone"/>.</summary>
[CollectionDefinition(CostTests.Alone, DisableParallelization = true)]
public sealed class AloneCollection;
