using Conclave.Hosting;
using Conclave.Storage;

namespace Conclave.Tests;

public sealed class DurabilityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-").FullName;
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));

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

    private async Task<ClusterNode> StartAsync()
    {
        var node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo", DataDirectory = _folder }, _stop.Token);
        await node.WaitUntilReadyAsync(_stop.Token);
        return node;
    }
}
