using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>How servers get and lose their vote, and what an operator sees and sets of it.</summary>
public sealed class AutopilotTests
{
    private const string Settings = "/v1/operator/autopilot/configuration", HealthPath = "/v1/operator/autopilot/health";

    [Fact]
    public async Task Every_server_says_how_all_of_them_are_doing()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        foreach (var server in cluster.Others(leader).Append(leader))
        {
            await cluster.WaitAsync($"three healthy servers, as {server.Name} says", async () => await HealthAsync(cluster, server) is { } health
                && health["Healthy"]!.GetValue<bool>() && health["FailureTolerance"]!.GetValue<int>() == 1 && health["Servers"]!.AsArray().Count == 3);
            Assert.True((await EntryAsync(cluster, server, leader.NodeId))!["Leader"]!.GetValue<bool>());
        }
    }

    [Fact]
    public async Task A_dead_server_of_four_goes_as_soon_as_the_least_quorum_allows_it()
    {
        await using var cluster = await ServerCluster.StartAsync(4, static config => config["autopilot"] = new JsonObject { ["min_quorum"] = 4 });
        var leader = await cluster.LeaderAsync();
        await cluster.WaitAsync("the settings", async () => (await cluster.JsonAsync(leader, Settings))?["MinQuorum"]!.GetValue<int>() == 4);
        await cluster.WaitAsync("all to be healthy", async () => await HealthAsync(cluster, leader) is { } health && health["Healthy"]!.GetValue<bool>() && health["FailureTolerance"]!.GetValue<int>() == 1);
        var dead = cluster.Others(leader).First();
        string id = dead.NodeId;
        await dead.KillAsync();
        await cluster.WaitAsync("the dead one to be seen", async () => await SerfStatusAsync(cluster, leader, id) == "failed");
        Assert.Equal(4, (await cluster.ConfigurationAsync(leader)).Count);
        var health = await HealthAsync(cluster, leader);
        Assert.False(health!["Healthy"]!.GetValue<bool>());
        Assert.Equal(0, health["FailureTolerance"]!.GetValue<int>());

        var (exit, output, error) = await cluster.Others(leader).First().CommandAsync("operator", "autopilot", "set-config", "-min-quorum=3");
        Assert.True(exit == 0, output + error);
        Assert.Equal("Configuration updated!\n", output);
        await cluster.WaitAsync("three servers", async () => (await cluster.ConfigurationAsync(leader)).Count == 3);
        Assert.DoesNotContain(id, (await leader.CommandAsync("operator", "raft", "list-peers")).Out);
        await cluster.PutAsync(leader, "after", "1");
    }

    [Fact]
    public async Task A_new_server_is_healthy_for_a_while_before_it_gets_its_vote()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "kept", "1");
        // Right after an election the time is waived, because nobody has been watched for long.
        await cluster.WaitAsync("a leader that has led for longer than the stabilization time", async () =>
            await EntryAsync(cluster, await cluster.LeaderAsync(), (await cluster.LeaderAsync()).NodeId) is { } entry && DateTime.UtcNow - entry["StableSince"]!.GetValue<DateTime>() > TimeSpan.FromSeconds(11));
        var late = cluster.Add();
        late.Start(cluster.Join, expect: 0);
        bool wasHealthyWithoutVote = false;
        await cluster.WaitAsync("its vote", async () =>
        {
            if (late.NodeId.Length == 0 || await EntryAsync(cluster, await cluster.LeaderAsync(), late.NodeId) is not { } entry) return false;
            wasHealthyWithoutVote |= entry["Healthy"]!.GetValue<bool>() && !entry["Voter"]!.GetValue<bool>();
            return entry["Voter"]!.GetValue<bool>();
        });
        Assert.True(wasHealthyWithoutVote);
        await cluster.WaitForValueAsync(late, "kept", "1", "&stale");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2], late);
    }

    [Fact]
    public async Task Settings_are_compared_and_set_at_any_server()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var follower = cluster.Others(await cluster.LeaderAsync()).First();
        var settings = (await cluster.JsonAsync(follower, Settings))!.AsObject();
        ulong index = settings["ModifyIndex"]!.GetValue<ulong>();
        settings["MaxTrailingLogs"] = 123;
        await SetAsync(cluster, follower, settings, cas: index + 1, isTaken: false);
        await SetAsync(cluster, follower, settings, cas: index, isTaken: true);
        await SetAsync(cluster, follower, settings, cas: index, isTaken: false);
        Assert.Equal(123, (await cluster.JsonAsync(follower, Settings))!["MaxTrailingLogs"]!.GetValue<int>());
        var (exit, output, _) = await follower.CommandAsync("operator", "autopilot", "get-config");
        Assert.Equal(0, exit);
        Assert.Contains("MaxTrailingLogs = 123", output);
    }

    [Fact]
    public async Task Leadership_goes_where_the_operator_sends_it()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var target = cluster.Others(leader).Last();
        var (status, text) = await cluster.SendAsync(target, HttpMethod.Post, $"/v1/operator/raft/transfer-leader?id={target.NodeId}");
        Assert.True(status == HttpStatusCode.OK, text);
        await cluster.WaitAsync("the new leader", async () => await cluster.LeaderAsync() == target);
        await cluster.PutAsync(leader, "after", "1");
        (status, _) = await cluster.SendAsync(target, HttpMethod.Post, "/v1/operator/raft/transfer-leader?id=nobody");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        string[] rows = (await leader.CommandAsync("operator", "raft", "list-peers")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, rows.Length);
        Assert.Contains(target.NodeId, Assert.Single(rows, static row => row.Contains(" leader ", StringComparison.Ordinal)));
    }

    private static async Task SetAsync(ServerCluster cluster, ServerProcess server, JsonObject settings, ulong cas, bool isTaken)
    {
        var (status, text) = await cluster.SendAsync(server, HttpMethod.Put, $"{Settings}?cas={cas}", Encoding.UTF8.GetBytes(settings.ToJsonString()));
        Assert.True(status == HttpStatusCode.OK, text);
        Assert.Equal(isTaken ? "true" : "false", text.Trim());
    }

    // Unhealthy clusters are answered with another status than healthy ones.
    private static async Task<JsonNode?> HealthAsync(ServerCluster cluster, ServerProcess server) =>
        await cluster.TextAsync(server, HealthPath) is { } text && text.StartsWith('{') ? JsonNode.Parse(text) : null;

    private static async Task<JsonNode?> EntryAsync(ServerCluster cluster, ServerProcess server, string id) =>
        (await HealthAsync(cluster, server))?["Servers"]!.AsArray().FirstOrDefault(entry => entry!["ID"]!.GetValue<string>() == id);

    private static async Task<string?> SerfStatusAsync(ServerCluster cluster, ServerProcess server, string id) => (await EntryAsync(cluster, server, id))?["SerfStatus"]!.GetValue<string>();
}
