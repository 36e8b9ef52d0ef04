using System.Diagnostics;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>A thousand caches of a client that asks again at once after every answer: nobody may run hot, nobody may be answered late.</summary>
internal static class CachesScenario
{
    private const int WaitSeconds = 10;

    // The client gives up after wait + wait/16 + 2 s; one of those two seconds is its own.
    private static readonly TimeSpan s_latest = TimeSpan.FromSeconds(WaitSeconds + WaitSeconds / 16.0 + 1);

    private static readonly string[] s_reads =
    [
        "/v1/kv/cache/{0}?recurse=true&", "/v1/health/service/cache-{0}?passing=true&", "/v1/catalog/service/cache-{0}?", "/v1/catalog/nodes?", "/v1/health/state/warning?",
    ];

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilLeaderAsync();
        var caches = options.Count(1_000);
        var rounds = Math.Max(1, (int)(options.Seconds * 6 / WaitSeconds));
        var before = server.Usage;
        var begun = Stopwatch.GetTimestamp();
        var slowest = await Task.WhenAll(Enumerable.Range(0, caches).Select(i => Task.Run(() => WatchAsync(server, string.Format(s_reads[i % s_reads.Length], i), rounds))));
        var took = Stopwatch.GetElapsedTime(begun);
        report.Add("caches", $"{caches:N0} caches, {rounds} rounds of {WaitSeconds} s", ("took_s", took.TotalSeconds), ("slowest_answer_s", slowest.Max().TotalSeconds),
            ("server_cpu_percent", (server.Usage.Cpu - before.Cpu).TotalSeconds / took.TotalSeconds * 100));
        if (took < TimeSpan.FromSeconds(WaitSeconds * rounds)) report.Fail("caches", "answers came before the wait was over although nothing had changed");
        if (slowest.Max() > s_latest) report.Fail("caches", $"an answer took {slowest.Max()}, and {s_latest} is the latest");
    }

    private static async Task<TimeSpan> WatchAsync(ServerProcess server, string read, int rounds)
    {
        using var connection = await Connection.OpenAsync(server.Http);
        var index = (await connection.AskAsync(Request.Get(read.TrimEnd('&', '?')))).Index;
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < rounds; round++)
        {
            var asked = Stopwatch.GetTimestamp();
            index = (await connection.AskAsync(Request.Get($"{read}wait={WaitSeconds}s&index={index}"))).Index;
            var took = Stopwatch.GetElapsedTime(asked);
            if (took > slowest) slowest = took;
        }
        return slowest;
    }
}
