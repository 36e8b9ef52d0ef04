using System.Diagnostics;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>
/// Three servers under 64 writers, default settings: the leader is killed, or its process stopped so that it answers nobody, again and again. How long is nobody's write acknowledged, how soon is the server that comes
/// back of use, and is every acknowledged write there in the end?
/// </summary>
internal static class FailoverScenario
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(6);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path);
        using var writers = new Writing("failover", () => cluster.Servers.Select(static server => server?.Http), Writing.Impatience);
        var rounds = options.Count(20, least: 3);
        await RoundsAsync(cluster, writers, report, "kill -9 of the leader", rounds, KillAsync);
        await RoundsAsync(cluster, writers, report, "the leader stopped for 6 s", Math.Max(3, rounds / 4), PauseAsync);
        await RoundsAsync(cluster, writers, report, "kill -9 of all three", 3, KillAllAsync);
        var acknowledged = await writers.StopAsync();
        var lost = await writers.LostAsync(cluster.Servers[await cluster.LeaderAsync()]!.Http, acknowledged);
        if (lost is not null) report.Fail("failover", lost);
        report.Add("failover", "looked at in the end", ("acknowledged", acknowledged.Sum(static count => (long)count)), ("lost", lost is null ? 0 : 1));
    }

    private static async Task RoundsAsync(ServerCluster cluster, Writing writers, Report report, string what, int rounds, Func<ServerCluster, Task<double>> failAsync)
    {
        var gaps = new List<double>();
        var backs = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await writers.UntilSteadyAsync();
            writers.StartGap();
            backs.Add(await failAsync(cluster));
            await writers.UntilSteadyAsync();
            gaps.Add(writers.LongestGap.TotalSeconds);
        }
        gaps.Sort();
        backs.Sort();
        report.Add("failover", $"{what}, {rounds} times", ("gap_p50_s", gaps[gaps.Count / 2]), ("gap_max_s", gaps[^1]), ("back_p50_s", backs[backs.Count / 2]), ("back_max_s", backs[^1]));
    }

    private static async Task<double> KillAsync(ServerCluster cluster)
    {
        var leader = await cluster.LeaderAsync();
        await cluster.KillAsync(leader);
        await Task.Delay(3000);
        return await BackAsync(cluster.StartOne(leader));
    }

    private static async Task<double> PauseAsync(ServerCluster cluster)
    {
        var leader = await cluster.LeaderAsync();
        cluster.Servers[leader]!.Pause();
        await Task.Delay(s_pause);
        cluster.Servers[leader]!.Resume();
        var begun = Stopwatch.GetTimestamp();
        await cluster.Servers[leader]!.UntilAsync("PUT", "/v1/kv/back", "yes", static answer => answer.Status == 200);
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<double> KillAllAsync(ServerCluster cluster)
    {
        for (var i = 0; i < ServerCluster.Size; i++) await cluster.KillAsync(i);
        for (var i = 0; i < ServerCluster.Size; i++) cluster.StartOne(i);
        return await BackAsync(cluster.Servers[0]!);
    }

    // From the start of the process until a write through it is acknowledged.
    private static async Task<double> BackAsync(ServerProcess server) => (await server.UntilAsync("PUT", "/v1/kv/back", "yes", static answer => answer.Status == 200)).TotalSeconds;
}
