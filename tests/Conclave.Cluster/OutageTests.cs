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
    public async Task Three_servers_that_all_left_find_their_quorum_again_when_each_is_told_its_peers()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 10; i++) await cluster.PutAsync(cluster[0], $"key{i}", "x");
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "key9", "x", "&stale");
        for (int i = 0; i < 3; i++)
        {
            var (exit, output, error) = await cluster[i].CommandAsync("leave");
            Assert.True(exit == 0, output + error);
            Assert.Contains("Graceful leave complete", output);
            Assert.Equal(0, await cluster[i].EndedAsync());
        }
        for (int i = 0; i < 3; i++) WritePeers(cluster[i], [cluster[0], cluster[1], cluster[2]]);
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        for (int i = 0; i < 10; i++) await cluster.WaitForValueAsync(cluster[i % 3], $"key{i}", "x");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        await cluster.PutAsync(cluster[1], "after", "y");
        for (int i = 0; i < 3; i++) Assert.False(File.Exists(PeersFile(cluster[i])));
    }

    [Fact]
    public async Task The_server_that_knows_most_gives_way_when_the_others_had_to_go_on_without_it()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "kept", "1");
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "kept", "1", "&stale");
        foreach (int i in (int[])[0, 1, 2])
        {
            Assert.Equal(0, (await cluster[i].CommandAsync("leave")).Exit);
            Assert.Equal(0, await cluster[i].EndedAsync());
            if (i == 1) await cluster.PutAsync(cluster[2], "alone", "1");
        }
        for (int i = 0; i < 3; i++) WritePeers(cluster[i], [cluster[0], cluster[1], cluster[2]]);
        for (int i = 0; i < 2; i++) cluster[i].Start(cluster.Join);
        await cluster.WaitForValueAsync(cluster[1], "kept", "1");
        await cluster.PutAsync(cluster[0], "without", "1");
        cluster[2].Start(cluster.Join);
        await cluster.WaitForValueAsync(cluster[2], "without", "1", "&stale");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        await cluster.PutAsync(cluster[2], "after", "1");
        for (int i = 0; i < 3; i++) Assert.Null(await cluster.GetAsync(cluster[i], "alone"));
        Assert.True(cluster[2].Said("the others of peers.json went on without this server"));
    }

    [Fact]
    public async Task A_list_of_addresses_as_in_older_times_is_understood_and_a_list_with_mistakes_is_refused_and_stays()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 10; i++) await cluster.PutAsync(cluster[0], $"key{i}", "x");
        string[] ids = [cluster[0].NodeId, cluster[1].NodeId, cluster[2].NodeId];
        await Task.WhenAll(cluster[0].KillAsync(), cluster[1].KillAsync(), cluster[2].KillAsync());

        string address = cluster[0].RaftAddress;
        foreach (var (list, reason) in ((string, string)[])
            [
                ("[", "unexpected EOF"), ("[]", "need at least one voter in configuration"),
                ($$"""[{"id": "", "address": "{{address}}"}]""", "empty ID in configuration"), ("""[{"id": "a", "address": ""}]""", "empty address in configuration"),
                ($$"""[{"id": "a", "address": "{{address}}"}, {"id": "a", "address": "127.0.0.1:1"}]""", "found duplicate ID in configuration: a"),
                ($"[\"{address}\", \"{address}\"]", "found duplicate "),
                ($$"""[{"id": "a", "address": "{{address}}", "non_voter": true}]""", "need at least one voter in configuration"),
            ])
        {
            File.WriteAllText(PeersFile(cluster[0]), list);
            cluster[0].Start(cluster.Join);
            Assert.Equal(1, await cluster[0].EndedAsync());
            Assert.True(cluster[0].Said($"Failed to start Raft: recovery failed to parse peers.json: {reason}"), list + cluster[0].Output);
            Assert.Equal(list, File.ReadAllText(PeersFile(cluster[0])));
        }

        string addresses = new JsonArray([.. Enumerable.Range(0, 3).Select(i => (JsonNode)cluster[i].RaftAddress)]).ToJsonString();
        for (int i = 0; i < 3; i++) File.WriteAllText(PeersFile(cluster[i]), addresses);
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        for (int i = 0; i < 10; i++) await cluster.WaitForValueAsync(cluster[i % 3], $"key{i}", "x");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        for (int i = 0; i < 3; i++) Assert.Equal(ids[i], cluster[i].NodeId);
        for (int i = 0; i < 3; i++) Assert.Contains("peers.json", File.ReadAllText(Path.Combine(cluster[i].DataFolder, "raft", "peers.info")));
    }

    [Fact]
    public async Task A_server_with_a_configured_id_comes_back_with_an_empty_disk_after_its_old_self_was_removed()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "kept", "1");
        var leader = await cluster.LeaderAsync();
        var (wiped, other) = (cluster.Others(leader).First(), cluster.Others(leader).Last());
        string id = wiped.NodeId;
        await wiped.KillAsync();
        Directory.Delete(wiped.DataFolder, recursive: true);
        var (exit, output, error) = await other.CommandAsync("operator", "raft", "remove-peer", $"-id={id}");
        Assert.True(exit == 0, output + error);
        Assert.Equal($"Removed peer with id \"{id}\"\n", output);
        wiped.Configure = config => config["node_id"] = id;
        wiped.Start(cluster.Join);
        await cluster.WaitForValueAsync(wiped, "kept", "1", "&stale");
        await cluster.WaitAsync("its vote", async () => (await cluster.ConfigurationAsync(leader)) is { Count: 3 } servers && servers.TrueForAll(static server => server.Voter) && servers.Exists(server => server.Id == id));
    }

    [Fact]
    public async Task Two_of_five_servers_may_lose_their_disks_at_once()
    {
        await using var cluster = await ServerCluster.StartAsync(5);
        for (int i = 0; i < 10; i++) await cluster.PutAsync(cluster[i % 5], $"key{i}", "x");
        ServerProcess[] wiped = [await cluster.LeaderAsync(), cluster.Others(await cluster.LeaderAsync()).First()];
        await Task.WhenAll(wiped.Select(static server => server.KillAsync()));
        foreach (var server in wiped) Directory.Delete(server.DataFolder, recursive: true);
        foreach (var server in wiped) server.Start(cluster.Join, expect: 5);
        for (int i = 0; i < 10; i++) await cluster.WaitForValueAsync(wiped[i % 2], $"key{i}", "x", "&stale");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2], cluster[3], cluster[4]);
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

    [Fact]
    public async Task A_stale_peer_is_removed_by_the_command_and_comes_back_as_a_new_one()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var stale = cluster.Others(leader).First();
        await stale.KillAsync();
        var (exit, output, error) = await cluster.Others(leader).Last().CommandAsync("operator", "raft", "remove-peer", $"-address={stale.RaftAddress}");
        Assert.True(exit == 0, output + error);
        Assert.Equal($"Removed peer with address \"{stale.RaftAddress}\"\n", output);
        Assert.DoesNotContain(stale.RaftAddress, (await leader.CommandAsync("operator", "raft", "list-peers")).Out);
        (exit, _, error) = await leader.CommandAsync("operator", "raft", "remove-peer", $"-address={stale.RaftAddress}");
        Assert.Equal(1, exit);
        Assert.Contains($"address \"{stale.RaftAddress}\" was not found in the Raft configuration", error);
        Assert.Equal(1, (await leader.CommandAsync("operator", "raft", "remove-peer")).Exit);
        stale.Start(cluster.Join);
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
    }

    private static void WritePeers(ServerProcess server, IEnumerable<ServerProcess> peers)
    {
        var list = new JsonArray([.. peers.Select(static peer => (JsonNode)new JsonObject { ["id"] = peer.NodeId, ["address"] = peer.RaftAddress, ["non_voter"] = false })]);
        File.WriteAllText(PeersFile(server), list.ToJsonString());
    }

    private static string PeersFile(ServerProcess server) => Path.Combine(server.DataFolder, "raft", "peers.json");
}
