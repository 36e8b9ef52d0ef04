using System.Diagnostics;
using System.Net;
using System.Text;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>A service is registered at each of three servers and three client agents in turn: how soon does a blocking query at every other agent show it?</summary>
internal static class VisibleScenario
{
    private const int Clients = 3;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path);
        await cluster.StartClientsAsync(Clients);
        (string Kind, IPEndPoint Http)[] agents = [.. cluster.Servers.Select(static server => ("a server", server!.Http)), .. cluster.Clients.Select(static client => ("a client agent", client.Http))];
        var rounds = options.Count(240, least: agents.Length);
        var seen = new Dictionary<string, Latencies>(StringComparer.Ordinal) { ["a server"] = new(), ["a client agent"] = new(), ["any agent"] = new() };
        for (var round = 0; round < rounds; round++)
        {
            var (kind, http) = agents[round % agents.Length];
            var took = await RoundAsync(http, [.. agents.Select(static agent => agent.Http).Where(other => !other.Equals(http))], $"visible-{round}");
            seen[kind].Add(took);
            seen["any agent"].Add(took);
        }
        foreach (var (kind, latencies) in seen)
            report.Add("visible", $"registered at {kind}, shown by all five others", ("rounds", latencies.Count), ("p50_ms", latencies.Percentile(0.5) / 1000), ("p99_ms", latencies.Percentile(0.99) / 1000), ("max_ms", latencies.Percentile(1) / 1000));
    }

    // From before the registration is sent until the last of the others has shown it.
    private static async Task<TimeSpan> RoundAsync(IPEndPoint at, IPEndPoint[] others, string service)
    {
        var watchers = new Watcher[others.Length];
        for (var i = 0; i < watchers.Length; i++) watchers[i] = await Watcher.StartAsync(others[i], service);
        using var connection = await Connection.OpenAsync(at);
        var begun = Stopwatch.GetTimestamp();
        (await connection.AskAsync(Request.Of("PUT", "/v1/agent/service/register", $$"""{"Name":"{{service}}","Port":80}"""))).MustBe(200);
        long last = begun;
        foreach (var watcher in watchers) last = Math.Max(last, await watcher.ShownAsync());
        (await connection.AskAsync(Request.Of("PUT", $"/v1/agent/service/deregister/{service}", ""))).MustBe(200);
        foreach (var watcher in watchers) watcher.Dispose();
        return Stopwatch.GetElapsedTime(begun, last);
    }

    /// <summary>A blocking query for the passing instances of a service that is not there yet.</summary>
    private sealed class Watcher : IDisposable
    {
        private readonly Connection _connection;
        private readonly Task<long> _shown;

        private Watcher(Connection connection, string service, ulong index)
        {
            _connection = connection;
            _shown = Task.Run(() => WatchAsync(service, index));
        }

        public static async Task<Watcher> StartAsync(IPEndPoint at, string service)
        {
            var connection = await Connection.OpenAsync(at);
            return new Watcher(connection, service, (await connection.AskAsync(Request.Get(Target(service)))).Index);
        }

        public Task<long> ShownAsync() => _shown;

        public void Dispose() => _connection.Dispose();

        private async Task<long> WatchAsync(string service, ulong index)
        {
            while (true)
            {
                var answer = await _connection.AskAsync(Request.Get($"{Target(service)}&index={index}&wait=60s"));
                answer.MustBe(200);
                if (answer.Body.Span.IndexOf(Encoding.UTF8.GetBytes($"\"{service}\"")) >= 0) return Stopwatch.GetTimestamp();
                index = answer.Index;
            }
        }

        private static string Target(string service) => $"/v1/health/service/{service}?passing";
    }
}
