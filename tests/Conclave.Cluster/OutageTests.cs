using System.Net;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>What an operator does when a majority is gone, step by step.</summary>
public sealed class OutageTests
{
    [Fact]
    public async Task With_two_of_three_servers_lost_the_third_serves_again_alone_after_it_was_told_so()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 10; i++) await cluster.PutAsync(cluster[0], $"key{i}", "x");
        await cluster.WaitForValueAsync(cluster[2], "key9", "x", "&stale");
        await Task.WhenAll(cluster[0].KillAsync(), cluster[1].KillAsync(), cluster[2].KillAsync());
        WritePeers(cluster[2], [cluster[2]]);
        cluster[2].Start(cluster.Join);
        for (int i = 0; i < 10; i++) await cluster.WaitForValueAsync(cluster[2], $"key{i}", "x");
        await cluster.PutAsync(cluster[2], "after", "y");
        Assert.Single(await cluster.PeersAsync(cluster[2]));
    }

    [Fact]
    public async Task Three_servers_that_are_given_the_same_list_find_their_quorum_again()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "kept", "1");
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "kept", "1", "&stale");
        await Task.WhenAll(cluster[0].KillAsync(), cluster[1].KillAsync(), cluster[2].KillAsync());
        for (int i = 0; i < 3; i++) WritePeers(cluster[i], [cluster[0], cluster[1], cluster[2]]);
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "kept", "1");
        await cluster.PutAsync(cluster[1], "after", "2");
        Assert.Equal(3, (await cluster.PeersAsync(cluster[1])).Count);
    }

    [Fact]
    public async Task A_stale_peer_is_removed_on_the_operators_word_at_any_server()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var stale = cluster.Others(leader).First();
        var other = cluster.Others(leader).Last();
        await stale.KillAsync();
        Assert.Equal(HttpStatusCode.OK, await cluster.DeleteAsync(other, $"/v1/operator/raft/peer?address={stale.RaftAddress}"));
        await cluster.WaitAsync("two servers", async () => (await cluster.ConfigurationAsync(leader)).Count == 2);
        await cluster.PutAsync(other, "after", "1");
        Assert.Equal(HttpStatusCode.InternalServerError, await cluster.DeleteAsync(other, "/v1/operator/raft/peer?id=nobody"));
    }

    private static void WritePeers(ServerProcess server, IEnumerable<ServerProcess> peers)
    {
        var list = new JsonArray([.. peers.Select(static peer => (JsonNode)new JsonObject { ["id"] = peer.NodeId, ["address"] = peer.RaftAddress, ["non_voter"] = false })]);
        File.WriteAllText(Path.Combine(server.DataFolder, "raft", "peers.json"), list.ToJsonString());
    }
}
