using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>What becomes of agents whose lines to the others are cut, and of those that are left.</summary>
public sealed class PartitionTests
{
    private const int Writers = 64, Rounds = 4;

    [Fact]
    public async Task Leaders_cut_off_under_load_take_no_acknowledged_write_with_them()
    {
        await using var cluster = await ServerCluster.StartWithCuttableLinesAsync();
        var acknowledged = new ConcurrentDictionary<string, string>();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, Writers).Select(writer => WriteAsync(cluster, writer, acknowledged, stop.Token)).ToArray();
        for (int round = 0; round < Rounds; round++)
        {
            int before = acknowledged.Count;
            await cluster.WaitAsync("writes", () => Task.FromResult(acknowledged.Count > before + 200));
            cluster.CutOff(await cluster.LeaderAsync());
            int after = acknowledged.Count;
            await cluster.WaitAsync("writes without the leader", () => Task.FromResult(acknowledged.Count > after + 200));
            cluster.Heal();
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        for (int i = 0; i < 3; i++)
        {
            await cluster.PutAsync(cluster[i], $"last{i}", "written");
            var entries = (JsonArray)(await cluster.JsonAsync(cluster[i], "/v1/kv/writer/?recurse&consistent"))!;
            var found = entries.ToDictionary(static entry => entry!["Key"]!.GetValue<string>(), static entry => Encoding.UTF8.GetString(Convert.FromBase64String(entry!["Value"]!.GetValue<string>())));
            foreach (var (key, value) in acknowledged) Assert.Equal((key, value), (key, found.GetValueOrDefault(key)));
        }
    }

    [Fact]
    public async Task A_follower_that_was_cut_off_serves_the_first_request_after_and_does_not_unseat_the_leader()
    {
        await using var cluster = await ServerCluster.StartWithCuttableLinesAsync();
        await cluster.PutAsync(cluster[0], "state", "before");
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Others(leader).First();
        await cluster.WaitForValueAsync(follower, "state", "before", "&stale");
        cluster.CutOff(follower);
        await cluster.PutAsync(leader, "state", "meanwhile");
        await UntilFailedAsync(cluster, leader, follower);
        if (cluster.CutsPackets)
        {
            await cluster.WaitAsync("the follower to know no leader", async () => await cluster.LeaderAsync(follower) is null);
            Assert.Equal("before", await cluster.GetAsync(follower, "state", "&stale"));
            Assert.Equal((HttpStatusCode.InternalServerError, "No cluster leader"), await cluster.SendAsync(follower, HttpMethod.Get, "/v1/kv/state"));
        }
        string term = await TermAsync(cluster, leader);

        cluster.Heal();
        // One attempt each: what takes a moment is waited for inside.
        Assert.Equal("meanwhile", await cluster.GetAsync(follower, "state"));
        Assert.True(await cluster.TryPutAsync(follower, "state", "after"));
        Assert.Equal((leader, term), (await cluster.LeaderAsync(), await TermAsync(cluster, leader)));
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
    }

    [Fact]
    public async Task A_client_agent_on_the_side_of_the_few_keeps_what_it_is_told_until_the_lines_are_mended()
    {
        await using var cluster = await ServerCluster.StartWithCuttableLinesAsync(others: 2);
        foreach (string name in (string[])["client-1", "client-2"])
        {
            var client = cluster.Add(name);
            client.Configure = static config => config["server"] = false;
            client.Start(cluster.Join, expect: 0);
            await UntilHealthAsync(cluster, client, client, "passing");
        }
        var (inside, outside) = (cluster[3], cluster[4]);
        var follower = cluster.Others(await cluster.LeaderAsync()).First(server => server != inside && server != outside);
        await cluster.PutAsync(inside, "state", "before");
        await cluster.WaitForValueAsync(follower, "state", "before", "&stale");
        cluster.CutOff(follower, inside);
        await UntilHealthAsync(cluster, outside, inside, "critical");
        await cluster.PutAsync(outside, "state", "meanwhile");
        if (cluster.CutsPackets)
        {
            // A server on its side has the old state for those who take it.
            await cluster.WaitForValueAsync(inside, "state", "before", "&stale");
            Assert.Equal(HttpStatusCode.InternalServerError, (await cluster.SendAsync(inside, HttpMethod.Get, "/v1/kv/state")).Status);
            Assert.Equal(HttpStatusCode.OK, await cluster.PutRawAsync(inside, "/v1/agent/service/register", Encoding.UTF8.GetBytes("""{"Name":"late"}""")));
        }

        cluster.Heal();
        await UntilHealthAsync(cluster, outside, inside, "passing");
        Assert.Equal("meanwhile", await cluster.GetAsync(inside, "state"));
        if (cluster.CutsPackets) await cluster.WaitAsync("the service in the catalog", async () => await cluster.JsonAsync(outside, "/v1/catalog/service/late") is JsonArray { Count: 1 });
    }

    private static async Task WriteAsync(ServerCluster cluster, int writer, ConcurrentDictionary<string, string> acknowledged, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string key = $"writer/{writer}/{i}";
            if (await cluster.TryPutAsync(cluster[(writer + i) % 3], key, $"value{i}")) acknowledged[key] = $"value{i}";
            else await Task.Delay(20, CancellationToken.None);
        }
    }

    private static Task UntilFailedAsync(ServerCluster cluster, ServerProcess at, ServerProcess failed) => cluster.WaitAsync($"{failed.Name} to be missed", async () =>
        await cluster.TextAsync(at, "/v1/operator/autopilot/health") is { } health && health.Contains("\"failed\"", StringComparison.Ordinal));

    private static Task UntilHealthAsync(ServerCluster cluster, ServerProcess at, ServerProcess of, string status) => cluster.WaitAsync($"{of.Name} to be {status} at {at.Name}", async () =>
        await cluster.JsonAsync(at, $"/v1/health/node/{of.Name}") is JsonArray checks && checks.Any(check => check!["CheckID"]!.GetValue<string>() == "serfHealth" && check["Status"]!.GetValue<string>() == status));

    private static async Task<string> TermAsync(ServerCluster cluster, ServerProcess server) => (await cluster.JsonAsync(server, "/v1/agent/self"))!["Stats"]!["raft"]!["term"]!.GetValue<string>();
}
