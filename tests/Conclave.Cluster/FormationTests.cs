namespace Conclave.Cluster;

/// <summary>How servers that expect each other form a cluster, and when they refuse to.</summary>
public sealed class FormationTests
{
    private const string Conflict = "Member has a conflicting expect value. All nodes should expect the same number.", Foreign = "This server belongs to another cluster and is not added";

    [Fact]
    public async Task Servers_that_expect_different_numbers_form_nothing_and_say_so()
    {
        await using var cluster = new ServerCluster();
        ServerProcess[] servers = [cluster.Add(), cluster.Add(), cluster.Add()];
        int[] expected = [3, 2, 3];
        for (int i = 0; i < 3; i++) servers[i].Start(cluster.Join, expected[i]);
        await cluster.WaitAsync("all to name the conflict", () => Task.FromResult(Array.TrueForAll(servers, static server => server.Said(Conflict))));
        foreach (var server in servers)
        {
            Assert.Null(await cluster.LeaderAsync(server));
            Assert.Empty(await cluster.PeersAsync(server));
            Assert.Equal("No cluster leader", await cluster.ErrorAsync(server, "/v1/kv/any"));
            Assert.Equal("No cluster leader", await cluster.ErrorAsync(server, "/v1/kv/any?stale"));
            Assert.Equal("No cluster leader", await cluster.ErrorAsync(server, "/v1/operator/raft/configuration?stale"));
            Assert.Equal("\"\"", await cluster.TextAsync(server, "/v1/status/leader"));
            Assert.Equal("[]", await cluster.TextAsync(server, "/v1/status/peers"));
        }
    }

    [Fact]
    public async Task Servers_that_see_one_in_bootstrap_mode_wait_for_it_and_join_it()
    {
        await using var cluster = new ServerCluster();
        ServerProcess[] servers = [cluster.Add(), cluster.Add(), cluster.Add()];
        foreach (var server in servers) server.Start(cluster.Join, server == servers[0] ? 1 : 3);
        await cluster.WaitForVotersAsync(servers);
        Assert.True(servers[0].Said("cluster leadership acquired"));
        Assert.False(servers[1].Said("attempting bootstrap") || servers[2].Said("attempting bootstrap"));
        await cluster.PutAsync(servers[2], "formed", "1");
    }

    [Fact]
    public async Task A_server_that_comes_late_without_expecting_anybody_gets_a_vote()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "kept", "1");
        var late = cluster.Add();
        late.Start(cluster.Join, expect: 0);
        await cluster.WaitForValueAsync(late, "kept", "1", "&stale");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2], late);
        await cluster.PutAsync(late, "written", "2");
    }

    [Fact]
    public async Task A_new_server_in_bootstrap_mode_forms_no_cluster_when_those_it_joins_have_one()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 20; i++) await cluster.PutAsync(cluster[0], $"key{i}", "theirs");
        var lone = cluster.Add();
        lone.Start(cluster.Join, expect: 1);
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2], lone);
        for (int i = 0; i < 20; i++) await cluster.WaitForValueAsync(lone, $"key{i}", "theirs", "&stale");
        await cluster.PutAsync(lone, "written", "2");
        // It asks and is told of their peers, unless their leader was quicker and took it in.
        Assert.False(lone.Said("attempting bootstrap"));
    }

    [Fact]
    public async Task A_server_with_a_cluster_of_its_own_neither_takes_servers_from_another_one_nor_is_taken()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 20; i++) await cluster.PutAsync(cluster[0], $"key{i}", "theirs");
        var lone = cluster.Add();
        // Each start is an election: its term is far above that of the cluster, which would let it overwrite the others.
        for (int i = 0; i < 4; i++)
        {
            lone.Start([], expect: 1);
            await cluster.PutAsync(lone, $"own{i}", "mine");
            await lone.KillAsync();
        }
        lone.Start(cluster.Join, expect: 1);
        var leader = await cluster.LeaderAsync();
        await cluster.WaitAsync("both sides to refuse", () => Task.FromResult(leader.Said(Foreign) && lone.Said(Foreign)));
        Assert.Equal(3, (await cluster.ConfigurationAsync(leader)).Count);
        Assert.Single(await cluster.ConfigurationAsync(lone));
        for (int i = 0; i < 4; i++) await cluster.WaitForValueAsync(lone, $"own{i}", "mine");
        for (int i = 0; i < 20; i++) await cluster.WaitForValueAsync(cluster[1], $"key{i}", "theirs");

        await lone.KillAsync();
        Directory.Move(Path.Combine(lone.DataFolder, "raft"), Path.Combine(lone.DataFolder, "raft.mine"));
        lone.Start(cluster.Join, expect: 1);
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2], lone);
        await cluster.WaitForValueAsync(lone, "key0", "theirs");
    }
}
