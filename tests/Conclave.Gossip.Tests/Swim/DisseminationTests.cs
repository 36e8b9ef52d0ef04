using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>How news travels: by rounds of gossip, with other packets, and by exchanges of states.</summary>
public sealed class DisseminationTests
{
    private readonly SwimNet _net = new();

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void All_members_learn_of_each_other(int count)
    {
        var hosts = _net.AddPool(count);
        Assert.All(hosts, h => Assert.Equal(count, h.Core.AliveCount));
    }

    [Fact]
    public void Nothing_is_sent_and_nothing_wakes_up_when_there_is_nothing_to_tell()
    {
        var a = _net.Add("a", c => c with { ProbeInterval = TimeSpan.Zero, PushPullInterval = TimeSpan.Zero });
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1));
        _net.Run(TimeSpan.FromSeconds(10));
        _net.Packets.Clear();
        _net.Run(TimeSpan.FromSeconds(100));
        Assert.Empty(_net.Packets);
        Assert.Equal(Conclave.Core.Instant.Never, a.Core.NextWake);
    }

    [Fact]
    public void A_rumour_is_sent_so_many_times_and_no_more()
    {
        var a = _net.Add("a", c => c with { ProbeInterval = TimeSpan.Zero, PushPullInterval = TimeSpan.Zero });
        for (int i = 0; i < 8; i++) _net.Give(a, SwimMessages.Alive("m" + i, SwimNet.EndpointOf(70 + i), 1));
        _net.Run(TimeSpan.FromSeconds(20));
        _net.Packets.Clear();
        _net.Give(a, SwimMessages.Dead("m3", 1, "m4"));
        _net.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(4, _net.Packets.SelectMany(p => SwimMessages.Read(p.Bytes)).Count(t => t == "dead m3 1 m4"));
        Assert.Equal(0, a.Core.QueueDepth);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(9, 4)]
    [InlineData(10, 8)]
    [InlineData(99, 8)]
    [InlineData(100, 12)]
    [InlineData(999, 12)]
    public void The_number_of_times_grows_with_the_digits_of_the_pool(int members, int limit) =>
        Assert.Equal(limit, Broadcasts.BroadcastQueue.TransmitLimit(4, members));

    [Fact]
    public void A_newer_rumour_about_a_member_replaces_the_older()
    {
        var a = _net.Add("a", c => c with { GossipInterval = TimeSpan.Zero });
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1));
        _net.Give(a, SwimMessages.Suspect("b", 1, "c"));
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 2));
        _net.Give(a, SwimMessages.Ping(1, ""));
        var news = SwimMessages.Read(_net.Packets[^1].Bytes);
        Assert.Equal("ack 1", news[0]);
        Assert.Single(news, t => t.Contains(" b ", StringComparison.Ordinal));
        Assert.Contains("alive b 2", news);
    }

    [Fact]
    public void The_news_of_the_layer_above_follows_that_of_membership()
    {
        var a = _net.Add("a");
        a.Broadcast("hello");
        _net.Give(a, SwimMessages.Ping(1, ""));
        Assert.Equal(["ack 1", "alive a 1", "User hello"], SwimMessages.Read(_net.Packets[^1].Bytes));
    }

    [Fact]
    public void Gossip_reaches_suspects_and_the_lately_dead_but_nobody_who_left()
    {
        var a = _net.Add("a", c => c with { ProbeInterval = TimeSpan.Zero, PushPullInterval = TimeSpan.Zero });
        foreach (var (name, number) in new[] { ("alive", 70), ("suspect", 71), ("dead", 72), ("left", 73) }) _net.Give(a, SwimMessages.Alive(name, SwimNet.EndpointOf(number), 1));
        _net.Give(a, SwimMessages.Suspect("suspect", 1, "x"));
        _net.Give(a, SwimMessages.Dead("dead", 1, "x"));
        _net.Give(a, SwimMessages.Dead("left", 1, "left"));
        _net.Packets.Clear();
        _net.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([70, 71, 72], _net.Packets.Select(p => (int)(p.To.Address & 0xff)).Distinct().Order());

        // "suspect" is dead by now too; both are still within the time, then no more.
        _net.Run(TimeSpan.FromSeconds(40));
        _net.Packets.Clear();
        _net.Give(a, SwimMessages.Alive("new", SwimNet.EndpointOf(74), 1));
        _net.Run(TimeSpan.FromSeconds(3));
        Assert.Equal([70, 74], _net.Packets.Select(p => (int)(p.To.Address & 0xff)).Distinct().Order());
    }

    [Fact]
    public void Gossip_to_members_that_check_it_has_a_checksum()
    {
        var a = _net.Add("a", c => c with { ProbeInterval = TimeSpan.Zero, EnableCompression = false });
        _net.Give(a, SwimMessages.Alive("new", SwimNet.EndpointOf(70), 1));
        _net.Give(a, SwimMessages.Alive("old", SwimNet.EndpointOf(71), 1, versions: [1, 4, 2, 2, 5, 4]));
        _net.Packets.Clear();
        _net.Run(TimeSpan.FromSeconds(1));
        Assert.All(_net.Packets.Where(p => p.To == SwimNet.EndpointOf(70)), p => Assert.Equal(12, p.Bytes[0]));
        Assert.All(_net.Packets.Where(p => p.To == SwimNet.EndpointOf(71)), p => Assert.NotEqual(12, p.Bytes[0]));
    }

    [Fact]
    public void Packets_stay_within_their_size()
    {
        var a = _net.Add("a", c => c with { EnableCompression = false });
        for (int i = 0; i < 50; i++) _net.Give(a, SwimMessages.Alive("member-" + i, SwimNet.EndpointOf(70 + i), 1, new string('t', 300)));
        _net.Run(TimeSpan.FromSeconds(10));
        Assert.Contains(_net.Packets, p => p.Bytes.Length > 1000);
        Assert.All(_net.Packets, p => Assert.InRange(p.Bytes.Length, 1, 1400 + 5));
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(32, 1)]
    [InlineData(33, 2)]
    [InlineData(64, 2)]
    [InlineData(128, 3)]
    [InlineData(1000, 6)]
    public void Exchanges_of_states_are_rarer_in_large_pools(int members, int times) =>
        Assert.Equal(TimeSpan.FromSeconds(30 * times), SwimCore.ScaledPushPullInterval(TimeSpan.FromSeconds(30), members));

    [Fact]
    public void Members_that_do_not_hear_gossip_learn_by_exchanging_states()
    {
        var hosts = _net.AddPool(4);
        _net.LosesPacket = (_, _) => true;
        hosts[0].OwnMeta = [9];
        _net.Do(hosts[0], h => h.Core.UpdateMeta());
        Assert.True(_net.RunUntil(() => hosts.All(h => h.Node("a").Meta.Length == 1), TimeSpan.FromSeconds(120)));
    }

    [Fact]
    public void Who_leaves_has_left_for_all_and_failed_for_none()
    {
        var hosts = _net.AddPool(8);
        var start = _net.Now;
        _net.Do(hosts[3], h => h.Core.Leave());
        Assert.Equal(0, hosts[3].LeavesSent);
        Assert.True(_net.RunUntil(() => hosts.All(h => h.StateOf("d") == SwimState.Left), TimeSpan.FromSeconds(5)));
        Assert.InRange((_net.Now - start).TotalSeconds, 0, 1.5);
        Assert.True(_net.RunUntil(() => hosts[3].LeavesSent == 1, TimeSpan.FromSeconds(5)));
        _net.Stop(hosts[3]);
        _net.Run(TimeSpan.FromSeconds(120));
        Assert.All(hosts, h => Assert.DoesNotContain("dead d", h.Told));
        Assert.All(hosts, h => Assert.Equal(1, h.Told.Count(t => t == "left d")));
        Assert.Equal(1, hosts[3].LeavesSent);
    }

    [Fact]
    public void Who_is_alone_leaves_at_once()
    {
        var a = _net.Add("a");
        _net.Do(a, h => h.Core.Leave());
        _net.Do(a, h => h.Core.Leave());
        Assert.Equal(1, a.LeavesSent);
        Assert.Equal(SwimState.Left, a.StateOf("a"));
    }

    [Fact]
    public void A_leave_that_nobody_can_be_told_of_ends_by_itself()
    {
        var a = _net.Add("a", c => c with { GossipInterval = TimeSpan.Zero, ProbeInterval = TimeSpan.Zero });
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1));
        _net.Do(a, h => h.Core.Leave());
        _net.Run(TimeSpan.FromSeconds(4.9));
        Assert.Equal(0, a.LeavesSent);
        _net.Run(TimeSpan.FromSeconds(0.2));
        Assert.Equal(1, a.LeavesSent);
    }

    [Fact]
    public void Who_leaves_does_not_object_any_more_and_does_not_come_back()
    {
        var a = _net.Add("a");
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(70), 1));
        _net.Do(a, h => h.Core.Leave());
        _net.Give(a, SwimMessages.Dead("a", 9, "b"));
        _net.Give(a, SwimMessages.Suspect("a", 9, "b"));
        _net.Give(a, SwimMessages.Alive("a", a.Endpoint, 9));
        _net.Do(a, h => h.Core.UpdateMeta());
        Assert.Equal((SwimState.Left, 1u), (a.StateOf("a"), a.Node("a").Incarnation));
        _net.Give(a, SwimMessages.Ping(3, "a"));
        Assert.Contains("ack 3", SwimMessages.Read(_net.Packets[^1].Bytes));
    }

    [Fact]
    public void A_pool_that_is_full_takes_nobody_in_and_says_so_once()
    {
        var a = _net.Add("a", c => c with { ProbeInterval = TimeSpan.Zero, GossipInterval = TimeSpan.Zero, PushPullInterval = TimeSpan.Zero });
        for (int i = 0; i < GossipLimits.MembersMax + 10; i++) a.Core.OnDatagram(SwimNet.EndpointOf(70), SwimMessages.Alive("m" + i, SwimNet.EndpointOf(i & 0xffff), 1));
        Assert.Equal(GossipLimits.MembersMax, a.Core.NodeCount);
        Assert.Single(a.Outbox.Log, line => line.Text.Contains("No room", StringComparison.Ordinal));
    }
}
