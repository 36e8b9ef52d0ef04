namespace Conclave.Interop;

/// <summary>The program itself and a real serf agent in one pool.</summary>
public sealed class AgentTests
{
    [Fact]
    public async Task Agents_of_ours_and_a_serf_agent_come_fail_and_leave()
    {
        await using var first = await ConclaveAgent.StartAsync("first", "-server", "-bootstrap");
        await using var second = await ConclaveAgent.StartAsync("second", "-server", $"-retry-join={first.Lan}");
        await using var serf = await SerfAgent.StartAsync("serf", profile: "lan");
        await serf.JoinAsync(second.Lan);

        await first.SeesAsync("first=alive second=alive serf=alive");
        await serf.SeesAsync("first", "alive");
        await serf.SeesAsync("second", "alive");
        var tags = (await serf.MembersAsync())["second"].Tags;
        Assert.Equal(("consul", "dc1", "3"), (tags["role"], tags["dc"], tags["raft_vsn"]));

        await first.SucceedAsync("event", "-name=deploy", "1.0");
        await Eventually.Become(() => string.Join('|', serf.Events()), static events => events.Contains("consul:event:deploy ", StringComparison.Ordinal), "the event is at the serf agent");

        await second.KillAsync();
        await first.SeesAsync("first=alive second=failed serf=alive");
        await serf.SeesAsync("second", "failed");

        await first.SucceedAsync("force-leave", "second");
        await serf.SeesAsync("second", "left");
        Assert.Contains("Graceful leave complete", await first.SucceedAsync("leave"), StringComparison.Ordinal);
        await serf.SeesAsync("first", "left");
        Assert.Equal(0, await first.ExitAsync());
        Assert.DoesNotContain(serf.Log, static line => line.Contains("EventMemberFailed: first", StringComparison.Ordinal));
    }
}
