using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Reading the health of a service with 450 passing instances on as many nodes.</summary>
internal static class HealthScenario
{
    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilLeaderAsync();
        var instances = options.Count(450);
        var bytes = await RegisterAsync(server.Http, instances);
        foreach (var connections in (int[])[1, 16])
        {
            await ClosedLoop.RunAsync(server.Http, connections, Math.Min(1, options.Seconds), _ => [Request.Get("/v1/health/service/web?passing")]);
            var before = server.Usage;
            var result = await ClosedLoop.RunAsync(server.Http, connections, options.Seconds, _ => [Request.Get("/v1/health/service/web?passing")]);
            report.Add("health", $"{instances} passing, {connections} connections", ("per_s", result.PerSecond), ("p50_us", result.Latencies.Percentile(0.5)),
                ("p99_us", result.Latencies.Percentile(0.99)), ("server_cpu_us", server.Usage.MicrosPer(result.Requests, before)), ("body_bytes", bytes));
        }
    }

    private static async Task<int> RegisterAsync(IPEndPoint server, int instances)
    {
        using var connection = await Connection.OpenAsync(server);
        for (var i = 0; i < instances; i++)
        {
            var body = $$$"""
                {"Node":"node-{{{i:000}}}","Address":"10.1.{{{i / 250}}}.{{{i % 250 + 1}}}",
                 "Service":{"ID":"web-{{{i:000}}}","Service":"web","Port":8080,"Tags":["primary","v1"],"Meta":{"zone":"a"}},
                 "Checks":[{"CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing"},
                           {"CheckID":"service:web-{{{i:000}}}","Name":"Service 'web' check","Status":"passing","ServiceID":"web-{{{i:000}}}"}]}
                """;
            (await connection.AskAsync(Request.Of("PUT", "/v1/catalog/register", body))).MustBe(200);
        }
        return (await connection.AskAsync(Request.Get("/v1/health/service/web?passing"))).Body.Length;
    }
}
