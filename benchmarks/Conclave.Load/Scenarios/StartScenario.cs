using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>From exec to HTTP, to a leader, to the first durable write; memory of a server that does nothing.</summary>
internal static class StartScenario
{
    public static async Task RunAsync(LoadOptions options, Report report)
    {
        for (var round = 0; round < options.Count(3); round++)
        {
            await MeasureAsync(options, report, development: true);
            await MeasureAsync(options, report, development: false);
        }
        using var bare = ServerProcess.StartBare();
        var http = await bare.UntilAsync("GET", "/", "", answer => answer.Status == 200);
        report.Add("start", "bare ASP.NET Core", ("http_s", http.TotalSeconds), ("resident_MiB", bare.Usage.ResidentMiB));
    }

    private static async Task MeasureAsync(LoadOptions options, Report report, bool development)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path, development);
        var http = await server.UntilHttpAsync();
        var leader = await server.UntilLeaderAsync();
        var write = await server.UntilAsync("PUT", "/v1/kv/start", "x", answer => answer.Status == 200);
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        var before = server.Usage;
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        var idle = server.Usage;
        report.Add("start", development ? "-dev" : "-server -bootstrap", ("http_s", http.TotalSeconds), ("leader_s", leader.TotalSeconds), ("first_write_s", write.TotalSeconds),
            ("idle_MiB", idle.ResidentMiB), ("idle_cpu_percent", (idle.Cpu - before.Cpu).TotalSeconds / options.Seconds * 100), ("start_cpu_s", before.Cpu.TotalSeconds));
    }
}
