using System.Text;
using System.Text.Json;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>What a test harness does all day: start two servers at once, wait until they are ready, interrupt them, remove their folders.</summary>
internal static class HarnessScenario
{
    // A harness waits ten seconds after its interrupt and then reports a failed test.
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromSeconds(10);

    private const int Blocked = 500;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        var rounds = options.Count(100, least: 2);
        var ready = new List<double>();
        var stop = new List<double>();
        for (var round = 0; round < rounds; round += 2)
        {
            foreach (var (readyAfter, code, stopAfter) in await Task.WhenAll(LifeAsync(options), LifeAsync(options)))
            {
                if (code != 1) report.Fail("harness", $"a server ended with {code} after SIGINT, not with 1");
                ready.Add(readyAfter.TotalSeconds);
                stop.Add(stopAfter.TotalSeconds);
            }
        }
        ready.Sort();
        stop.Sort();
        report.Add("harness", $"{rounds} lives, two at a time", ("ready_p50_s", ready[ready.Count / 2]), ("ready_max_s", ready[^1]), ("stop_p50_s", stop[stop.Count / 2]), ("stop_max_s", stop[^1]));
        await InterruptAsync(options, report);
    }

    // Those who wait must neither hold up the end nor be left without one.
    private static async Task InterruptAsync(LoadOptions options, Report report)
    {
        var rounds = options.Count(10, least: 2);
        var stop = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            using var folder = new TemporaryFolder(options);
            using var server = ServerProcess.Start(options, folder.Path);
            await server.UntilAsync("PUT", "/v1/kv/waited-for", "1", static answer => answer.Status == 200);
            using var asking = await Connection.OpenAsync(server.Http);
            var index = (await asking.AskAsync(Request.Get("/v1/kv/waited-for"))).Index;
            var clients = await WaitingClients.OpenAsync(server.Http, Blocked, _ => $"/v1/kv/waited-for?index={index}&wait=5m");
            await Task.Delay(500);
            var (code, took) = await server.SignalAsync("INT", s_stopPatience);
            if (code != 1) report.Fail("harness", $"a server with waiting clients ended with {code} after SIGINT, not with 1");
            stop.Add(took.TotalSeconds);
            clients.Vanish();
        }
        stop.Sort();
        report.Add("harness", $"SIGINT with {Blocked} blocked queries, {rounds} times", ("stop_p50_s", stop[stop.Count / 2]), ("stop_max_s", stop[^1]));
    }

    private static async Task<(TimeSpan Ready, int Code, TimeSpan Stop)> LifeAsync(LoadOptions options)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilHttpAsync();
        var node = "";
        await server.UntilAsync("GET", "/v1/catalog/nodes", "", answer => answer.Status == 200 && answer.Index >= 2 && (node = FirstNode(answer.Body)).Length > 0);
        await server.UntilAsync("GET", $"/v1/health/node/{node}", "", answer => answer.Status == 200 && answer.Body.Span.IndexOf("\"serfHealth\""u8) >= 0);
        var ready = await server.UntilAsync("GET", "/v1/operator/raft/configuration", "", answer => answer.Status == 200 && Encoding.UTF8.GetString(answer.Body.Span).Contains("\"Voter\":true"));
        var (code, took) = await server.SignalAsync("INT", s_stopPatience);
        return (ready, code, took);
    }

    private static string FirstNode(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.EnumerateArray().Select(node => node.GetProperty("Node").GetString()!).FirstOrDefault("");
    }
}
