using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>How long suspicions last, in numbers that all members of a pool must share.</summary>
public sealed class SuspicionTests
{
    [Theory]
    // Profile, members, confirmations wanted, time after no confirmation and after each one, milliseconds.
    [InlineData("lan", 2, 0, new[] { 4_000 })]
    [InlineData("lan", 3, 0, new[] { 4_000 })]
    [InlineData("lan", 4, 2, new[] { 24_000, 11_381, 4_000 })]
    [InlineData("lan", 5, 2, new[] { 24_000, 11_381, 4_000 })]
    [InlineData("lan", 6, 2, new[] { 24_000, 11_381, 4_000 })]
    [InlineData("lan", 10, 2, new[] { 24_000, 11_381, 4_000 })]
    [InlineData("lan", 50, 2, new[] { 40_752, 19_325, 6_792 })]
    [InlineData("lan", 100, 2, new[] { 48_000, 22_762, 8_000 })]
    [InlineData("lan", 1000, 2, new[] { 72_000 })]
    [InlineData("wan", 2, 0, new[] { 30_000 })]
    [InlineData("wan", 5, 0, new[] { 30_000 })]
    [InlineData("wan", 6, 4, new[] { 180_000, 115_398, 77_609, 50_797, 30_000 })]
    [InlineData("wan", 10, 4, new[] { 180_000, 115_398, 77_609, 50_797, 30_000 })]
    [InlineData("wan", 50, 4, new[] { 305_640 })]
    [InlineData("wan", 100, 4, new[] { 360_000 })]
    [InlineData("wan", 1000, 4, new[] { 540_000 })]
    [InlineData("local", 2, 0, new[] { 3_000 })]
    [InlineData("local", 3, 1, new[] { 18_000, 3_000 })]
    [InlineData("local", 10, 1, new[] { 18_000, 3_000 })]
    [InlineData("local", 50, 1, new[] { 30_564, 5_094 })]
    [InlineData("local", 100, 1, new[] { 36_000, 6_000 })]
    [InlineData("local", 1000, 1, new[] { 54_000, 9_000 })]
    public void Times_are_those_of_the_peers(string profile, int members, int wanted, int[] milliseconds)
    {
        var config = ConfigOf(profile);
        var min = SuspicionTimes.Min(config.SuspicionMult, members, config.ProbeInterval);
        Assert.Equal(wanted, SuspicionTimes.Confirmations(config.SuspicionMult, members));
        for (int c = 0; c < milliseconds.Length; c++)
            Assert.Equal(milliseconds[c], (int)SuspicionTimes.After(c, wanted, min, min * config.SuspicionMaxTimeoutMult).TotalMilliseconds);
    }

    [Theory]
    [InlineData("lan", 50, 6_792)]
    [InlineData("lan", 1000, 12_000)]
    [InlineData("wan", 50, 50_940)]
    [InlineData("wan", 100, 60_000)]
    [InlineData("wan", 1000, 90_000)]
    public void The_shortest_time_grows_with_the_digits_of_the_pool(string profile, int members, int milliseconds)
    {
        var config = ConfigOf(profile);
        Assert.Equal(milliseconds, (int)SuspicionTimes.Min(config.SuspicionMult, members, config.ProbeInterval).TotalMilliseconds);
    }

    [Theory]
    [InlineData(0, 24_000)]
    [InlineData(1, 11_381)]
    [InlineData(2, 4_000)]
    [InlineData(3, 4_000)]
    public void A_suspect_dies_the_sooner_the_more_members_accuse_it(int confirmations, int milliseconds)
    {
        var (net, a) = LoneMemberKnowing("b", "c", "d", "e", "f");
        var start = net.Now;
        net.Give(a, SwimMessages.Suspect("b", 1, "a"));
        for (int i = 0; i < confirmations; i++) net.Give(a, SwimMessages.Suspect("b", 1, "def"[i].ToString()));
        Assert.True(net.RunUntil(() => a.StateOf("b") == SwimState.Dead, TimeSpan.FromSeconds(30)));
        Assert.Equal(milliseconds, (int)(net.Now - start).TotalMilliseconds);
    }

    [Fact]
    public void The_same_accuser_counts_once()
    {
        var (net, a) = LoneMemberKnowing("b", "c", "d");
        var start = net.Now;
        for (int i = 0; i < 5; i++) net.Give(a, SwimMessages.Suspect("b", 1, "a"));
        net.RunUntil(() => a.StateOf("b") == SwimState.Dead, TimeSpan.FromSeconds(30));
        Assert.Equal(24_000, (int)(net.Now - start).TotalMilliseconds);
    }

    [Fact]
    public void A_confirmation_that_comes_late_ends_a_suspicion_at_once()
    {
        var (net, a) = LoneMemberKnowing("b", "c", "d", "e");
        net.Give(a, SwimMessages.Suspect("b", 1, "a"));
        net.Run(TimeSpan.FromSeconds(12));
        Assert.Equal(SwimState.Suspect, a.StateOf("b"));
        net.Give(a, SwimMessages.Suspect("b", 1, "d"));
        net.Run(TimeSpan.FromMilliseconds(1));
        Assert.Equal(SwimState.Dead, a.StateOf("b"));
    }

    [Fact]
    public void A_suspect_that_dies_of_its_time_is_told_to_be_dead_by_us()
    {
        var (net, a) = LoneMemberKnowing("b");
        net.Give(a, SwimMessages.Suspect("b", 1, "c"));
        net.Run(TimeSpan.FromSeconds(4.1));
        Assert.Contains("dead b", a.Told);
        net.Give(a, SwimMessages.Ping(1, ""));
        Assert.Contains("dead b 1 a", SwimMessages.Read(net.Packets[^1].Bytes));
    }

    [Fact]
    public void Confirmations_are_told_to_others_as_long_as_they_count()
    {
        var (net, a) = LoneMemberKnowing("b", "c", "d", "e", "f");
        foreach (string from in new[] { "c", "d", "e", "f" }) net.Give(a, SwimMessages.Suspect("b", 1, from));
        net.Give(a, SwimMessages.Ping(1, ""));
        Assert.Contains("suspect b 1 e", SwimMessages.Read(net.Packets[^1].Bytes));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(2, 0)]
    public void Who_is_suspected_by_too_few_is_told_so_before_its_time_is_over(int confirmations, int warnings)
    {
        var (net, a) = LoneMemberKnowing("b", "c", "d", "e", "f");
        net.Give(a, SwimMessages.Suspect("b", 1, "a"));
        for (int i = 0; i < confirmations; i++) net.Give(a, SwimMessages.Suspect("b", 1, "def"[i].ToString()));
        net.Packets.Clear();
        Assert.True(net.RunUntil(() => a.StateOf("b") == SwimState.Dead, TimeSpan.FromSeconds(30)));
        Assert.Equal(warnings, net.Packets.Count(packet => packet.To == SwimNet.EndpointOf(100) && SwimMessages.Read(packet.Bytes) is ["suspect b 1 a"]));
    }

    [Fact]
    public void Who_missed_an_objection_hears_it_again_before_the_time_is_over()
    {
        var net = new SwimNet();
        // Its turn to be probed comes too late to help.
        var a = net.Add("a", static config => config with { ProbeInterval = TimeSpan.FromSeconds(4), PushPullInterval = TimeSpan.Zero, SuspicionMult = 1, SuspicionMaxTimeoutMult = 1, GossipInterval = TimeSpan.Zero });
        var b = net.Add("b", static config => config with { ProbeInterval = TimeSpan.Zero, PushPullInterval = TimeSpan.Zero, GossipInterval = TimeSpan.Zero });
        net.Give(a, SwimMessages.Alive("b", b.Endpoint, 1));
        net.Give(b, SwimMessages.Alive("a", a.Endpoint, 1));
        net.Give(b, SwimMessages.Suspect("b", 1, "x"));
        net.Give(a, SwimMessages.Suspect("b", 1, "x"));
        Assert.Equal(SwimState.Suspect, a.StateOf("b"));
        net.Run(TimeSpan.FromSeconds(3.9));
        Assert.Equal(SwimState.Alive, a.StateOf("b"));
    }

    private static GossipConfig ConfigOf(string profile) => profile switch
    {
        "lan" => GossipConfig.Lan("a", default),
        "wan" => GossipConfig.Wan("a", default),
        _ => GossipConfig.Local("a", default),
    };

    // Nobody answers its probes, so it accuses everybody: its own accusation comes first where others are counted.
    private static (SwimNet Net, SwimHost A) LoneMemberKnowing(params string[] names)
    {
        var net = new SwimNet();
        var a = net.Add("a", c => c with { PushPullInterval = TimeSpan.Zero });
        a.Told.Clear();
        for (int i = 0; i < names.Length; i++) net.Give(a, SwimMessages.Alive(names[i], SwimNet.EndpointOf(100 + i), 1));
        return (net, a);
    }
}
