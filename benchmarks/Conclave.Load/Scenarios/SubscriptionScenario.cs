using System.Diagnostics;
using System.Text.Json.Nodes;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Many watchers of one service behind a client agent that has a subscription, and behind one that waits in calls: what a change costs the servers and the agent.</summary>
internal static class SubscriptionScenario
{
    private const int Changes = 100;
    private const string Target = "/v1/health/service/crowd";

    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        // One server: of several, followers hear of a change later than the leader, and the agents would ask different ones by chance.
        using var server = ServerProcess.Start(options, Path.Combine(folder.Path, "server"));
        await server.UntilLeaderAsync();
        using var streaming = StartClient(options, server, folder.Path, isStreaming: true);
        using var calling = StartClient(options, server, folder.Path, isStreaming: false);
        using var writer = await Connection.OpenAsync(server.Http);
        foreach (var client in (ServerProcess[])[streaming, calling]) await client.UntilAsync("GET", Target, "", static answer => answer.Status == 200);
        foreach (int instances in (int[])[1, 100])
        {
            for (int i = 0; i < instances; i++) await ChangeAsync(writer, i, "at first");
            foreach (int full in (int[])[1, 1_000])
                foreach (var (how, client) in ((string, ServerProcess)[])[("a subscription", streaming), ("waiting calls", calling), ("a subscription", streaming), ("waiting calls", calling)])
                    await MeasureAsync(report, server, client, writer, options.Count(full), $"{instances} instances, {options.Count(full):N0} watchers by {how}");
        }
    }

    private static async Task MeasureAsync(Report report, ServerProcess server, ServerProcess client, Connection writer, int count, string what)
    {
        ulong index;
        using (var asking = await Connection.OpenAsync(client.Http)) index = (await asking.AskAsync(Request.Get(Target))).Index;
        var watchers = await WaitingClients.OpenAsync(client.Http, count, _ => $"{Target}?index={index}&wait=5m");
        await Task.Delay(s_settle);
        var took = new Latencies();
        var (before, clientBefore) = (server.Usage.Cpu, client.Usage.Cpu);
        for (int change = 0; change < Changes; change++)
        {
            long begun = Stopwatch.GetTimestamp();
            await ChangeAsync(writer, 0, Guid.NewGuid().ToString());
            await Task.WhenAll(watchers.Connections.Select(NextAsync));
            took.Add(begun);
            await Task.Delay(20);
        }
        double atServer = (server.Usage.Cpu - before).TotalMilliseconds, agent = (client.Usage.Cpu - clientBefore).TotalMilliseconds;
        watchers.Vanish();
        report.Add("subscription", what, ("all_answered_p50_ms", took.Percentile(0.5) / 1000), ("server_cpu_ms_per_change", atServer / Changes), ("agent_cpu_ms_per_change", agent / Changes));
        await Task.Delay(s_settle);

        static async Task NextAsync(Connection connection)
        {
            var answer = await connection.ReceiveAsync();
            answer.MustBe(200);
            await connection.SendAsync(Request.Get($"{Target}?index={answer.Index}&wait=5m"));
        }
    }

    private static async Task ChangeAsync(Connection writer, int instance, string output) => (await writer.AskAsync(Request.Of("PUT", "/v1/catalog/register",
        $$"""{"Node":"crowd-{{instance}}","Address":"10.0.0.1","Service":{"ID":"c","Service":"crowd","Port":80,"Tags":["a"],"Meta":{"version":"1.2.3"} },"Check":{"CheckID":"c","Name":"check","Status":"passing","ServiceID":"c","Output":"{{output}}"} }"""))).MustBe(200);

    private static ServerProcess StartClient(LoadOptions options, ServerProcess server, string folder, bool isStreaming)
    {
        string own = Directory.CreateDirectory(Path.Combine(folder, isStreaming ? "streaming" : "calling")).FullName;
        int[] ports = FreePorts.Take(2);
        File.WriteAllText(Path.Combine(own, "config.json"), new JsonObject
        {
            ["node_name"] = isStreaming ? "streaming" : "calling", ["data_dir"] = Path.Combine(own, "data"), ["bind_addr"] = "127.0.0.1", ["log_level"] = "ERR", ["use_streaming_backend"] = isStreaming,
            ["retry_join"] = new JsonArray($"127.0.0.1:{JsonNode.Parse(File.ReadAllText(Path.Combine(server.Folder, "config.json")))!["ports"]!["serf_lan"]!.GetValue<int>()}"), ["retry_interval"] = "1s", ["limits"] = new JsonObject { ["http_max_conns_per_client"] = 100_000 },
            ["ports"] = new JsonObject { ["http"] = ports[0], ["serf_lan"] = ports[1], ["serf_wan"] = -1, ["server"] = -1, ["dns"] = -1, ["grpc"] = -1 },
        }.ToJsonString());
        return ServerProcess.StartConfigured(options, own);
    }
}
