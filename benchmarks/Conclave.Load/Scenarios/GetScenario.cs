using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Reads of one key in the three modes beside the bare endpoint, in turns, and a prefix of 100 keys.</summary>
internal static class GetScenario
{
    private const int Connections = 64;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        using var bare = ServerProcess.StartBare();
        await server.UntilLeaderAsync();
        await bare.UntilAsync("GET", "/", "", answer => answer.Status == 200);
        await FillAsync(server.Http);

        (string Name, ServerProcess Server, string Target)[] contenders =
        [
            ("bare ASP.NET Core", bare, "/"),
            ("GET default", server, "/v1/kv/read/one"),
            ("GET stale", server, "/v1/kv/read/one?stale"),
            ("GET consistent", server, "/v1/kv/read/one?consistent"),
            ("recurse of 100 keys", server, "/v1/kv/prefix/?recurse"),
        ];
        foreach (var (_, target, path) in contenders) await ReadAsync(target.Http, path, Math.Min(2, options.Seconds));
        for (var round = 0; round < 2; round++)
        {
            foreach (var (name, target, path) in contenders)
            {
                var before = target.Usage;
                var result = await ReadAsync(target.Http, path, options.Seconds);
                report.Add("get", name, ("per_s", result.PerSecond), ("p50_us", result.Latencies.Percentile(0.5)), ("p99_us", result.Latencies.Percentile(0.99)),
                    ("server_cpu_us", target.Usage.MicrosPer(result.Requests, before)));
            }
        }
    }

    private static Task<LoopResult> ReadAsync(IPEndPoint server, string path, double seconds) =>
        ClosedLoop.RunAsync(server, Connections, seconds, _ => [Request.Get(path)]);

    private static async Task FillAsync(IPEndPoint server)
    {
        using var connection = await Connection.OpenAsync(server);
        var value = new string('v', 128);
        (await connection.AskAsync(Request.Of("PUT", "/v1/kv/read/one", value))).MustBe(200);
        for (var key = 0; key < 100; key++) (await connection.AskAsync(Request.Of("PUT", $"/v1/kv/prefix/{key:000}", value))).MustBe(200);
    }
}
