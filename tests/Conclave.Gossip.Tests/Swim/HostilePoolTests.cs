using System.Text;
using Conclave.Core;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>What others send, recorded, cut, mixed or made up: nothing of it ends a member, and none of it costs much.</summary>
public sealed class HostilePoolTests
{
    private readonly SwimNet _net = new();

    [Fact]
    public void Every_recorded_packet_can_be_given_to_a_member()
    {
        foreach (var vector in GossipVectors.Packets)
        {
            var host = new SwimHost(GossipConfig.Lan("n1", SwimNet.EndpointOf(1)) with { Label = vector.Label }, _net.Now, keyring: vector.OpenKeyring());
            host.Core.Start();
            host.Core.OnDatagram(SwimNet.EndpointOf(9), vector.Bytes);
            Assert.True(host.Core.Numbers.PacketsDropped <= 1, vector.Name);
        }
    }

    [Fact]
    public void Recorded_rumours_have_their_effect()
    {
        var host = _net.Add("somebody-else");
        int known = 0;
        foreach (var vector in GossipVectors.Packets.Where(v => v.File == "memberlist-udp"))
        {
            _net.Give(host, vector.Bytes);
            known = Math.Max(known, host.Core.NodeCount);
        }
        Assert.True(known >= 3, $"{known} members");
        Assert.Contains(host.Told, t => t.StartsWith("joined", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_recorded_stream_can_be_given_to_a_member_as_request_and_as_answer()
    {
        int merged = 0;
        foreach (var vector in GossipVectors.Streams)
            foreach (bool asAnswer in new[] { false, true })
            {
                var host = new SwimHost(GossipConfig.Lan("somebody-else", SwimNet.EndpointOf(1)) with { Label = vector.Label }, _net.Now, keyring: vector.OpenKeyring());
                host.Core.Start();
                GiveStream(host, vector.Bytes, asAnswer);
                if (host.Core.NodeCount > 1) merged++;
            }
        Assert.True(merged >= 4, $"{merged} streams brought members");
    }

    [Fact]
    public void Recorded_packets_with_any_byte_changed_harm_nobody()
    {
        var host = _net.Add("n1");
        foreach (var vector in GossipVectors.Packets)
        {
            var bytes = vector.Bytes;
            for (int i = 0; i < bytes.Length; i++)
            {
                byte was = bytes[i];
                bytes[i] ^= (byte)(1 << i % 8);
                host.Core.OnDatagram(SwimNet.EndpointOf(9), bytes);
                bytes[i] = was;
                host.Outbox.Clear();
            }
        }
        Assert.InRange(host.Core.NodeCount, 1, 20_000);
        Assert.Equal(SwimState.Alive, host.StateOf("n1"));
        Assert.InRange(host.Core.HealthScore, 0, 7);
    }

    [Fact]
    public void Malformed_parts_end_a_packet_before_they_cost_much()
    {
        var host = _net.Add("n1");
        byte[] bad = [4, 0xc1], packet = [7, 255, .. Enumerable.Repeat(new byte[] { 0, 2 }, 255).SelectMany(b => b), .. Enumerable.Repeat(bad, 255).SelectMany(b => b)];
        host.Core.OnDatagram(SwimNet.EndpointOf(9), packet);
        Assert.Equal(GossipLimits.PacketFaultsMax, host.Core.Numbers.MessagesDropped);
    }

    [Fact]
    public void Good_parts_beside_a_bad_one_count()
    {
        var host = _net.Add("n1");
        var alive = SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1);
        byte[] packet = [7, 3, 0, 2, 0, 1, (byte)(alive.Length >> 8), (byte)alive.Length, 4, 0xc1, 99, .. alive];
        _net.Give(host, packet);
        Assert.NotNull(host.Core.Find("b"));
    }

    [Fact]
    public void The_log_is_not_filled_by_others()
    {
        var host = _net.Add("n1");
        for (int i = 0; i < 10_000; i++) host.Core.OnDatagram(SwimNet.EndpointOf(9), [12, 0, 0, 0, 0, 1]);
        Assert.InRange(host.Outbox.Log.Count, 1, 40);
        Assert.Equal(10_000, host.Core.Numbers.PacketsDropped);
    }

    [Fact]
    public void Acks_and_nacks_out_of_nowhere_change_nothing()
    {
        var hosts = _net.AddPool(3);
        int health = hosts[0].Core.HealthScore;
        for (uint i = 0; i < 1000; i++)
        {
            _net.Give(hosts[0], SwimMessages.Ack(i));
            _net.Give(hosts[0], SwimMessages.Nack(i));
        }
        Assert.Equal(health, hosts[0].Core.HealthScore);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(uint.MaxValue - 1)]
    [InlineData(uint.MaxValue)]
    public void Every_claim_about_us_with_any_incarnation_leaves_us_alive_and_heard(uint incarnation)
    {
        var hosts = _net.AddPool(3);
        var a = hosts[0];
        foreach (var packet in new[]
        {
            SwimMessages.Suspect("a", incarnation, "x"), SwimMessages.Suspect("a", incarnation, ""), SwimMessages.Suspect("a", incarnation, "a"), SwimMessages.Dead("a", incarnation, "x"),
            SwimMessages.Dead("a", incarnation, "a"), SwimMessages.Alive("a", a.Endpoint, incarnation, "lie"), SwimMessages.Alive("a", SwimNet.EndpointOf(77), incarnation),
        })
            _net.Give(a, packet);
        Assert.Equal((SwimState.Alive, 3), (a.StateOf("a"), a.Core.AliveCount));
        _net.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(SwimState.Alive, a.StateOf("a"));
        Assert.All(hosts, h => Assert.NotEqual(SwimState.Dead, h.StateOf("a")));
    }

    [Fact]
    public void A_lie_about_the_greatest_incarnation_told_to_all_heals_when_they_have_forgotten()
    {
        var hosts = _net.AddPool(3, c => c with { GossipToTheDeadTime = TimeSpan.FromSeconds(5) });
        foreach (var host in hosts) _net.Give(host, SwimMessages.Suspect("a", uint.MaxValue, "x"));
        Assert.True(_net.RunUntil(() => hosts[1..].All(h => h.Core.Find("a") is null or { State: SwimState.Dead }), TimeSpan.FromSeconds(60)));
        _net.Run(TimeSpan.FromSeconds(30));
        _net.Join(hosts[0], hosts[1]);
        Assert.True(_net.RunUntil(() => hosts.All(h => h.Core.AliveCount == 3), TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void A_claim_in_anybodys_name_about_anybody_unknown_is_forgotten_at_once()
    {
        var host = _net.Add("n1");
        for (int i = 0; i < 1000; i++)
        {
            host.Core.OnDatagram(SwimNet.EndpointOf(9), SwimMessages.Suspect("ghost-" + i, 1, "x"));
            host.Core.OnDatagram(SwimNet.EndpointOf(9), SwimMessages.Dead("ghost-" + i, 1, "x"));
        }
        Assert.Equal(1, host.Core.NodeCount);
        Assert.Equal(1, host.Core.QueueDepth);
    }

    [Fact]
    public void Random_bytes_by_packet_and_stream_harm_nobody()
    {
        var random = new Prng(11);
        var host = _net.Add("n1");
        var bytes = new byte[300];
        for (int i = 0; i < 20_000; i++)
        {
            int length = (int)random.Next(bytes.Length);
            for (int at = 0; at < length; at++) bytes[at] = (byte)random.Next(256);
            if (length > 0) bytes[0] = (byte)random.Next(14);
            host.Core.OnDatagram(SwimNet.EndpointOf(9), bytes.AsSpan(0, length));
            if (host.Core.TryAccept(-1 - i, SwimNet.EndpointOf(9)))
            {
                host.Core.OnStreamBytes(-1 - i, bytes.AsSpan(0, length));
                host.Core.OnStreamEnded(-1 - i, null);
            }
            host.Outbox.Clear();
        }
        _net.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(SwimState.Alive, host.StateOf("n1"));
    }

    [Fact]
    public void Who_is_to_be_forgotten_while_it_leaves_still_knows_itself()
    {
        using var pool = new GossipPool(GossipConfig.Lan("self", SwimNet.EndpointOf(1)), new GossipStart(), new Prng(1), _net.Now);
        pool.OnDatagram(SwimNet.EndpointOf(9), SwimMessages.Alive("b", SwimNet.EndpointOf(9), 1));
        pool.Leave(1);
        using var intent = new PooledBuffer();
        GossipCodec.Encode(intent, new Messages.LeaveIntent { LTime = 1 << 20, Node = "self"u8, Prune = true });
        pool.OnDatagram(SwimNet.EndpointOf(9), [8, .. intent.WrittenSpan]);
        for (int i = 1; i < 100; i++)
        {
            pool.OnTick(_net.Now + TimeSpan.FromMilliseconds(200 * i));
            pool.Outbox.Clear();
        }
        Assert.Equal(("self", MemberStatus.Left), (pool.Self.Name, pool.Self.Status));
    }

    private static void GiveStream(SwimHost host, byte[] bytes, bool asAnswer)
    {
        long stream = -1;
        if (asAnswer)
        {
            host.Outbox.Clear();
            host.Core.Exchange(new GossipTarget(SwimNet.EndpointOf(9)), isJoin: true);
            stream = host.Outbox.Dials[0].Stream;
        }
        else Assert.True(host.Core.TryAccept(stream, SwimNet.EndpointOf(9)));
        foreach (byte part in bytes) host.Core.OnStreamBytes(stream, [part]);
        host.Core.OnStreamEnded(stream, null);
    }
}
