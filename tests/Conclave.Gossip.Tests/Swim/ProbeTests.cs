using System.Text;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>Who is found out to be gone, how, and how soon; and who is not accused.</summary>
public sealed class ProbeTests
{
    private readonly SwimNet _net = new();

    [Fact]
    public void The_first_probe_comes_at_a_random_moment_of_the_interval()
    {
        var moments = new HashSet<long>();
        for (int i = 0; i < 8; i++)
        {
            var host = _net.Add("m" + i, c => c with { GossipInterval = TimeSpan.Zero, PushPullInterval = TimeSpan.Zero });
            Assert.True(host.Core.NextWake - _net.Now < host.Config.ProbeInterval);
            moments.Add((host.Core.NextWake - _net.Now).Ticks / TimeSpan.TicksPerMillisecond);
        }
        Assert.True(moments.Count > 4);
    }

    [Fact]
    public void All_members_are_probed_in_turn_and_the_order_changes()
    {
        var hosts = _net.AddPool(4);
        hosts[0].Told.Clear();
        _net.Run(TimeSpan.FromSeconds(31));
        var probed = hosts[0].Told.Where(t => t.StartsWith("probed", StringComparison.Ordinal)).Select(t => t[7]).ToList();
        Assert.InRange(probed.Count, 30, 32);
        foreach (char name in "bcd") Assert.InRange(probed.Count(p => p == name), 9, 12);
    }

    [Fact]
    public void A_ping_names_its_target_and_where_the_answer_goes()
    {
        var hosts = _net.AddPool(2);
        _net.Packets.Clear();
        _net.Run(TimeSpan.FromSeconds(3));
        var pings = _net.Packets.Where(p => p.From == hosts[0] && p.Bytes[0] == 0).ToList();
        Assert.NotEmpty(pings);
        Assert.All(pings, p => Assert.EndsWith(" b", SwimMessages.Read(p.Bytes)[0]));
    }

    [Fact]
    public void The_coordinate_in_the_ack_and_the_round_trip_reach_the_layer_above()
    {
        var hosts = _net.AddPool(2);
        hosts[1].Payload = Encoding.UTF8.GetBytes("coordinate");
        _net.Run(TimeSpan.FromSeconds(2));
        Assert.Contains("probed b coordinate", hosts[0].Told);
        Assert.Equal(_net.Delay * 2, hosts[0].LastRoundTrip);
    }

    [Fact]
    public void A_ping_for_somebody_else_is_not_answered_and_one_for_nobody_is()
    {
        var a = _net.Add("a");
        _net.Packets.Clear();
        _net.Give(a, SwimMessages.Ping(5, "other"));
        Assert.Empty(_net.Packets);
        _net.Give(a, SwimMessages.Ping(6, ""));
        Assert.Contains("ack 6", SwimMessages.Read(_net.Packets[^1].Bytes));
    }

    [Fact]
    public void An_answer_goes_where_the_ping_says_or_else_where_it_came_from()
    {
        var a = _net.Add("a");
        var (told, from) = (SwimNet.EndpointOf(60, 9999), SwimNet.EndpointOf(61, 1234));
        _net.Give(a, SwimMessages.Ping(1, "a", told), from);
        Assert.Equal(told, _net.Packets[^1].To);
        _net.Give(a, SwimMessages.Ping(2, "a"), from);
        Assert.Equal(from, _net.Packets[^1].To);
    }

    [Theory]
    [InlineData(3, 4.0)]
    [InlineData(5, 4.0)]
    [InlineData(10, 4.0)]
    public void A_member_that_is_gone_is_failed_everywhere_in_time(int count, double suspicionSeconds)
    {
        var hosts = _net.AddPool(count);
        var start = _net.Now;
        _net.Stop(hosts[^1]);
        string gone = hosts[^1].Name;
        Assert.True(_net.RunUntil(() => hosts[..^1].All(h => h.StateOf(gone) == SwimState.Dead), TimeSpan.FromSeconds(60)));
        var took = _net.Now - start;
        Assert.InRange(took.TotalSeconds, suspicionSeconds, 5 + 24);
        Assert.All(hosts[..^1], h => Assert.DoesNotContain(h.Told, t => t.StartsWith("dead", StringComparison.Ordinal) && t != "dead " + gone));
    }

    [Fact]
    public void A_member_that_answers_only_others_is_not_suspected()
    {
        var hosts = _net.AddPool(4);
        _net.LosesPacket = (from, to) => (from == hosts[0] && to == hosts[1]) || (from == hosts[1] && to == hosts[0]);
        _net.RefusesStream = (from, to) => from == hosts[0] && to == hosts[1];
        _net.Run(TimeSpan.FromSeconds(60));
        Assert.All(hosts, h => Assert.DoesNotContain(h.Told, t => t.StartsWith("dead", StringComparison.Ordinal)));
        Assert.All(hosts, h => Assert.Equal(4, h.Core.AliveCount));
        Assert.Equal(0, hosts[0].Core.Numbers.ProbesFailed);
    }

    [Fact]
    public void A_member_that_answers_only_streams_is_not_suspected_but_named_in_the_log()
    {
        var hosts = _net.AddPool(3);
        _net.LosesPacket = (from, to) => to == hosts[2];
        _net.Run(TimeSpan.FromSeconds(30));
        Assert.Equal(SwimState.Alive, hosts[0].StateOf("c"));
        Assert.Contains(_net.Log, line => line.StartsWith("a: Was able to connect to c over TCP", StringComparison.Ordinal));
    }

    [Fact]
    public void Helpers_are_asked_with_nack_and_streams_are_tried_when_the_member_is_new_enough()
    {
        var hosts = _net.AddPool(5);
        _net.Packets.Clear();
        _net.Stop(hosts[4]);
        Assert.True(_net.RunUntil(() => Sent("indirect ").Count >= 3, TimeSpan.FromSeconds(10)));
        Assert.All(Sent("indirect "), text => Assert.EndsWith(" e nack", text));
    }

    [Fact]
    public void An_old_member_is_not_asked_for_a_nack()
    {
        var a = _net.Add("a");
        _net.Join(_net.Add("old", c => c with { Versions = new byte[] { 1, 3, 2, 2, 5, 4 } }), a);
        _net.Give(a, SwimMessages.Alive("gone", SwimNet.EndpointOf(81), 1, versions: [1, 2, 2, 2, 5, 4]));
        Assert.True(_net.RunUntil(() => AskedByA().Count > 0, TimeSpan.FromSeconds(10)));
        Assert.All(AskedByA(), text => Assert.EndsWith("silent", text));
        List<string> AskedByA() => [.. _net.Packets.Where(p => p.From == a).SelectMany(p => SwimMessages.Read(p.Bytes)).Where(t => t.Contains(" gone ", StringComparison.Ordinal) && t.StartsWith("indirect", StringComparison.Ordinal))];
    }

    [Fact]
    public void A_helper_brings_the_ack_back_under_the_askers_number()
    {
        var hosts = _net.AddPool(2);
        var asker = SwimNet.EndpointOf(90);
        _net.Give(hosts[0], SwimMessages.IndirectPing(77, "b", hosts[1].Endpoint, nack: true, asker));
        _net.Run(TimeSpan.FromMilliseconds(50));
        Assert.Contains("ack 77", SentTo(asker));
        _net.Run(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain("nack 77", SentTo(asker));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_helper_says_no_after_the_probe_timeout_when_asked_to(bool nack)
    {
        var a = _net.Add("a");
        var asker = SwimNet.EndpointOf(90);
        _net.Give(a, SwimMessages.IndirectPing(77, "z", SwimNet.EndpointOf(91), nack, asker));
        _net.Run(TimeSpan.FromMilliseconds(499));
        Assert.Empty(SentTo(asker));
        _net.Run(TimeSpan.FromMilliseconds(2));
        Assert.Equal(nack ? ["nack 77"] : [], SentTo(asker));
    }

    [Fact]
    public void Probes_for_others_are_bounded()
    {
        var a = _net.Add("a", c => c with { GossipInterval = TimeSpan.Zero });
        _net.Packets.Clear();
        for (uint i = 0; i < GossipLimits.RelaysMax + 100; i++)
            a.Core.OnDatagram(SwimNet.EndpointOf(90), SwimMessages.IndirectPing(i, "z", SwimNet.EndpointOf(91), nack: true, SwimNet.EndpointOf(90)));
        Assert.Equal(GossipLimits.RelaysMax, a.Outbox.PacketCount);
    }

    [Fact]
    public void Health_falls_with_missing_nacks_and_rises_with_answers()
    {
        var hosts = _net.AddPool(4);
        Assert.Equal(0, hosts[0].Core.HealthScore);
        // Nothing reaches anybody: helpers that take a nack stay silent too.
        _net.LosesPacket = (from, _) => from == hosts[0];
        _net.RefusesStream = (from, _) => from == hosts[0];
        Assert.True(_net.RunUntil(() => hosts[0].Core.HealthScore >= 2, TimeSpan.FromSeconds(10)));
        _net.LosesPacket = (_, _) => false;
        _net.RefusesStream = (_, _) => false;
        Assert.True(_net.RunUntil(() => hosts[0].Core.HealthScore == 0, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Health_is_bounded()
    {
        var a = _net.Add("a");
        for (uint i = 1; i < 30; i++) _net.Give(a, SwimMessages.Suspect("a", i * 2, "c"));
        Assert.Equal(7, a.Core.HealthScore);
    }

    [Fact]
    public void A_suspect_hears_of_it_with_the_ping()
    {
        var a = _net.Add("a");
        _net.Give(a, SwimMessages.Alive("b", SwimNet.EndpointOf(80), 1));
        _net.Give(a, SwimMessages.Suspect("b", 1, "c"));
        _net.Packets.Clear();
        Assert.True(_net.RunUntil(() => _net.Packets.Any(IsPingWithSuspect), TimeSpan.FromSeconds(3)));
        static bool IsPingWithSuspect((SwimHost From, GossipEndpoint To, byte[] Bytes) packet) =>
            SwimMessages.Read(packet.Bytes) is [var ping, "suspect b 1 a"] && ping.StartsWith("ping", StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_cut_off_for_a_while_is_back_when_it_is_reached_again()
    {
        var hosts = _net.AddPool(5);
        _net.LosesPacket = (from, to) => from == hosts[4] || to == hosts[4];
        _net.RefusesStream = (from, to) => from == hosts[4] || to == hosts[4];
        Assert.True(_net.RunUntil(() => hosts[..^1].All(h => h.StateOf("e") == SwimState.Dead), TimeSpan.FromSeconds(60)));
        _net.LosesPacket = (_, _) => false;
        _net.RefusesStream = (_, _) => false;
        _net.Join(hosts[4], hosts[0]);
        Assert.True(_net.RunUntil(() => hosts.All(h => h.Core.AliveCount == 5), TimeSpan.FromSeconds(60)));
        Assert.Contains(hosts[4].Told, t => t.StartsWith("joined", StringComparison.Ordinal));
    }

    [Fact]
    public void Under_loss_nobody_alive_is_failed()
    {
        var hosts = _net.AddPool(10);
        var chance = new Random(7);
        _net.LosesPacket = (_, _) => chance.NextDouble() < 0.3;
        _net.Run(TimeSpan.FromMinutes(5));
        _net.LosesPacket = (_, _) => false;
        _net.Run(TimeSpan.FromMinutes(1));
        Assert.All(hosts, h => Assert.DoesNotContain(h.Told, t => t.StartsWith("dead", StringComparison.Ordinal)));
        Assert.All(hosts, h => Assert.Equal(10, h.Core.AliveCount));
    }

    [Fact]
    public void The_dead_are_forgotten_when_a_round_of_probes_ends()
    {
        var hosts = _net.AddPool(3);
        _net.Stop(hosts[2]);
        Assert.True(_net.RunUntil(() => hosts[0].StateOf("c") == SwimState.Dead, TimeSpan.FromSeconds(60)));
        _net.Run(TimeSpan.FromSeconds(25));
        Assert.NotNull(hosts[0].Core.Find("c"));
        _net.Run(TimeSpan.FromSeconds(40));
        Assert.Null(hosts[0].Core.Find("c"));
        Assert.Equal(2, hosts[0].Core.NodeCount);
    }

    private List<string> Sent(string start) =>
        [.. _net.Packets.SelectMany(p => SwimMessages.Read(p.Bytes)).Where(text => text.StartsWith(start, StringComparison.Ordinal))];

    private List<string> SentTo(GossipEndpoint endpoint) =>
        [.. _net.Packets.Where(p => p.To == endpoint).SelectMany(p => SwimMessages.Read(p.Bytes)).Where(text => text.Contains("ack", StringComparison.Ordinal))];
}
