using System.Diagnostics;
using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>2,000 services with 3 TTL checks each at one agent, then updates of single checks among all of them.</summary>
internal static class AgentScenario
{
    private const int ChecksPerService = 3;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilLeaderAsync();
        var services = options.Count(2_000, least: 20);
        await RegisterAsync(report, server, services);
        await PassAsync(options, report, server, services);
    }

    private static async Task RegisterAsync(Report report, ServerProcess server, int services)
    {
        using var connection = await Connection.OpenAsync(server.Http);
        var before = server.Usage;
        var begun = Stopwatch.GetTimestamp();
        var latencies = new Latencies[2];
        for (var half = 0; half < 2; half++)
        {
            latencies[half] = new Latencies();
            for (var i = half * services / 2; i < (half + 1) * services / 2; i++)
            {
                var request = Registration(i);
                var sentAt = Stopwatch.GetTimestamp();
                (await connection.AskAsync(request)).MustBe(200);
                latencies[half].Add(sentAt);
            }
        }
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        report.Add("agent", $"register {services:N0} x {ChecksPerService} checks", ("per_s", services / took), ("p50_us_first_half", latencies[0].Percentile(0.5)),
            ("p50_us_second_half", latencies[1].Percentile(0.5)), ("server_cpu_us", server.Usage.MicrosPer(services, before)), ("resident_MiB", server.Usage.ResidentMiB));
        await UntilInCatalogAsync(report, server.Http, begun, services);
    }

    private static byte[] Registration(int i)
    {
        var checks = string.Join(',', Enumerable.Range(0, ChecksPerService).Select(n => $$"""{"CheckID":"{{CheckId(i, n)}}","Name":"ttl {{n}}","TTL":"10m"}"""));
        return Request.Of("PUT", "/v1/agent/service/register", $$"""{"ID":"svc-{{i:00000}}","Name":"svc-{{i % 50:00}}","Port":{{1024 + i}},"Tags":["load"],"Checks":[{{checks}}]}""");
    }

    private static string CheckId(int service, int check) => $"svc-{service:00000}-{check}";

    private static async Task UntilInCatalogAsync(Report report, IPEndPoint server, long begun, int services)
    {
        using var connection = await Connection.OpenAsync(server);
        var last = Request.Get($"/v1/catalog/service/svc-{(services - 1) % 50:00}");
        var name = System.Text.Encoding.UTF8.GetBytes($"\"svc-{services - 1:00000}\"");
        while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMinutes(5))
        {
            if ((await connection.AskAsync(last)).Body.Span.IndexOf(name) >= 0)
            {
                report.Add("agent", "last one in the catalog", ("after_s", Stopwatch.GetElapsedTime(begun).TotalSeconds));
                return;
            }
            await Task.Delay(20);
        }
        throw new TimeoutException("The last registration never reached the catalog.");
    }

    private static async Task PassAsync(LoadOptions options, Report report, ServerProcess server, int services)
    {
        byte[][] updates = [.. from service in Enumerable.Range(0, services) from check in Enumerable.Range(0, ChecksPerService) select Request.Of("PUT", $"/v1/agent/check/pass/{CheckId(service, check)}")];
        // The first round turns every check from critical to passing and each change goes to the catalog; the second one is the daily routine.
        using (var connection = await Connection.OpenAsync(server.Http))
            foreach (var update in updates) (await connection.AskAsync(update)).MustBe(200);
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds));
        foreach (var connections in (int[])[1, 16])
        {
            var before = server.Usage;
            var result = await ClosedLoop.RunAsync(server.Http, connections, options.Seconds, i => [.. updates.Skip(i * updates.Length / connections).Take(updates.Length / connections)]);
            report.Add("agent", $"TTL pass among {updates.Length:N0}, {connections} connections", ("per_s", result.PerSecond), ("p50_us", result.Latencies.Percentile(0.5)),
                ("p99_us", result.Latencies.Percentile(0.99)), ("server_cpu_us", server.Usage.MicrosPer(result.Requests, before)));
        }
    }
}
