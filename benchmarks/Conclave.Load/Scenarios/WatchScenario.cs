using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>What 10,000 idle blocking queries cost, beside as many requests that a bare endpoint holds, and what remains when the clients vanish.</summary>
internal static class WatchScenario
{
    // Memory is compared after a collection; the first one of a busy heap moves things, the second one gives pages back.
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        using var bare = ServerProcess.StartBare();
        await server.UntilLeaderAsync();
        await bare.UntilAsync("GET", "/", "", answer => answer.Status == 200);

        var index = await WriteAsync(server);
        var count = options.Count(10_000);
        // Twice: the first round pays for pools and compiled code, the second shows what a watch costs and whether anything was kept.
        for (var round = 1; round <= 2; round++)
        {
            await MeasureAsync(options, report, $"watches, round {round}", server, count, i => $"/v1/kv/watched/{i}?index={index}&wait=10m");
            await MeasureAsync(options, report, $"bare pending, round {round}", bare, count, _ => "/pending");
        }
    }

    private static async Task<ulong> WriteAsync(ServerProcess server)
    {
        using var connection = await Connection.OpenAsync(server.Http);
        (await connection.AskAsync(Request.Of("PUT", "/v1/kv/watched", "x"))).MustBe(200);
        return (await connection.AskAsync(Request.Get("/v1/kv/watched"))).Index;
    }

    private static async Task MeasureAsync(LoadOptions options, Report report, string what, ServerProcess server, int count, Func<int, string> targetOf)
    {
        var before = await SettledAsync(server);
        var clients = await WaitingClients.OpenAsync(server.Http, count, targetOf);
        await Task.Delay(s_settle);
        var opened = server.Usage;
        var waiting = await SettledAsync(server);
        var idleFrom = server.Usage;
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        var idleCpu = (server.Usage.Cpu - idleFrom.Cpu).TotalSeconds / options.Seconds * 100;
        clients.Vanish();
        await Task.Delay(s_settle);
        var after = await SettledAsync(server);
        report.Add("watch", what, ("count", count), ("bytes_each", (waiting.ResidentBytes - before.ResidentBytes) / (double)count),
            ("open_cpu_us_each", opened.MicrosPer(count, before)), ("idle_cpu_percent", idleCpu),
            ("kept_bytes_each", (after.ResidentBytes - before.ResidentBytes) / (double)count), ("resident_MiB", after.ResidentMiB));
    }

    private static async Task<ProcessUsage> SettledAsync(ServerProcess server)
    {
        for (var i = 0; i < 2; i++)
        {
            HeapCollection.Force(server.ProcessId);
            await Task.Delay(s_settle / 2);
        }
        return server.Usage;
    }
}
