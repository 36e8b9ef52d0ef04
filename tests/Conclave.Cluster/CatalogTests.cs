using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>What the catalog says of servers that come and go, and who stays among the voters.</summary>
public sealed class CatalogTests
{
    [Fact]
    public async Task A_killed_server_is_critical_its_sessions_end_and_it_comes_back_passing_with_its_vote()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var killed = cluster.Others(leader).First();
        await WaitForHealthAsync(cluster, leader, killed, "passing");
        string session = await SessionAsync(cluster, killed);
        Assert.Equal("true", await PutAsync(cluster, leader, $"/v1/kv/lock?acquire={session}"));

        await killed.KillAsync();
        await WaitForHealthAsync(cluster, leader, killed, "critical");
        var check = await SerfHealthAsync(cluster, leader, killed);
        Assert.Equal("Agent not live or unreachable", check!["Output"]!.GetValue<string>());
        await cluster.WaitAsync("the session to end", async () => await cluster.JsonAsync(leader, $"/v1/session/info/{session}") is JsonArray { Count: 0 });
        Assert.Null((await cluster.JsonAsync(leader, "/v1/kv/lock"))![0]!["Session"]);
        Assert.Equal(3, (await cluster.ConfigurationAsync(leader)).Count(static server => server.Voter));

        killed.Start(cluster.Join);
        await WaitForHealthAsync(cluster, leader, killed, "passing");
        Assert.Equal(3, (await cluster.ConfigurationAsync(leader)).Count(static server => server.Voter));
    }

    [Fact]
    public async Task A_dead_server_that_is_made_to_leave_at_once_leaves_raft_and_the_catalog_and_may_come_back()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var gone = cluster.Others(leader).First();
        await WaitForHealthAsync(cluster, leader, gone, "passing");
        await gone.KillAsync();
        Assert.Equal("", await PutAsync(cluster, cluster.Others(leader).Last(), $"/v1/agent/force-leave/{gone.Name}"));
        await cluster.WaitAsync("two servers", async () => (await cluster.ConfigurationAsync(leader)).Count == 2);
        await WaitUntilGoneAsync(cluster, leader, gone);
        await cluster.PutAsync(leader, "after", "1");

        gone.Start(cluster.Join);
        await WaitForHealthAsync(cluster, leader, gone, "passing");
        await cluster.WaitAsync("three voters", async () => (await cluster.ConfigurationAsync(leader)).Count(static server => server.Voter) == 3);
    }

    [Fact]
    public async Task A_leader_that_leaves_hands_over_and_is_gone_from_raft_and_catalog()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        foreach (var server in cluster.Others(leader)) await WaitForHealthAsync(cluster, leader, server, "passing");
        Assert.Equal("", await PutAsync(cluster, leader, "/v1/agent/leave"));
        var others = cluster.Others(leader).ToArray();
        await cluster.WaitAsync("another leader", async () => await cluster.LeaderAsync(others[0]) is { } address && address != leader.RaftAddress);
        await cluster.WaitAsync("two servers", async () => (await cluster.ConfigurationAsync(others[0])).Count == 2);
        await WaitUntilGoneAsync(cluster, others[0], leader);
    }

    [Fact]
    public async Task A_server_that_moved_to_another_address_with_its_data_votes_from_there()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var old = cluster.Others(leader).First();
        string id = old.NodeId;
        await WaitForHealthAsync(cluster, leader, old, "passing");
        await old.KillAsync();
        var moved = cluster.Add(old.Name);
        Directory.Move(old.DataFolder, moved.DataFolder);
        moved.Start(cluster.Join);
        await cluster.WaitAsync("its vote at the new address", async () => (await cluster.ConfigurationAsync(leader)).Contains((id, moved.RaftAddress, true)));
        await WaitForHealthAsync(cluster, leader, moved, "passing");
        await cluster.PutAsync(moved, "from-there", "1");
        Assert.Equal(3, (await cluster.ConfigurationAsync(leader)).Count);
    }

    private static async Task<JsonNode?> SerfHealthAsync(ServerCluster cluster, ServerProcess at, ServerProcess of)
    {
        if (await cluster.JsonAsync(at, $"/v1/health/node/{of.Name}") is not JsonArray checks) return null;
        return checks.FirstOrDefault(static check => check!["CheckID"]!.GetValue<string>() == "serfHealth");
    }

    private static Task WaitForHealthAsync(ServerCluster cluster, ServerProcess at, ServerProcess of, string status) =>
        cluster.WaitAsync($"{of.Name} to be {status}", async () => (await SerfHealthAsync(cluster, at, of))?["Status"]?.GetValue<string>() == status);

    private static Task WaitUntilGoneAsync(ServerCluster cluster, ServerProcess at, ServerProcess gone) => cluster.WaitAsync($"the node {gone.Name} to be gone", async () =>
        await cluster.JsonAsync(at, "/v1/catalog/nodes") is JsonArray nodes && nodes.All(node => node!["Node"]!.GetValue<string>() != gone.Name));

    private static async Task<string> SessionAsync(ServerCluster cluster, ServerProcess server) => JsonNode.Parse(await PutAsync(cluster, server, "/v1/session/create"))!["ID"]!.GetValue<string>();

    private static async Task<string> PutAsync(ServerCluster cluster, ServerProcess server, string path)
    {
        using var client = new HttpClient();
        using var body = new ByteArrayContent([]);
        var answer = await client.PutAsync(server.Http + path, body, TestContext.Current.CancellationToken);
        string text = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Trim();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {text}");
        return text;
    }
}
