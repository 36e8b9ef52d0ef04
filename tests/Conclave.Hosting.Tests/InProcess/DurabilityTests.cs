using Conclave.Hosting;
using Conclave.Storage;

namespace Conclave.Tests;

public sealed class DurabilityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-").FullName;
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_restart()
    {
        string id;
        await using (var node = await StartAsync())
        {
            id = node.Identity.NodeId;
            for (int i = 0; i < 100; i++) await node.Kv.PutAsync($"k/{i}", $"{i}", stop: _stop.Token);
        }

        await using var again = await StartAsync();

        Assert.Equal(id, again.Identity.NodeId);
        Assert.Equal(100, (await again.Kv.ListAsync("k/", stop: _stop.Token)).Count);
        Assert.Equal("57", (await again.Kv.GetAsync("k/57", stop: _stop.Token)).Text);
    }

    [Fact]
    public async Task A_second_node_in_the_same_folder_does_not_start()
    {
        await using var node = await StartAsync();

        var refusal = await Assert.ThrowsAsync<DiskException>(StartAsync);

        Assert.Equal(DiskError.Locked, refusal.Error);
    }

    [Fact]
    public async Task A_restart_goes_on_from_a_snapshot()
    {
        var often = new ClusterNodeOptions { NodeName = "solo", DataDirectory = _folder, SnapshotThreshold = 10, SnapshotInterval = TimeSpan.FromMilliseconds(5), TrailingEntries = 0 };
        await using (var node = await StartAsync(often))
        {
            for (int i = 0; node.Raft.SnapshotIndex < 50; i++) await node.Kv.PutAsync($"k/{i % 20}", $"{i}", stop: _stop.Token);
            await node.Kv.PutAsync("last", "word", stop: _stop.Token);
        }

        await using var again = await StartAsync(often);

        Assert.True(again.Raft.SnapshotIndex >= 50);
        Assert.Equal("word", (await again.Kv.GetAsync("last", stop: _stop.Token)).Text);
        Assert.Equal(20, (await again.Kv.ListAsync("k/", stop: _stop.Token)).Count);
    }

    [Fact]
    public async Task Writers_and_disk_never_wait_for_each_other_in_vain()
    {
        // The only timer is an hour away: a wake-up that got lost would leave the writers waiting until the test gives up.
        await using var node = await StartAsync(new ClusterNodeOptions { NodeName = "solo", DataDirectory = _folder, SnapshotInterval = TimeSpan.FromHours(1) });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (int i = 0; i < 250; i++) await node.Kv.PutAsync($"k/{writer}/{i}", "x", stop: _stop.Token);
        }));

        Assert.Equal(2000, (await node.Kv.ListAsync("k/", stop: _stop.Token)).Count);
    }

    private async Task<ClusterNode> StartAsync() => await StartAsync(new ClusterNodeOptions { NodeName = "solo", DataDirectory = _folder });

    private async Task<ClusterNode> StartAsync(ClusterNodeOptions options)
    {
        var node = await ClusterNode.StartAsync(options, _stop.Token);
        await node.WaitUntilReadyAsync(_stop.Token);
        return node;
    }
}
