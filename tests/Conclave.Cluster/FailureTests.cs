using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>What three servers must survive.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Leaders_killed_under_load_take_no_acknowledged_write_with_them()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var acknowledged = new ConcurrentDictionary<string, string>();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 64).Select(writer => WriteAsync(cluster, writer, acknowledged, stop.Token)).ToArray();
        for (int round = 0; round < 20; round++)
        {
            int before = acknowledged.Count;
            await cluster.WaitAsync("writes", () => Task.FromResult(acknowledged.Count > before + 200));
            var leader = await cluster.LeaderAsync();
            await leader.KillAsync();
            int after = acknowledged.Count;
            await cluster.WaitAsync("writes without the leader", () => Task.FromResult(acknowledged.Count > after + 200));
            leader.Start(cluster.Join);
        }
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        var reader = await cluster.LeaderAsync();
        for (int writer = 0; writer < 64; writer++)
        {
            var entries = (JsonArray)(await cluster.JsonAsync(reader, $"/v1/kv/writer{writer}/?recurse&consistent"))!;
            var found = entries.ToDictionary(static entry => entry!["Key"]!.GetValue<string>(), static entry => Encoding.UTF8.GetString(Convert.FromBase64String(entry!["Value"]!.GetValue<string>())));
            foreach (var (key, value) in acknowledged.Where(write => write.Key.StartsWith($"writer{writer}/", StringComparison.Ordinal))) Assert.Equal((key, value), (key, found.GetValueOrDefault(key)));
        }
    }

    [Fact]
    public async Task A_leader_that_stood_still_steps_down_and_answers_no_read_with_what_it_had()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 5; i++)
        {
            await cluster.PutAsync(cluster[0], "current", $"old{i}");
            var former = await cluster.LeaderAsync();
            former.Pause();
            await cluster.PutAsync(cluster.Others(former).First(), "current", $"new{i}");
            former.Resume();
            string? first = null;
            await cluster.WaitAsync("an answer of the former leader", async () => (first = await cluster.GetAsync(former, "current")) is not null);
            Assert.Equal($"new{i}", first);
            await cluster.PutAsync(former, "again", $"{i}");
        }
    }

    [Fact]
    public async Task All_servers_killed_at_once_come_back_with_everything()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 20; i++) await cluster.PutAsync(cluster[i % 3], $"key{i}", $"value{i}");
        await Task.WhenAll(cluster[0].KillAsync(), cluster[1].KillAsync(), cluster[2].KillAsync());
        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        for (int i = 0; i < 20; i++) await cluster.WaitForValueAsync(cluster[(i + 1) % 3], $"key{i}", $"value{i}");
    }

    [Fact]
    public async Task A_server_that_comes_back_with_an_empty_disk_takes_the_place_of_its_former_self()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "kept", "1");
        var leader = await cluster.LeaderAsync();
        var wiped = cluster.Others(leader).First();
        string former = wiped.NodeId;
        await wiped.KillAsync();
        Directory.Delete(wiped.DataFolder, recursive: true);
        wiped.Start(cluster.Join);
        await cluster.WaitForValueAsync(wiped, "kept", "1", "&stale");
        await cluster.WaitAsync("the new id to have a vote and the old one to be gone", async () =>
        {
            var servers = await cluster.ConfigurationAsync(await cluster.LeaderAsync());
            return servers.Count == 3 && servers.TrueForAll(server => server.Voter && server.Id != former) && servers.Exists(server => server.Id == wiped.NodeId);
        });
    }

    [Fact]
    public async Task A_snapshot_restored_at_the_leader_reaches_all_servers()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "saved", "1");
        var leader = await cluster.LeaderAsync();
        byte[] archive = await cluster.GetRawAsync(leader, "/v1/snapshot");
        await cluster.PutAsync(leader, "saved", "2");
        await cluster.PutAsync(leader, "later", "3");
        Assert.Equal(HttpStatusCode.OK, await cluster.PutRawAsync(leader, "/v1/snapshot", archive));
        for (int i = 0; i < 3; i++)
        {
            await cluster.WaitForValueAsync(cluster[i], "saved", "1", "&stale");
            Assert.Null(await cluster.GetAsync(cluster[i], "later", "&stale"));
        }
        await cluster.PutAsync(cluster[1], "after", "4");
    }

    private static async Task WriteAsync(ServerCluster cluster, int writer, ConcurrentDictionary<string, string> acknowledged, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string key = $"writer{writer}/key{i}";
            if (await cluster.TryPutAsync(cluster[(writer + i) % 3], key, $"value{i}")) acknowledged[key] = $"value{i}";
            else await Task.Delay(20, CancellationToken.None);
        }
    }
}
