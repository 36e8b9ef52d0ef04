using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Durable writes of 128 bytes, each acknowledged after its flush.</summary>
internal static class PutScenario
{
    private const int KeysPerConnection = 256;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilLeaderAsync();
        // Values alternate: writing the same one again would change nothing.
        string[] values = [new('v', 128), new('w', 128)];
        byte[][] RequestsOf(int connection) =>
            [.. Enumerable.Range(0, KeysPerConnection * 2).Select(i => Request.Of("PUT", $"/v1/kv/load/{connection:000}/{i % KeysPerConnection:000}", values[i / KeysPerConnection]))];

        await ClosedLoop.RunAsync(server.Http, 16, Math.Min(2, options.Seconds), RequestsOf);
        foreach (var connections in (int[])[1, 16, 64, 256])
        {
            var before = server.Usage;
            var result = await ClosedLoop.RunAsync(server.Http, connections, options.Seconds, RequestsOf);
            var after = server.Usage;
            report.Add("put", $"PUT 128 B, {connections} connections", ("per_s", result.PerSecond), ("p50_us", result.Latencies.Percentile(0.5)),
                ("p99_us", result.Latencies.Percentile(0.99)), ("server_cpu_us", after.MicrosPer(result.Requests, before)), ("resident_MiB", after.ResidentMiB));
        }
    }
}
