using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Interop;

/// <summary>Members of ours and real serf agents in one pool: coming and going.</summary>
public sealed class JoinAndLeaveTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Both_sides_know_each_other_with_tags_whoever_joins(bool weJoin)
    {
        await using var serf = await SerfAgent.StartAsync("serf", arguments: ["-tag", "color=blue"]);
        await using var ours = await OurMember.StartAsync("ours", options => options.Tags["color"] = "red");

        if (weJoin) Assert.Equal(1, await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken));
        else await serf.JoinAsync(ours.Address);

        await serf.SeesAsync("ours", "alive");
        await ours.SeesAsync("serf", MemberStatus.Alive);
        Assert.Equal("red", (await serf.MembersAsync())["ours"].Tags["color"]);
        Assert.Equal("blue", ours.Membership.Members.Single(member => member.Name == "serf").Tag("color"));
    }

    [Fact]
    public async Task New_tags_reach_the_other_side()
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        await using var ours = await OurMember.StartAsync("ours");
        await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
        await serf.SeesAsync("ours", "alive");

        await ours.Membership.SetTagsAsync([new("zone", "a")]);
        await serf.SetTagAsync("zone", "b");

        await Eventually.Become(serf.MembersAsync, members => members["ours"].Tags.GetValueOrDefault("zone") == "a", "serf sees our tag");
        await Eventually.Become(() => ours.Membership.Members.Single(member => member.Name == "serf").Tag("zone"), zone => zone == "b", "we see serf's tag");
        Assert.Contains(GossipEventKind.Updated, ours.SeenOf("serf"));
    }

    [Theory]
    [InlineData("local", MembershipProfile.Local)]
    [InlineData("lan", MembershipProfile.Lan)]
    public async Task A_killed_agent_has_failed_and_comes_back(string profile, MembershipProfile ourProfile)
    {
        await using var ours = await OurMember.StartAsync("ours", options => options.Profile = ourProfile);
        var serf = await SerfAgent.StartAsync("serf", 0, profile);
        await using var second = await SerfAgent.StartAsync("second", 0, profile);
        try
        {
            await serf.JoinAsync(ours.Address);
            await second.JoinAsync(ours.Address);
            await second.SeesAsync("serf", "alive");

            await serf.KillAsync();

            await ours.SeesAsync("serf", MemberStatus.Failed);
            await second.SeesAsync("serf", "failed");
            await using var again = await SerfAgent.StartAsync("serf", serf.Port, profile);
            await again.JoinAsync(second.Address);
            await ours.SeesAsync("serf", MemberStatus.Alive);
        }
        finally
        {
            await serf.DisposeAsync();
        }
        Assert.Equal([GossipEventKind.Joined, GossipEventKind.Failed, GossipEventKind.Joined], ours.SeenOf("serf"));
    }

    [Fact]
    public async Task A_member_of_ours_that_vanishes_has_failed_and_comes_back()
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        var ours = await OurMember.StartAsync("ours");
        int port = ours.Membership.LocalEndPoint.Port;
        await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
        await serf.SeesAsync("ours", "alive");

        await ours.DisposeAsync();                                     // without a word

        await serf.SeesAsync("ours", "failed");
        await using var again = await OurMember.StartAsync("ours", options => options.Port = port);
        await again.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
        await serf.SeesAsync("ours", "alive");
    }

    [Fact]
    public async Task A_serf_agent_that_leaves_has_left_and_never_failed()
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        await using var ours = await OurMember.StartAsync("ours");
        await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
        await ours.SeesAsync("serf", MemberStatus.Alive);

        await serf.LeaveAsync();

        await ours.SeesAsync("serf", MemberStatus.Left);
        Assert.Equal([GossipEventKind.Joined, GossipEventKind.Left], ours.SeenOf("serf"));
    }

    [Fact]
    public async Task A_member_of_ours_that_leaves_has_left_and_never_failed()
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        await using (var ours = await OurMember.StartAsync("ours"))
        {
            await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
            await serf.SeesAsync("ours", "alive");
            await ours.Membership.LeaveAsync(TestContext.Current.CancellationToken);
        }

        await serf.SeesAsync("ours", "left");
        Assert.Contains(serf.Log, line => line.Contains("EventMemberLeave: ours", StringComparison.Ordinal));
        Assert.DoesNotContain(serf.Log, line => line.Contains("EventMemberFailed: ours", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_member_is_declared_gone_by_either_side()
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        await using var ours = await OurMember.StartAsync("ours");
        var first = await SerfAgent.StartAsync("first");
        var second = await SerfAgent.StartAsync("second");
        await using (first)
        await using (second)
        {
            await serf.JoinAsync(ours.Address);
            await first.JoinAsync(ours.Address);
            await second.JoinAsync(ours.Address);
            await serf.SeesAsync("first", "alive");
            await serf.SeesAsync("second", "alive");
        }
        await ours.SeesAsync("first", MemberStatus.Failed);
        await ours.SeesAsync("second", MemberStatus.Failed);
        await serf.SeesAsync("first", "failed");
        await serf.SeesAsync("second", "failed");

        await ours.Membership.ForceLeaveAsync("first");
        await serf.SucceedAsync("force-leave", "second");

        await serf.SeesAsync("first", "left");
        await ours.SeesAsync("second", MemberStatus.Left);
    }
}
