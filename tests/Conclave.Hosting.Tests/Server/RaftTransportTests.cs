using Conclave.Node;

namespace Conclave.Hosting.Tests.Server;

/// <summary>Raft between servers over real connections.</summary>
public sealed class RaftTransportTests
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));

    [Fact]
    public async Task Writes_reach_all_servers_and_survive_the_leader()
    {
        await using var group = await ServerGroup.StartAsync(3);
        int leader = await group.LeaderAsync(_stop.Token);
        for (int i = 0; i < 100; i++) await group.PutAsync($"key{i}", "x", _stop.Token);
        for (int i = 0; i < 3; i++) await group.WaitForAsync(i, "key99", "x", _stop.Token);
        await group.StopAsync(leader);
        await group.PutAsync("after", "y", _stop.Token);
        await group.StartAsync(leader);
        await group.WaitForAsync(leader, "after", "y", _stop.Token);
    }

    [Fact]
    public async Task A_server_with_an_empty_disk_gets_a_snapshot_over_its_own_connection()
    {
        await using var group = await ServerGroup.StartAsync(3, static config => config with
        {
            Raft = config.Raft with { TrailingEntries = 2 },
            Limits = config.Limits with { SnapshotThreshold = 20, SnapshotInterval = TimeSpan.FromMilliseconds(100), SnapshotChunkBytes = 4096 },
        });
        string large = new('v', 10_000);
        for (int i = 0; i < 60; i++) await group.PutAsync($"key{i}", large, _stop.Token);
        int wiped = (await group.LeaderAsync(_stop.Token) + 1) % 3;
        await group.StopAsync(wiped);
        while (group[await group.LeaderAsync(_stop.Token)].Raft.SnapshotIndex < 30)
        {
            await group.PutAsync("more", "x", _stop.Token);
            await Task.Delay(20, _stop.Token);
        }
        await group.StartAsync(wiped, wipe: true);
        await group.PutAsync("last", "y", _stop.Token);
        await group.WaitForAsync(wiped, "last", "y", _stop.Token);
        Assert.Equal(large, group.Get(wiped, "key0"));
        Assert.Equal(large, group.Get(wiped, "key59"));
    }

    [Fact]
    public async Task Default_reads_need_no_round_and_stale_ones_tell_their_age()
    {
        await using var group = await ServerGroup.StartAsync(3);
        int leader = await group.LeaderAsync(_stop.Token);
        await group.PutAsync("a", "x", _stop.Token);
        ValueTask<ReadGrant> read;
        // The lease begins when a majority has answered.
        while (!(read = group[leader].ReadAsync(ReadMode.Default, _stop.Token)).IsCompleted) await read;
        Assert.Null((await read).Error);
        var consistent = await group[leader].ReadAsync(ReadMode.Consistent, _stop.Token);
        Assert.NotNull(consistent.Root);
        int follower = (leader + 1) % 3;
        await group.WaitForAsync(follower, "a", "x", _stop.Token);
        // A follower that has lost its leader for a moment says so.
        ReadGrant stale;
        while (!(stale = await group[follower].ReadAsync(ReadMode.Stale, _stop.Token)).KnownLeader) await Task.Yield();
        Assert.InRange(stale.LastContactMilliseconds, 1, 60_000);
    }
}
