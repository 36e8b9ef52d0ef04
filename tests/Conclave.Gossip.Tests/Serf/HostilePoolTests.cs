using Conclave.Core;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Serf;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>What somebody who may send packets can do to a pool, and what not.</summary>
public sealed class HostilePoolTests
{
    private static readonly ulong[] s_extremeTimes = [0, 1, LamportClock.OpenRangeEnd - 1, LamportClock.OpenRangeEnd, long.MaxValue, ulong.MaxValue - 1, ulong.MaxValue];

    [Fact]
    public void Extreme_times_in_any_message_stop_nothing()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(4);
        foreach (ulong time in s_extremeTimes)
            foreach (byte[] packet in (byte[][])
            [
                SerfMessages.Leave("b", time), SerfMessages.Leave("a", time), SerfMessages.Join("c", time), SerfMessages.Leave("ghost", time), SerfMessages.Join("ghost", time),
                SerfMessages.Event("e", time, [1]), SerfMessages.Query("q", time, 1, hosts[1].Endpoint, "b"), SerfMessages.Response(time, 1, "b"),
            ]) net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, packet));
        net.Run(TimeSpan.FromSeconds(30));
        Assert.All(hosts, host => Assert.Equal(4, host.Pool.AliveCount));
        Assert.All(hosts, host => Assert.Equal(MemberStatus.Alive, host.StatusOf("b")));
        foreach (var host in hosts) host.Events.Clear();

        net.Do(hosts[2], pool => Assert.True(pool.TryFireEvent("after", default, false, out _)));
        net.Do(hosts[3], pool => Assert.True(pool.TryStartQuery(9, new GossipQuery("after", default) { WantAcks = true }, out _)));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts, host => Assert.Single(host.Told(GossipEventKind.User)));
        Assert.Equal(4, hosts[3].Told(GossipEventKind.QueryAck).Length);
        net.Do(hosts[1], pool => pool.Leave(1));
        net.Run(TimeSpan.FromSeconds(10));
        Assert.All(hosts, host => Assert.Equal([GossipEventKind.Left], host.StoryOf("b")));
    }

    [Fact]
    public void Extreme_clocks_in_an_exchange_stop_nothing()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        int stream = -100;
        foreach (ulong time in s_extremeTimes)
        {
            byte[] state = SerfMessages.Exchange(SerfMessages.State(time, [("b", time), ("c", time)], ["b"], eventClock: time), isJoin: true);
            net.Do(hosts[0], pool =>
            {
                Assert.True(pool.TryAccept(--stream, hosts[1].Endpoint));
                pool.OnStreamBytes(stream, state);
                pool.OnStreamEnded(stream, null);
            });
        }
        net.Run(TimeSpan.FromMinutes(3));
        Assert.All(hosts, host => Assert.Equal(3, host.Pool.AliveCount));
        Assert.True(net.RunUntil(() => hosts.All(host => host.StatusOf("b") == MemberStatus.Alive), TimeSpan.FromMinutes(2)));
        var newcomer = net.Add("d");
        net.Join(newcomer, hosts[0]);
        net.Run(TimeSpan.FromMinutes(2));
        net.Do(newcomer, pool => pool.TryFireEvent("hello", default, false, out _));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts, host => Assert.Single(host.Told(GossipEventKind.User)));
    }

    [Fact]
    public void Nobody_outside_the_pool_gets_an_answer_or_anything_relayed()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        var victim = PoolNet.EndpointOf(999);
        net.Packets.Clear();
        byte[] response = SerfMessages.Response(1, 1, "x")[1..];
        net.Do(hosts[0], pool => pool.OnDatagram(victim, SerfMessages.Query("q", 50, 1, victim, "b", relays: 255)));
        net.Do(hosts[0], pool => pool.OnDatagram(victim, SerfMessages.Query("_serf_ping", 51, 1, victim, "nobody")));
        net.Do(hosts[0], pool => pool.OnDatagram(victim, SerfMessages.Relay(victim, "b", response)));
        net.Run(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain(net.Packets, packet => packet.To == victim);
        Assert.Empty(hosts[0].Told(GossipEventKind.Query));
    }

    [Fact]
    public void Only_answers_are_relayed_and_only_to_members()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        byte[] nested = SerfMessages.Relay(hosts[2].Endpoint, "c", SerfMessages.Event("e", 5, [])[1..])[1..];
        net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, SerfMessages.Relay(hosts[2].Endpoint, "c", nested)));
        net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, SerfMessages.Relay(hosts[2].Endpoint, "c", SerfMessages.Event("e", 5, [])[1..])));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts, host => Assert.Empty(host.Told(GossipEventKind.User)));
    }

    [Fact]
    public void A_query_with_the_greatest_relay_factor_costs_a_member_few_packets()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(26);
        net.Packets.Clear();
        net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, SerfMessages.Query("_serf_ping", 50, 1, hosts[1].Endpoint, "b", QueryFlags.Ack | QueryFlags.NoBroadcast, relays: 255)));
        Assert.True(net.Packets.Count(packet => packet.From == hosts[0]) <= 1 + Answers.RelaysMax);
    }

    [Fact]
    public void Forged_answers_to_our_query_are_bounded()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        net.Do(hosts[0], pool => pool.TryStartQuery(1, new GossipQuery("q", default), out _));
        uint id = QueryIdIn(net.Packets.Where(packet => packet.From == hosts[0]).Select(packet => packet.Bytes), net, hosts[0]);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] forged = SerfMessages.Response(1, id, "forged-" + i);
            net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, forged));
        }
        Assert.InRange(hosts[0].Told(GossipEventKind.QueryResponse).Length, 1, 64);
    }

    [Fact]
    public void Answers_to_queries_that_do_not_run_are_dropped()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        net.Do(host, pool => pool.OnDatagram(host.Endpoint, SerfMessages.Response(1, 1, "b")));
        Assert.Empty(host.Told(GossipEventKind.QueryResponse));
        Assert.Equal(1, host.Pool.Numbers.MessagesDropped);
    }

    [Fact]
    public void A_flood_of_everything_leaves_the_queues_within_their_bounds()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        for (uint i = 1; i <= 30_000; i++)
        {
            ulong time = i / 8;
            byte[][] packets = [SerfMessages.Join("ghost" + i, time), SerfMessages.Event("e" + i, time, new byte[100]), SerfMessages.Query("q", time, i, host.Endpoint, "a", QueryFlags.None)];
            foreach (byte[] packet in packets) host.Pool.OnDatagram(host.Endpoint, packet);
        }
        var numbers = host.Pool.Numbers;
        Assert.InRange(numbers.IntentQueue, 1, SerfBroadcasts.DepthMin);
        Assert.InRange(numbers.EventQueue, 1, SerfBroadcasts.DepthMin);
        Assert.InRange(numbers.QueryQueue, 1, SerfBroadcasts.DepthMin);
        Assert.True(numbers.BroadcastsDropped > 0);
        net.Do(host, _ => { });
        net.Run(TimeSpan.FromSeconds(31));
        Assert.Contains(host.Log, line => line.Contains("given up because a queue was full (4096)", StringComparison.Ordinal));
        Assert.True(host.Told(GossipEventKind.Query).Length <= Queries.OpenMax);
    }

    [Fact]
    public void A_packet_of_nine_bytes_with_a_lying_length_costs_hardly_more_than_its_bytes()
    {
        const int BytesEach = 4096;
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        byte[][] packets = [.. LyingPackets()];
        foreach (byte[] packet in packets) net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, packet));
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] packet in packets) hosts[0].Pool.OnDatagram(hosts[1].Endpoint, packet);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (long)BytesEach * packets.Length);
        net.Run(TimeSpan.FromSeconds(30));
        Assert.All(hosts, host => Assert.Equal(2, host.Pool.AliveCount));
    }

    // Every kind of message, of membership and of Serf, whose map, list, text or bytes claim to be of 2^31 and more.
    private static IEnumerable<byte[]> LyingPackets()
    {
        byte[] userMessage = [8];
        byte[][] lies = [[0xdf, 0xff, 0xff, 0xff, 0xff], [0xdf, 0x80, 0, 0, 0], [0xdf, 0x7f, 0xff, 0xff, 0xff], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0x80, 0, 0, 0], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff]];
        foreach (byte[] lie in lies)
            for (int kind = 0; kind < 256; kind++)
            {
                yield return [(byte)kind, .. lie, 0, 0, 0];
                yield return [.. userMessage, (byte)kind, .. lie, 0, 0];
            }
    }

    [Theory]
    [InlineData("0683a44e6f646573ce80000000ac5573657253746174654c656e00a44a6f696ec3")]
    [InlineData("0683a44e6f646573ceffffffffac5573657253746174654c656e00a44a6f696ec3")]
    [InlineData("0683a44e6f646573ce7fffffffac5573657253746174654c656e00a44a6f696ec3")]
    [InlineData("0683a44e6f64657300ac5573657253746174654c656ece80000000a44a6f696ec3")]
    [InlineData("0683a44e6f64657300ac5573657253746174654c656ece7fffffffa44a6f696ec3")]
    public void An_exchange_that_announces_billions_costs_no_memory_and_no_member(string hex)
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        byte[] stream = Convert.FromHexString(hex);
        net.Do(hosts[0], pool => Send(hosts[0], -1, stream));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(hosts[0], -2, stream);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        net.Run(TimeSpan.FromSeconds(30));
        Assert.All(hosts, host => Assert.Equal(2, host.Pool.AliveCount));
    }

    [Fact]
    public void Giant_lists_in_an_exchange_cost_little_more_than_their_bytes()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        var names = Enumerable.Range(0, 300_000).Select(i => "n" + i).ToArray();
        byte[] stream = SerfMessages.Exchange(SerfMessages.State(5, names.Select(name => (name, 3ul)), names), isJoin: false);
        Send(host, -1, SerfMessages.Exchange(SerfMessages.State(5, [], []), isJoin: false));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(host, -2, stream);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * stream.Length);
        Assert.Equal(1, host.Pool.MemberCount);
    }

    [Fact]
    public void A_name_that_would_write_lines_of_its_own_is_none() =>
        Assert.Throws<ArgumentException>(() => new PoolNet().Add("b\nleave\nalive: evil 1.2.3.4:5"));

    [Fact]
    public void Damaged_messages_never_throw_and_change_no_member()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        var random = new Prng(3);
        byte[][] packets =
        [
            SerfMessages.Leave("b", 90), SerfMessages.Join("b", 90), SerfMessages.Event("e", 9, [1, 2]), SerfMessages.Query("q", 9, 1, hosts[1].Endpoint, "b"),
            SerfMessages.Query("_serf_install-key", 10, 2, hosts[1].Endpoint, "b", payload: [7, 0x81, 0xa3]), SerfMessages.Query("_serf_conflict", 11, 2, hosts[1].Endpoint, "b", payload: [0xff]),
            SerfMessages.Query("_serf_list-keys", 12, 2, hosts[1].Endpoint, "b"), SerfMessages.Query("_serf_other", 13, 2, hosts[1].Endpoint, "b"),
            SerfMessages.Response(1, 1, "b"), SerfMessages.Relay(hosts[1].Endpoint, "b", [5, 0x80]),
        ];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. packets[(int)random.Next(packets.Length)]];
            for (int hits = (int)random.Next(3); hits >= 0; hits--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            int length = random.Next(4) == 0 ? (int)random.Next(damaged.Length + 1) : damaged.Length;
            hosts[0].Pool.OnDatagram(hosts[1].Endpoint, damaged.AsSpan(0, length));
            if (i % 100 == 0) net.Do(hosts[0], _ => { });
        }
        net.Run(TimeSpan.FromSeconds(60));
        Assert.Equal(2, hosts[0].Pool.MemberCount);
    }

    private static void Send(PoolHost host, long stream, byte[] bytes)
    {
        Assert.True(host.Pool.TryAccept(stream, host.Endpoint));
        host.Pool.OnStreamBytes(stream, bytes);
        host.Pool.OnStreamEnded(stream, null);
    }

    private static uint QueryIdIn(IEnumerable<byte[]> packets, PoolNet net, PoolHost host)
    {
        net.Run(TimeSpan.FromSeconds(0.5));
        foreach (byte[] message in SerfMessages.UserMessagesIn(packets))
            if (message[0] == 4) return GossipCodec.Decode<Query>(message.AsSpan(1)).Id;
        Assert.Fail($"{host.Name} has sent no query");
        return 0;
    }
}
