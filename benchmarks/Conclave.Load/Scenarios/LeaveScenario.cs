using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>
/// Watchers that vanish without a word, at a follower and at a client agent: what does a change of what they waited for cost before they came, while they wait, and from one second after they left?
/// </summary>
internal static class LeaveScenario
{
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(1);
    private static int s_version;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path);
        await cluster.StartClientsAsync(1);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Servers[(leader + 1) % ServerCluster.Size]!;
        ServerProcess[] processes = [.. cluster.Servers!, .. cluster.Clients];
        Watched[] kinds =
        [
            new("keys", options.Count(2_000), i => $"/v1/kv/left/{i}", i => Request.Of("PUT", $"/v1/kv/left/{i}", Next())),
            new("services", options.Count(500), i => $"/v1/health/service/left-{i}", i => Request.Of("PUT", "/v1/catalog/register", Registration(i))),
        ];
        using var writer = await Connection.OpenAsync(cluster.Servers[leader]!.Http);
        foreach (var kind in kinds)
            foreach (var (place, http) in new[] { ("a follower", follower.Http), ("a client agent", cluster.Clients[0].Http) })
            {
                // Twice: the first round pays for compiled code.
                await RoundAsync(kind, http);
                var (before, waiting, after) = await RoundAsync(kind, http);
                report.Add("leave", $"watchers of {kind.What} at {place}", ("count", kind.Count), ("cpu_us_before", before), ("cpu_us_waiting", waiting), ("cpu_us_after_they_left", after));
            }

        async Task<(double Before, double Waiting, double After)> RoundAsync(Watched kind, IPEndPoint at)
        {
            var before = await ChangesAsync(kind);
            var clients = await WatchAsync(kind, at);
            var waiting = await ChangesAsync(kind);
            clients.Vanish();
            // All were answered: those who vanish must be waiting.
            clients = await WatchAsync(kind, at);
            clients.Vanish();
            await Task.Delay(s_settle);
            return (before, waiting, await ChangesAsync(kind));
        }

        // One change of each; the processor time of all processes for one of them.
        async Task<double> ChangesAsync(Watched kind)
        {
            var from = Array.ConvertAll(processes, static process => process.Usage);
            for (var i = 0; i < kind.Count; i++) (await writer.AskAsync(kind.ChangeOf(i))).MustBe(200);
            await Task.Delay(s_settle);
            return processes.Zip(from, (process, was) => process.Usage.MicrosPer(kind.Count, was)).Sum();
        }
    }

    private static async Task<WaitingClients> WatchAsync(Watched kind, IPEndPoint at)
    {
        using var connection = await Connection.OpenAsync(at);
        var index = (await connection.AskAsync(Request.Get(kind.TargetOf(kind.Count - 1)))).Index;
        var clients = await WaitingClients.OpenAsync(at, kind.Count, i => $"{kind.TargetOf(i)}?index={index}&wait=10m");
        await Task.Delay(s_settle);
        return clients;
    }

    private static string Next() => Interlocked.Increment(ref s_version).ToString(System.Globalization.CultureInfo.InvariantCulture);

    // Another tag each time: what stays the same is no change.
    private static string Registration(int i) =>
        $$"""{"Node":"elsewhere","Address":"10.9.9.9","Service":{"Tags":["{{Next()}}"],"Service":"left-{{i}}"} }""";

    /// <param name="What">For people.</param>
    /// <param name="Count">Watchers, each of something of its own.</param>
    /// <param name="TargetOf">What a watcher asks for.</param>
    /// <param name="ChangeOf">Changes it.</param>
    private sealed record Watched(string What, int Count, Func<int, string> TargetOf, Func<int, ReadOnlyMemory<byte>> ChangeOf);
}
