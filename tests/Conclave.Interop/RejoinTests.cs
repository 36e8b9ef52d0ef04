using Conclave.Gossip;
using Conclave.Hosting;

namespace Conclave.Interop;

/// <summary>Members of either kind that come back by what their snapshot files remember, and read each other's.</summary>
public sealed class RejoinTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-rejoin").FullName;

    private string Snapshot => Path.Combine(_folder, "snapshot");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_member_of_ours_that_vanished_finds_the_pool_of_serf_agents_again()
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        int port;
        await using (var ours = await OurMember.StartAsync("ours", options => options.SnapshotPath = Snapshot))
        {
            port = ours.Membership.LocalEndPoint.Port;
            await serf.JoinAsync(ours.Address);
            await RememberedAsync("serf");
        }
        await serf.SeesAsync("ours", "failed");

        await using var again = await OurMember.StartAsync("ours", options => (options.SnapshotPath, options.Port) = (Snapshot, port));

        await serf.SeesAsync("ours", "alive");
        await again.SeesAsync("serf", MemberStatus.Alive);
    }

    [Fact]
    public async Task A_serf_agent_that_was_killed_finds_our_pool_again()
    {
        await using var ours = await OurMember.StartAsync("ours");
        int port;
        await using (var serf = await SerfAgent.StartAsync("serf", 0, "local", "-snapshot", Snapshot))
        {
            port = serf.Port;
            await ours.Membership.JoinAsync(serf.Address, TestContext.Current.CancellationToken);
            await RememberedAsync("ours", teller: ours);
        }
        await ours.SeesAsync("serf", MemberStatus.Failed);

        await using var again = await SerfAgent.StartAsync("serf", port, "local", "-snapshot", Snapshot);

        await ours.SeesAsync("serf", MemberStatus.Alive);
        await again.SeesAsync("ours", "alive");
    }

    [Fact]
    public async Task A_serf_agent_goes_on_from_the_file_that_we_wrote()
    {
        await using var other = await OurMember.StartAsync("other");
        int port;
        await using (var ours = await OurMember.StartAsync("member", options => options.SnapshotPath = Snapshot))
        {
            port = ours.Membership.LocalEndPoint.Port;
            await ours.Membership.JoinAsync(other.Address, TestContext.Current.CancellationToken);
            await RememberedAsync("other");
        }

        await using var serf = await SerfAgent.StartAsync("member", port, "local", "-snapshot", Snapshot);

        await serf.SeesAsync("other", "alive");
        await other.SeesAsync("member", MemberStatus.Alive);
    }

    [Fact]
    public async Task We_go_on_from_the_file_that_a_serf_agent_wrote()
    {
        await using var other = await OurMember.StartAsync("other");
        int port;
        await using (var serf = await SerfAgent.StartAsync("member", 0, "local", "-snapshot", Snapshot))
        {
            port = serf.Port;
            await serf.JoinAsync(other.Address);
            await RememberedAsync("other", teller: other);
        }

        await using var ours = await OurMember.StartAsync("member", options => (options.SnapshotPath, options.Port) = (Snapshot, port));

        await ours.SeesAsync("other", MemberStatus.Alive);
        await other.SeesAsync("member", MemberStatus.Alive);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_left_comes_back_by_itself_only_when_told_to(bool rejoins)
    {
        await using var serf = await SerfAgent.StartAsync("serf");
        int port;
        await using (var ours = await OurMember.StartAsync("ours", options => options.SnapshotPath = Snapshot))
        {
            port = ours.Membership.LocalEndPoint.Port;
            await serf.JoinAsync(ours.Address);
            await RememberedAsync("serf");
            await ours.Membership.LeaveAsync(TestContext.Current.CancellationToken);
        }
        await serf.SeesAsync("ours", "left");

        await using var again = await OurMember.StartAsync("ours", options =>
            (options.SnapshotPath, options.Port, options.Configure) = (Snapshot, port, config => config with { RejoinAfterLeave = rejoins }));

        if (rejoins)
        {
            await serf.SeesAsync("ours", "alive");
            return;
        }
        // Nothing is to be waited for: whoever rejoins does so from what it remembers at its start.
        Assert.Equal(["ours"], again.Membership.Members.Select(static member => member.Name));
        await serf.JoinAsync(again.Address);
        await serf.SeesAsync("ours", "alive");
    }

    // Serf's agents keep lines back until there is another one to write, so somebody tells them something.
    private Task RememberedAsync(string name, OurMember? teller = null) => Eventually.Become(() => ReadAsync(teller), text => text.Contains($"alive: {name} ", StringComparison.Ordinal), $"the file remembers {name}");

    private async Task<string> ReadAsync(OurMember? teller)
    {
        if (teller is not null) await teller.Membership.FireEventAsync("news", default);
        if (!File.Exists(Snapshot)) return "";
        await using var file = new FileStream(Snapshot, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
