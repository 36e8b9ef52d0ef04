using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>What messages about members do, one rule each.</summary>
public sealed class MemberRuleTests
{
    private static readonly GossipEndpoint s_b = SwimNet.EndpointOf(70), s_elsewhere = SwimNet.EndpointOf(71);

    private readonly SwimNet _net = new();
    private readonly SwimHost _a;

    public MemberRuleTests() => _a = _net.Add("a", c => c with { DeadNodeReclaimTime = TimeSpan.FromSeconds(30) });

    [Fact]
    public void A_member_knows_itself_from_the_start()
    {
        Assert.Equal(["joined a"], _a.Told);
        Assert.Equal(1, _a.Core.AliveCount);
        Assert.Equal(1u, _a.Node("a").Incarnation);
    }

    [Fact]
    public void A_stranger_who_is_alive_joins_and_is_told_to_others()
    {
        Give(SwimMessages.Alive("b", s_b, 3, "tags"));
        Assert.Equal(["joined a", "joined b"], _a.Told);
        var b = _a.Node("b");
        Assert.Equal((SwimState.Alive, 3u, s_b), (b.State, b.Incarnation, b.Endpoint));
        Assert.Equal("tags"u8.ToArray(), b.Meta.ToArray());
        Assert.Contains("alive b 3", News());
    }

    [Theory]
    [InlineData("", 1u)]
    [InlineData("b", 0u)]
    [InlineData("two\nlines", 1u)]
    public void Nobody_joins_without_a_name_or_with_incarnation_zero(string name, uint incarnation)
    {
        Give(SwimMessages.Alive(name, s_b, incarnation));
        Assert.Equal(1, _a.Core.NodeCount);
    }

    [Fact]
    public void Nobody_joins_with_a_name_that_is_no_text_or_too_long()
    {
        Give(SwimMessages.Alive(new string('n', NodeName.BytesMax + 1), s_b, 1));
        var packet = SwimMessages.Alive("bbbb", s_b, 1);
        packet[packet.AsSpan().IndexOf("bbbb"u8) + 1] = 0xff;
        Give(packet);
        Assert.Equal(1, _a.Core.NodeCount);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 5, 2 })]
    [InlineData(new byte[] { 0, 5, 2, 2, 5, 4 })]
    [InlineData(new byte[] { 1, 0, 2, 2, 5, 4 })]
    [InlineData(new byte[] { 5, 1, 2, 2, 5, 4 })]
    [InlineData(new byte[] { 3, 5, 3, 2, 5, 4 })]
    [InlineData(new byte[] { 1, 5, 9, 2, 5, 4 })]
    [InlineData(new byte[] { 1, 5, 2, 5, 5, 5 })]
    public void Nobody_joins_with_versions_that_would_poison_the_pool(byte[] versions)
    {
        Give(SwimMessages.Alive("b", s_b, 1, versions: versions));
        Assert.Equal(1, _a.Core.NodeCount);
    }

    [Fact]
    public void Nobody_joins_whom_the_layer_above_refuses()
    {
        _a.Refusal = "wrong datacenter";
        Give(SwimMessages.Alive("b", s_b, 1));
        Assert.Equal(1, _a.Core.NodeCount);
        Assert.Contains(_net.Log, line => line.Contains("wrong datacenter", StringComparison.Ordinal));
    }

    [Fact]
    public void News_of_an_older_or_the_same_incarnation_changes_nothing()
    {
        Give(SwimMessages.Alive("b", s_b, 3, "new"));
        Give(SwimMessages.Alive("b", s_b, 3, "other"));
        Give(SwimMessages.Alive("b", s_b, 2, "old"));
        Assert.Equal("new"u8.ToArray(), _a.Node("b").Meta.ToArray());
        Assert.DoesNotContain("updated b", _a.Told);
    }

    [Fact]
    public void Other_metadata_is_an_update_and_the_same_is_none()
    {
        Give(SwimMessages.Alive("b", s_b, 1, "x"));
        Give(SwimMessages.Alive("b", s_b, 2, "x"));
        Assert.DoesNotContain("updated b", _a.Told);
        Give(SwimMessages.Alive("b", s_b, 3, "y"));
        Assert.Contains("updated b", _a.Told);
    }

    [Fact]
    public void Suspicion_of_an_older_incarnation_or_of_a_stranger_is_ignored()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Suspect("b", 2, "c"));
        Give(SwimMessages.Suspect("z", 2, "c"));
        Assert.Equal(SwimState.Alive, _a.StateOf("b"));
        Assert.Equal(2, _a.Core.NodeCount);
    }

    [Fact]
    public void Suspicion_is_told_to_others_with_its_accuser_and_takes_the_incarnation()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Suspect("b", 5, "c"));
        Assert.Equal((SwimState.Suspect, 5u), (_a.StateOf("b"), _a.Node("b").Incarnation));
        Assert.Contains("suspect b 5 c", News());
        Assert.Equal(2, _a.Core.AliveCount);
    }

    [Fact]
    public void A_suspect_is_cleared_by_a_higher_incarnation_only()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Suspect("b", 3, "c"));
        Give(SwimMessages.Alive("b", s_b, 3));
        Assert.Equal(SwimState.Suspect, _a.StateOf("b"));
        Give(SwimMessages.Alive("b", s_b, 4));
        Assert.Equal(SwimState.Alive, _a.StateOf("b"));
        _net.Run(TimeSpan.FromSeconds(3));
        Assert.DoesNotContain("dead b", _a.Told);
    }

    [Fact]
    public void Death_is_dead_unless_the_member_says_so_itself()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Alive("c", s_elsewhere, 3));
        Give(SwimMessages.Dead("b", 3, "x"));
        Give(SwimMessages.Dead("c", 3, "c"));
        Assert.Equal(SwimState.Dead, _a.StateOf("b"));
        Assert.Equal(SwimState.Left, _a.StateOf("c"));
        Assert.Equal(["joined a", "joined b", "joined c", "dead b", "left c"], _a.Told);
        Assert.Equal(1, _a.Core.AliveCount);
    }

    [Fact]
    public void Death_of_an_older_incarnation_and_of_the_dead_is_ignored()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Dead("b", 2, "x"));
        Assert.Equal(SwimState.Alive, _a.StateOf("b"));
        Give(SwimMessages.Dead("b", 3, "x"));
        Give(SwimMessages.Dead("b", 4, "b"));
        Assert.Equal(SwimState.Dead, _a.StateOf("b"));
    }

    [Fact]
    public void The_dead_come_back_with_a_higher_incarnation()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Dead("b", 3, "x"));
        Give(SwimMessages.Alive("b", s_b, 3));
        Assert.Equal(SwimState.Dead, _a.StateOf("b"));
        Give(SwimMessages.Alive("b", s_b, 4));
        Assert.Equal(["joined a", "joined b", "dead b", "joined b"], _a.Told);
    }

    [Fact]
    public void Another_address_under_a_name_in_use_is_a_conflict()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        Give(SwimMessages.Alive("b", s_elsewhere, 9));
        Assert.Equal(s_b, _a.Node("b").Endpoint);
        Assert.Contains($"conflict b {s_elsewhere}", _a.Told);
    }

    [Fact]
    public void Who_left_may_come_back_elsewhere_at_once_and_with_any_incarnation()
    {
        Give(SwimMessages.Alive("b", s_b, 30));
        Give(SwimMessages.Dead("b", 30, "b"));
        Give(SwimMessages.Alive("b", s_elsewhere, 1));
        Assert.Equal((SwimState.Alive, s_elsewhere, 1u), (_a.StateOf("b"), _a.Node("b").Endpoint, _a.Node("b").Incarnation));
    }

    [Theory]
    [InlineData(29, false)]
    [InlineData(31, true)]
    public void Who_died_may_come_back_elsewhere_after_the_reclaim_time(int seconds, bool may)
    {
        var a = _net.Add("r", c => c with { ProbeInterval = TimeSpan.Zero, DeadNodeReclaimTime = TimeSpan.FromSeconds(30) });
        _net.Give(a, SwimMessages.Alive("b", s_b, 30));
        _net.Give(a, SwimMessages.Dead("b", 30, "x"));
        _net.Run(TimeSpan.FromSeconds(seconds));
        _net.Give(a, SwimMessages.Alive("b", s_elsewhere, 1));
        Assert.Equal(may ? s_elsewhere : s_b, a.Node("b").Endpoint);
    }

    [Fact]
    public void An_address_written_as_IPv6_is_the_same_address()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        byte[] mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, .. SwimMessages.AddressOf(s_b)];
        var asIPv6 = GossipEndpoint.From(mapped, s_b.Port);
        Give(SwimMessages.Alive("b", asIPv6, 4));
        Assert.Equal(4u, _a.Node("b").Incarnation);
        Assert.DoesNotContain(_a.Told, text => text.StartsWith("conflict", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1u, 2u)]
    [InlineData(7u, 8u)]
    [InlineData(uint.MaxValue - 1, uint.MaxValue)]
    [InlineData(uint.MaxValue, 1u)]
    public void Suspicion_about_us_is_refuted_by_a_higher_incarnation_where_there_is_one(uint accused, uint answered)
    {
        Give(SwimMessages.Suspect("a", accused, "c"));
        Assert.Equal((SwimState.Alive, answered), (_a.StateOf("a"), _a.Node("a").Incarnation));
        Assert.Contains($"alive a {answered}", News());
        Assert.Equal(1, _a.Core.HealthScore);
    }

    [Fact]
    public void Who_suspects_an_incarnation_that_we_left_behind_is_told_at_once_that_we_are_there()
    {
        Give(SwimMessages.Alive("b", s_b, 1));
        Give(SwimMessages.Suspect("a", 5, "c"));
        int before = _net.Packets.Count;
        Give(SwimMessages.Suspect("a", 5, "b"));
        var (_, to, bytes) = Assert.Single(_net.Packets.Skip(before));
        Assert.Equal(s_b, to);
        Assert.Equal(["alive a 6"], SwimMessages.Read(bytes));
        Assert.Equal(1, _a.Core.Numbers.Refutations);
    }

    [Fact]
    public void Who_leaves_tells_the_members_at_once()
    {
        Give(SwimMessages.Alive("b", s_b, 1));
        int before = _net.Packets.Count;
        _net.Do(_a, a => a.Core.Leave());
        Assert.Contains(_net.Packets.Skip(before), packet => packet.To == s_b && SwimMessages.Read(packet.Bytes).Contains("dead a 1 a"));
    }

    [Theory]
    [InlineData(1u, 2u)]
    [InlineData(uint.MaxValue, 1u)]
    public void Death_of_us_is_refuted(uint accused, uint answered)
    {
        Give(SwimMessages.Dead("a", accused, "c"));
        Assert.Equal((SwimState.Alive, answered), (_a.StateOf("a"), _a.Node("a").Incarnation));
    }

    [Fact]
    public void The_greatest_incarnation_is_answered_once_for_each_accusation_and_then_refuted_again()
    {
        for (int i = 0; i < 3; i++) Give(SwimMessages.Suspect("a", uint.MaxValue, "c"));
        Assert.Equal(3, _a.Core.Numbers.Refutations);
        Give(SwimMessages.Suspect("a", 1, "c"));
        Assert.Equal(2u, _a.Node("a").Incarnation);
    }

    [Fact]
    public void Suspicion_of_our_former_self_is_ignored()
    {
        Give(SwimMessages.Suspect("a", 4, "c"));
        Give(SwimMessages.Suspect("a", 4, "c"));
        Assert.Equal(5u, _a.Node("a").Incarnation);
    }

    [Fact]
    public void News_about_us_from_a_former_life_is_outbid()
    {
        Give(SwimMessages.Alive("a", _a.Endpoint, 17, "old tags"));
        Assert.Equal(18u, _a.Node("a").Incarnation);
        Assert.Contains("alive a 18", News());
    }

    [Fact]
    public void Our_own_words_coming_back_change_nothing()
    {
        Give(SwimMessages.Alive("a", _a.Endpoint, 1, "meta of a"));
        Assert.Equal((1u, 0L), (_a.Node("a").Incarnation, _a.Core.Numbers.Refutations));
    }

    [Fact]
    public void Our_name_at_another_address_is_a_conflict()
    {
        Give(SwimMessages.Alive("a", s_elsewhere, 17));
        Assert.Contains($"conflict a {s_elsewhere}", _a.Told);
        Assert.Equal(1u, _a.Node("a").Incarnation);
    }

    [Fact]
    public void Other_metadata_of_ours_is_told_with_the_next_incarnation()
    {
        _a.OwnMeta = [1, 2, 3];
        _net.Do(_a, a => a.Core.UpdateMeta());
        Assert.Equal(2u, _a.Node("a").Incarnation);
        Assert.Equal(["joined a", "updated a"], _a.Told);
    }

    [Fact]
    public void Only_the_dead_can_be_dropped_at_once()
    {
        Give(SwimMessages.Alive("b", s_b, 3));
        _a.Core.Forget("b");
        _a.Core.Forget("a");
        _a.Core.Forget("nobody");
        Assert.Equal(2, _a.Core.NodeCount);
        Give(SwimMessages.Dead("b", 3, "x"));
        _a.Core.Forget("b");
        Assert.Null(_a.Core.Find("b"));
        Give(SwimMessages.Alive("b", s_b, 1));
        Assert.Equal(SwimState.Alive, _a.StateOf("b"));
    }

    [Fact]
    public void Members_outside_the_allowed_networks_are_not_taken_in_nor_from_there()
    {
        var allowed = new[] { System.Net.IPNetwork.Parse("10.0.0.0/24") };
        var picky = _net.Add("picky", c => c with { AllowedNetworks = allowed });
        _net.Give(picky, SwimMessages.Alive("out", SwimNet.EndpointOf(256 + 5), 1));
        _net.Give(picky, SwimMessages.Alive("via", s_b, 1), from: SwimNet.EndpointOf(256 + 5));
        Assert.Equal(1, picky.Core.NodeCount);
        _net.Give(picky, SwimMessages.Alive("in", s_b, 1), from: s_b);
        Assert.Equal(2, picky.Core.NodeCount);
        Assert.False(picky.Core.TryAccept(-1, SwimNet.EndpointOf(256 + 5)));
        Assert.True(picky.Core.TryAccept(-1, s_b));
    }

    private void Give(byte[] packet) => _net.Give(_a, packet);

    // What it would tell others now.
    private List<string> News()
    {
        int before = _net.Packets.Count;
        _net.Give(_a, SwimMessages.Ping(1, ""));
        return SwimMessages.Read(_net.Packets[before].Bytes);
    }
}
