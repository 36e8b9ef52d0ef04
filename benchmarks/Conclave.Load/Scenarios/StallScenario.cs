using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Writes go on while snapshots of a large state are taken: how long does the slowest one wait?</summary>
internal static class StallScenario
{
    private const int Connections = 16;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        var count = options.Count(1_000_000);
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilLeaderAsync();
        await KeysScenario.FillAsync(server.Http, count);
        var before = await SnapshotAsync(server.Http);
        // Long enough for a snapshot by count: they are looked for every 30 s, and by bytes sooner.
        var result = await ClosedLoop.RunAsync(server.Http, Connections, Math.Max(40, options.Seconds), RequestsOf);
        var after = await SnapshotAsync(server.Http);
        report.Add("stall", $"PUT while {count:N0} keys are saved", ("per_s", result.PerSecond), ("p50_us", result.Latencies.Percentile(0.5)), ("p99_us", result.Latencies.Percentile(0.99)),
            ("p999_us", result.Latencies.Percentile(0.999)), ("slowest_us", result.Latencies.Percentile(1)), ("snapshot_before", before), ("snapshot_after", after));
        if (after == before) report.Fail("stall", "no snapshot was taken meanwhile");
    }

    private static byte[][] RequestsOf(int connection) =>
        [.. Enumerable.Range(0, 512).Select(i => Request.Of("PUT", $"/v1/kv/stall/{connection:000}/{i % 256:000}", new string(i < 256 ? 'v' : 'w', 128)))];

    private static async Task<long> SnapshotAsync(IPEndPoint server)
    {
        if (await ServerCluster.TryGetAsync(server, "/v1/agent/self") is not { } text) return -1;
        return long.Parse(System.Text.Json.Nodes.JsonNode.Parse(text)!["Stats"]!["raft"]!["last_snapshot_index"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
