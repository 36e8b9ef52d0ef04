using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>Servers that leave, one or all of them, and come back.</summary>
public sealed class DepartureTests
{
    [Fact]
    public async Task A_leader_that_leaves_is_followed_at_once_out_of_the_configuration_and_gets_its_vote_back_when_it_returns()
    {
        await using var cluster = await ServerCluster.StartAsync(3, LeavesOnInterrupt);
        var leader = await cluster.LeaderAsync();
        var others = cluster.Others(leader).ToList();
        string id = leader.NodeId;
        await cluster.PutAsync(leader, "kept", "1");
        leader.Signal("INT");
        Assert.Equal(0, await leader.EndedAsync());
        Assert.True(leader.Said("successfully transferred leadership") && leader.Said("Waiting to drain RPC traffic") && leader.Said("Graceful exit completed"));
        foreach (var other in others)
        {
            await cluster.WaitAsync($"two servers at {other.Name}", async () => (await cluster.ConfigurationAsync(other)).Count == 2);
            await cluster.WaitAsync($"{other.Name} to know that it left", async () => await StatusAsync(cluster, other, leader.Name) == 3);
            await cluster.PutAsync(other, "after", other.Name);
        }
        leader.Start(cluster.Join);
        await cluster.WaitAsync("its vote", async () => (await cluster.ConfigurationAsync(others[0])).Exists(server => server.Id == id && server.Voter));
        await cluster.WaitForValueAsync(leader, "kept", "1");
    }

    [Fact]
    public async Task A_leader_that_only_stops_hands_over_if_it_can_and_then_no_write_elsewhere_fails()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var other = cluster.Others(leader).First();
        await cluster.WaitAsync("health", async () => (await cluster.JsonAsync(leader, "/v1/operator/autopilot/health"))?["Healthy"]?.GetValue<bool>() is true);
        var written = WriteAsync(cluster, other, () => leader.IsRunning);
        leader.Signal("TERM");
        Assert.Equal(1, await leader.EndedAsync());
        int failed = await written;
        // On a machine that gives the others no time in time it stops without.
        if (leader.Said("successfully transferred leadership")) Assert.Equal(0, failed);
        await cluster.PutAsync(other, "after", "1");
    }

    [Fact]
    public async Task Servers_that_all_left_at_once_come_back_with_their_data()
    {
        await using var cluster = await ServerCluster.StartAsync(3, LeavesOnInterrupt);
        await LeaveTogetherAsync(cluster);
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        await IsWholeAsync(cluster);
    }

    [Fact]
    public async Task Servers_that_all_left_at_once_are_restored_by_a_list_of_peers()
    {
        await using var cluster = await ServerCluster.StartAsync(3, LeavesOnInterrupt);
        await LeaveTogetherAsync(cluster);
        var peers = new JsonArray();
        for (int i = 0; i < 3; i++) peers.Add(new JsonObject { ["id"] = cluster[i].NodeId, ["address"] = cluster[i].RaftAddress, ["non_voter"] = false });
        for (int i = 0; i < 3; i++) await File.WriteAllTextAsync(Path.Combine(cluster[i].DataFolder, "raft", "peers.json"), peers.ToJsonString(), TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        await IsWholeAsync(cluster);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(cluster[i].Said("found peers.json file, recovering Raft configuration..."));
            Assert.False(File.Exists(Path.Combine(cluster[i].DataFolder, "raft", "peers.json")));
        }
    }

    [Fact]
    public async Task Servers_that_left_one_after_the_other_come_back_with_their_data()
    {
        await using var cluster = await ServerCluster.StartAsync(3, LeavesOnInterrupt);
        await cluster.PutAsync(cluster[0], "kept", "1");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal((0, "Graceful leave complete\n", ""), await cluster[i].CommandAsync("leave"));
            Assert.Equal(0, await cluster[i].EndedAsync());
        }
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        await IsWholeAsync(cluster);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_left_finds_the_others_again_by_itself_only_when_told_to(bool rejoins)
    {
        await using var cluster = await ServerCluster.StartAsync(3, config =>
        {
            LeavesOnInterrupt(config);
            config["rejoin_after_leave"] = rejoins;
        });
        var leaver = cluster.Others(await cluster.LeaderAsync()).First();
        leaver.Signal("INT");
        Assert.Equal(0, await leaver.EndedAsync());
        leaver.Start([]);
        await cluster.WaitAsync("it to run", () => Task.FromResult(leaver.Said("Consul agent running!") && leaver.IsRunning));
        if (rejoins)
        {
            await cluster.WaitAsync("three members", async () => await StatusAsync(cluster, leaver, cluster[0].Name) == 1 && await StatusAsync(cluster, leaver, cluster[2].Name) == 1);
            return;
        }
        await cluster.WaitAsync("an answer", async () => (await MembersAsync(cluster, leaver)).Count > 0);
        Assert.Single(await MembersAsync(cluster, leaver));
        Assert.False(leaver.Said("Attempting re-join to previously known node"));
    }

    private static void LeavesOnInterrupt(JsonObject config)
    {
        config["skip_leave_on_interrupt"] = false;
        config["performance"] = new JsonObject { ["leave_drain_time"] = "200ms" };
    }

    private static async Task LeaveTogetherAsync(ServerCluster cluster)
    {
        await cluster.PutAsync(cluster[0], "kept", "1");
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "kept", "1", "&stale");
        for (int i = 0; i < 3; i++) cluster[i].Signal("INT");
        for (int i = 0; i < 3; i++) await cluster[i].EndedAsync();
    }

    private static async Task IsWholeAsync(ServerCluster cluster)
    {
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "kept", "1");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        await cluster.PutAsync(cluster[2], "after", "1");
    }

    // How many of the writes failed.
    private static async Task<int> WriteAsync(ServerCluster cluster, ServerProcess server, Func<bool> goesOn)
    {
        int failed = 0;
        for (int i = 0; goesOn(); i++)
            if (!await cluster.TryPutAsync(server, $"key{i}", "x")) failed++;
        return failed;
    }

    private static async Task<int> StatusAsync(ServerCluster cluster, ServerProcess at, string name) =>
        (await MembersAsync(cluster, at)).Find(member => member!["Name"]!.GetValue<string>() == name)?["Status"]!.GetValue<int>() ?? 0;

    private static async Task<List<JsonNode?>> MembersAsync(ServerCluster cluster, ServerProcess at) => await cluster.JsonAsync(at, "/v1/agent/members") is JsonArray members ? [.. members] : [];
}
