namespace Conclave.Cluster;

/// <summary>A server in the place of another: with its identity elsewhere, or with its name and nothing else.</summary>
public sealed class ReplacementTests
{
    [Fact]
    public async Task A_server_that_left_comes_back_at_another_address_with_its_name_its_id_and_its_vote()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var moved = cluster.Others(await cluster.LeaderAsync()).First();
        await cluster.PutAsync(moved, "kept", "1");
        Assert.Equal(0, (await moved.CommandAsync("leave")).Exit);
        await moved.EndedAsync();
        var (id, before) = (moved.NodeId, moved.RaftAddress);
        moved.Move();
        moved.Start(cluster.Join);
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        Assert.Equal(id, moved.NodeId);
        Assert.NotEqual(before, moved.RaftAddress);
        await cluster.WaitForValueAsync(moved, "kept", "1");
    }

    [Fact]
    public async Task A_new_server_with_the_name_of_one_that_is_lost_takes_its_place()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var lost = cluster.Others(await cluster.LeaderAsync()).First();
        await cluster.PutAsync(lost, "kept", "1");
        string before = lost.NodeId;
        await lost.KillAsync();
        Directory.Delete(lost.DataFolder, recursive: true);
        lost.Start(cluster.Join, expect: 0);
        await cluster.WaitAsync("its new id", () => Task.FromResult(File.Exists(Path.Combine(lost.DataFolder, "node-id")) && lost.Said("Consul agent running!") && lost.NodeId != before));
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        Assert.NotEqual(before, lost.NodeId);
        await cluster.WaitForValueAsync(lost, "kept", "1");
        await cluster.WaitAsync("the catalog to know its new id", async () =>
            await cluster.TextAsync(cluster[0], $"/v1/catalog/node/{lost.Name}") is { } node && node.Contains(lost.NodeId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stranger_with_the_id_of_a_member_is_refused_by_both_sides_and_keeps_trying()
    {
        await using var cluster = await ServerCluster.StartAsync();
        string id = cluster[0].NodeId;
        var twin = cluster.Add("twin");
        twin.Configure = config => config["node_id"] = id;
        twin.Start([cluster[0].GossipAddress], expect: 0);
        await cluster.WaitAsync("a refusal", () => Task.FromResult(twin.Said($"has conflicting node ID '{id}'")));
        await cluster.WaitAsync("another attempt", () => Task.FromResult(twin.Said("Join cluster failed, will retry")));
        Assert.True(twin.IsRunning);
        Assert.DoesNotContain("twin", await cluster.TextAsync(cluster[0], "/v1/agent/members"));
    }

    [Fact]
    public async Task A_stranger_of_another_datacenter_is_refused_and_keeps_trying()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var stranger = cluster.Add("stranger");
        stranger.Configure = static config => config["datacenter"] = "dc9";
        stranger.Start([cluster[1].GossipAddress], expect: 0);
        await cluster.WaitAsync("a refusal", () => Task.FromResult(stranger.Said("part of wrong datacenter 'dc")));
        Assert.True(stranger.IsRunning);
        Assert.DoesNotContain("stranger", await cluster.TextAsync(cluster[1], "/v1/agent/members"));
    }
}
