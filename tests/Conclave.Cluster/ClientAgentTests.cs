using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>Three servers and three client agents as operators run them: what is registered where, and what becomes of it on bad days.</summary>
public sealed class ClientAgentTests
{
    [Fact]
    public async Task A_service_registered_on_any_agent_is_known_on_all()
    {
        await using var cluster = await StartAsync();
        for (int i = 0; i < 6; i++) await RegisterAsync(cluster, cluster[i], $"service-{i}");
        for (int i = 0; i < 6; i++)
            for (int at = 0; at < 6; at++)
                await WaitForHealthAsync(cluster, cluster[at], $"service-{i}", "passing", node: cluster[i].Name);

        await DeregisterAsync(cluster, cluster[4], "service-4");
        for (int at = 0; at < 6; at++) await WaitUntilUnknownAsync(cluster, cluster[at], "service-4");
    }

    [Fact]
    public async Task A_killed_client_is_critical_and_comes_back_with_its_services()
    {
        await using var cluster = await StartAsync();
        var client = cluster[3];
        await RegisterAsync(cluster, client, "web");
        await WaitForHealthAsync(cluster, cluster[5], "web", "passing");

        await client.KillAsync();
        await WaitForSerfAsync(cluster, cluster[5], client, "critical");
        client.Start(cluster.Join, expect: 0);
        await WaitForSerfAsync(cluster, cluster[5], client, "passing");
        // What the check said before is not trusted for ever: the next heartbeat counts.
        await cluster.WaitAsync($"a heartbeat at {client.Name}", async () => await cluster.TrySendAsync(client, HttpMethod.Put, "/v1/agent/check/pass/web-check") is (HttpStatusCode.OK, _));
        await WaitForHealthAsync(cluster, cluster[5], "web", "passing", node: client.Name);
    }

    [Fact]
    public async Task A_client_that_leaves_or_is_forced_out_is_gone_from_the_catalog()
    {
        await using var cluster = await StartAsync();
        var (leaving, killed, witness) = (cluster[3], cluster[4], cluster[5]);
        await RegisterAsync(cluster, leaving, "web");
        await RegisterAsync(cluster, killed, "db");
        await WaitForHealthAsync(cluster, witness, "web", "passing");
        await WaitForHealthAsync(cluster, witness, "db", "passing");

        leaving.Signal("TERM");                                        // a client's answer to which is to leave
        Assert.Equal(0, await leaving.EndedAsync());
        await WaitUntilUnknownAsync(cluster, witness, "web");
        Assert.Equal("3", await StatusOfAsync(cluster, witness, leaving));

        await killed.KillAsync();
        await WaitForSerfAsync(cluster, witness, killed, "critical");
        Assert.Equal(HttpStatusCode.OK, await cluster.PutRawAsync(witness, $"/v1/agent/force-leave/{killed.Name}", []));
        await WaitUntilUnknownAsync(cluster, witness, "db");
    }

    [Fact]
    public async Task Clients_go_on_when_the_leader_is_killed_and_their_reads_never_fail()
    {
        await using var cluster = await StartAsync();
        await cluster.PutAsync(cluster[3], "kept", "1");
        using var stop = new CancellationTokenSource();
        var failures = new ConcurrentQueue<string>();
        var acknowledged = new ConcurrentDictionary<string, string>();
        var work = Enumerable.Range(3, 3).SelectMany(client => (Task[])[ReadAsync(cluster, cluster[client], failures, stop.Token), WriteAsync(cluster, cluster[client], client, acknowledged, stop.Token)]).ToArray();
        for (int round = 0; round < 2; round++)
        {
            int before = acknowledged.Count;
            await cluster.WaitAsync("writes through clients", () => Task.FromResult(acknowledged.Count > before + 30));
            var leader = await cluster.LeaderAsync();
            await leader.KillAsync();
            int after = acknowledged.Count;
            await cluster.WaitAsync("writes through clients without the leader", () => Task.FromResult(acknowledged.Count > after + 30));
            leader.Start(cluster.Join);
        }
        await stop.CancelAsync();
        await Task.WhenAll(work);
        Assert.Empty(failures);
        foreach (var (key, value) in acknowledged) await cluster.WaitForValueAsync(cluster[5], key, value, "&consistent");
    }

    [Fact]
    public async Task Watchers_of_a_service_on_a_client_miss_nothing_when_each_server_is_killed_in_turn() => await WatchThroughOutagesAsync(
        static (cluster, server) => server.KillAsync(),
        static async (cluster, server) =>
        {
            server.Start(cluster.Join);
            await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        });

    [Fact]
    public async Task Watchers_of_a_service_on_a_client_miss_nothing_when_each_server_stands_still_in_turn() => await WatchThroughOutagesAsync(
        static (cluster, server) =>
        {
            server.Pause();
            return Task.CompletedTask;
        },
        static async (cluster, server) =>
        {
            server.Resume();
            await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        });

    // One of the three is the one that tells the client.
    private static async Task WatchThroughOutagesAsync(Func<ServerCluster, ServerProcess, Task> takeAway, Func<ServerCluster, ServerProcess, Task> bringBack)
    {
        await using var cluster = await StartAsync();
        var client = cluster[3];
        await RegisterWatchedAsync(cluster);
        await WaitForHealthAsync(cluster, client, "watched", "passing");
        using var stop = new CancellationTokenSource();
        var watchers = Enumerable.Range(0, 20).Select(_ => new ServiceWatcher(client, "watched")).ToArray();
        var watching = watchers.Select(watcher => watcher.RunAsync(stop.Token)).ToArray();
        int value = 0;
        for (int i = 0; i < 3; i++)
        {
            await SeenByAllAsync(++value);
            await takeAway(cluster, cluster[i]);
            await SeenByAllAsync(++value);
            await bringBack(cluster, cluster[i]);
            await SeenByAllAsync(++value);
        }
        await stop.CancelAsync();
        await Task.WhenAll(watching);
        foreach (var watcher in watchers)
        {
            Assert.Empty(watcher.Failures);
            Assert.True(watcher.Streamed > 0);
            // One answer for each change, and few more: indexes that go to and fro would make it many.
            Assert.InRange(watcher.Answers, 1, 3 * value);
        }

        async Task SeenByAllAsync(int number)
        {
            await ChangeAsync(cluster, number);
            foreach (var watcher in watchers) await cluster.WaitAsync($"change {number} at a watcher", () => Task.FromResult(watcher.Seen == number));
        }
    }

    private static Task RegisterWatchedAsync(ServerCluster cluster) => cluster.WaitAsync("the watched service to be registered", async () =>
        await cluster.TrySendAsync(cluster[4], HttpMethod.Put, "/v1/catalog/register", Encoding.UTF8.GetBytes(
            """{"Node":"elsewhere","Address":"10.9.9.9","Service":{"ID":"w","Service":"watched","Meta":{"number":"0"}},"Check":{"CheckID":"w","Name":"w","Status":"passing","ServiceID":"w"}}""")) is (HttpStatusCode.OK, _));

    // A write without an answer may still lie at a server that stands still, and be carried out when that goes on. So each change names the state that it follows: one that comes late changes nothing.
    private static Task ChangeAsync(ServerCluster cluster, int number) => cluster.WaitAsync($"change {number}", async () =>
    {
        if (await cluster.JsonAsync(cluster[4], "/v1/catalog/service/watched?consistent") is not JsonArray { Count: 1 } rows) return false;
        if (rows[0]!["ServiceMeta"]!["number"]!.GetValue<string>() == $"{number}") return true;
        var service = new JsonObject { ["ID"] = "w", ["Service"] = "watched", ["Meta"] = new JsonObject { ["number"] = $"{number}" }, ["ModifyIndex"] = rows[0]!["ModifyIndex"]!.GetValue<ulong>() };
        string change = new JsonArray(new JsonObject { ["Service"] = new JsonObject { ["Verb"] = "cas", ["Node"] = "elsewhere", ["Service"] = service } }).ToJsonString();
        return await cluster.TrySendAsync(cluster[4], HttpMethod.Put, "/v1/txn", Encoding.UTF8.GetBytes(change)) is (HttpStatusCode.OK, _);
    });

    [Fact]
    public async Task Clients_keep_what_they_know_while_all_servers_are_down_and_bring_it_to_them_when_they_are_back()
    {
        await using var cluster = await StartAsync();
        var client = cluster[3];
        await RegisterAsync(cluster, client, "early");
        await WaitForHealthAsync(cluster, cluster[4], "early", "passing");
        await cluster.PutAsync(client, "kept", "1");

        await Task.WhenAll(cluster[0].KillAsync(), cluster[1].KillAsync(), cluster[2].KillAsync());
        await RegisterAsync(cluster, client, "late");
        Assert.Equal(HttpStatusCode.OK, await cluster.PutRawAsync(client, "/v1/agent/check/fail/early-check", []));

        for (int i = 0; i < 3; i++) cluster[i].Start(cluster.Join);
        await cluster.WaitForValueAsync(cluster[4], "kept", "1");
        await WaitForHealthAsync(cluster, cluster[4], "late", "passing");
        await WaitForHealthAsync(cluster, cluster[4], "early", "critical");
    }

    [Fact]
    public async Task A_client_that_was_stopped_for_a_while_is_critical_meanwhile_and_passing_again_with_its_sessions_gone()
    {
        await using var cluster = await StartAsync();
        var (stopped, witness) = (cluster[3], cluster[4]);
        await WaitForSerfAsync(cluster, witness, stopped, "passing");
        string session = await SessionAsync(cluster, stopped);
        stopped.Pause();
        await WaitForSerfAsync(cluster, witness, stopped, "critical");
        await cluster.WaitAsync("the session to end", async () => await cluster.JsonAsync(witness, $"/v1/session/info/{session}") is JsonArray { Count: 0 });
        stopped.Resume();
        await WaitForSerfAsync(cluster, witness, stopped, "passing");
        await cluster.PutAsync(stopped, "after", "1");
        Assert.Equal("1", await cluster.GetAsync(witness, "after"));
    }

    private static async Task<ServerCluster> StartAsync()
    {
        var cluster = await ServerCluster.StartAsync();
        for (int i = 3; i < 6; i++)
        {
            var client = cluster.Add($"client-{i - 2}");
            client.Configure = static config => config["server"] = false;
        }
        for (int i = 3; i < 6; i++) cluster[i].Start(cluster.Join, expect: 0);
        for (int i = 3; i < 6; i++) await WaitForSerfAsync(cluster, cluster[i], cluster[i], "passing");
        return cluster;
    }

    private static async Task RegisterAsync(ServerCluster cluster, ServerProcess agent, string service)
    {
        string body = new JsonObject
        {
            ["Name"] = service, ["Port"] = 80, ["Check"] = new JsonObject { ["CheckID"] = $"{service}-check", ["Name"] = "up", ["TTL"] = "1h", ["Status"] = "passing" },
        }.ToJsonString();
        Assert.Equal(HttpStatusCode.OK, await cluster.PutRawAsync(agent, "/v1/agent/service/register", Encoding.UTF8.GetBytes(body)));
    }

    private static async Task DeregisterAsync(ServerCluster cluster, ServerProcess agent, string service) =>
        Assert.Equal(HttpStatusCode.OK, await cluster.PutRawAsync(agent, $"/v1/agent/service/deregister/{service}", []));

    private static async Task<string> SessionAsync(ServerCluster cluster, ServerProcess at)
    {
        using var client = new HttpClient();
        string answer = await (await client.PutAsync($"{at.Http}/v1/session/create", new StringContent("{}"))).Content.ReadAsStringAsync();
        return JsonNode.Parse(answer)!["ID"]!.GetValue<string>();
    }

    private static Task WaitForHealthAsync(ServerCluster cluster, ServerProcess at, string service, string status, string? node = null) =>
        cluster.WaitAsync($"{service} to be {status} at {at.Name}", async () =>
            await cluster.JsonAsync(at, $"/v1/health/checks/{service}") is JsonArray { Count: 1 } checks
            && checks[0]!["Status"]!.GetValue<string>() == status
            && (node is null || checks[0]!["Node"]!.GetValue<string>() == node));

    private static Task WaitUntilUnknownAsync(ServerCluster cluster, ServerProcess at, string service) =>
        cluster.WaitAsync($"{service} to be unknown at {at.Name}", async () => await cluster.JsonAsync(at, $"/v1/catalog/service/{service}") is JsonArray { Count: 0 });

    private static Task WaitForSerfAsync(ServerCluster cluster, ServerProcess at, ServerProcess of, string status) =>
        cluster.WaitAsync($"{of.Name} to be {status} at {at.Name}", async () =>
            await cluster.JsonAsync(at, $"/v1/health/node/{of.Name}") is JsonArray checks
            && checks.Any(check => check!["CheckID"]!.GetValue<string>() == "serfHealth" && check["Status"]!.GetValue<string>() == status));

    private static async Task<string?> StatusOfAsync(ServerCluster cluster, ServerProcess at, ServerProcess of) =>
        (await cluster.JsonAsync(at, "/v1/agent/members") as JsonArray)?.FirstOrDefault(member => member!["Name"]!.GetValue<string>() == of.Name)?["Status"]!.ToJsonString();

    private static async Task ReadAsync(ServerCluster cluster, ServerProcess client, ConcurrentQueue<string> failures, CancellationToken stop)
    {
        using var http = new HttpClient();
        while (!stop.IsCancellationRequested)
        {
            var answer = await http.GetAsync($"{client.Http}/v1/kv/kept?raw", CancellationToken.None);
            if (answer.StatusCode != HttpStatusCode.OK) failures.Enqueue($"{client.Name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
        }
    }

    // A write that was under way at the killed leader may be answered with an error: nobody can say what became of it.
    private static async Task WriteAsync(ServerCluster cluster, ServerProcess client, int writer, ConcurrentDictionary<string, string> acknowledged, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
            if (await cluster.TryPutAsync(client, $"client{writer}/{i}", $"{i}")) acknowledged[$"client{writer}/{i}"] = $"{i}";
    }
}
