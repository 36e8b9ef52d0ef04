using Conclave.Hosting;
using Conclave.Node;

namespace Conclave.Tests;

public sealed class ClusterNodeTests
{
    [Fact]
    public async Task Several_nodes_live_in_one_process_without_meeting()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var one = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "one" }, stop.Token);
        await using var two = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "two", Datacenter = "dc2" }, stop.Token);
        await Task.WhenAll(one.WaitUntilReadyAsync(stop.Token), two.WaitUntilReadyAsync(stop.Token));

        await one.Kv.PutAsync("k", "one", stop: stop.Token);
        await two.Kv.PutAsync("k", "two", stop: stop.Token);

        Assert.Equal(("one", "two"), ((await one.Kv.GetAsync("k", stop: stop.Token)).Text, (await two.Kv.GetAsync("k", stop: stop.Token)).Text));
        Assert.NotEqual(one.Identity.NodeId, two.Identity.NodeId);
    }

    [Fact]
    public async Task All_wrong_options_are_listed_at_once()
    {
        var options = new ClusterNodeOptions { NodeName = "", NodeId = "x", Datacenter = "DC 1", AdvertiseAddress = "0.0.0.0", ServerPort = 0, SnapshotThreshold = 0 };

        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => ClusterNode.StartAsync(options));

        foreach (string name in (string[])["NodeName", "NodeId", "Datacenter", "AdvertiseAddress", "ServerPort", "SnapshotThreshold"]) Assert.Contains(name, refusal.Message);
    }

    [Fact]
    public async Task A_stopped_node_refuses_at_once()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo" }, stop.Token);
        await node.WaitUntilReadyAsync(stop.Token);
        await node.DisposeAsync();

        var refusal = await Assert.ThrowsAsync<NodeUnavailableException>(async () => await node.Kv.PutAsync("k", "v", stop: stop.Token));

        Assert.Equal(ErrorTexts.ShuttingDown, refusal.Message);
        Assert.False(node.Status.IsLeader);
    }

    [Fact]
    public async Task A_thousand_writers_at_once_are_all_served()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo" }, stop.Token);
        await node.WaitUntilReadyAsync(stop.Token);

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => node.Kv.PutAsync($"k/{i}", $"{i}", stop: stop.Token).AsTask()));

        Assert.Equal(1000, (await node.Kv.ListAsync("k/", stop: stop.Token)).Count);
    }

    [Fact]
    public async Task A_caller_may_stop_waiting()
    {
        using var enough = new CancellationTokenSource();
        await using var node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo" }, CancellationToken.None);
        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await node.Kv.PutAsync("k", "v", stop: enough.Token));
    }
}
