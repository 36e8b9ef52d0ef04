using System.Diagnostics;
using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;
using Conclave.Tests.Network;

namespace Conclave.Load.Scenarios;

/// <summary>
/// Three servers on hosts whose lines can be cut, default settings, 64 writers: how long is nobody's write acknowledged when the leader is cut off, how soon is the server that comes back of use,
/// and when does its vote count? Then the same behind three client agents while gossip is busy, where nobody may see an error that waiting would have hidden.
/// </summary>
internal static class CutScenario
{
    private const int Clients = 3;

    // Longer than it takes to elect another leader, shorter than it takes gossip to give up a member.
    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(5), s_down = TimeSpan.FromSeconds(3);

    // Behind an agent a writer waits as long as the agent does.
    private static readonly TimeSpan s_clientPatience = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        if (PacketNetwork.Obstacle is { } obstacle)
        {
            report.Fail("cut", $"no lines can be cut here: {obstacle}");
            return;
        }
        using var network = PacketNetwork.Create(ServerCluster.Size + Clients);
        var rounds = options.Count(6, least: 2);
        await AloneAsync(options, report, network, rounds);
        await BehindClientsAsync(options, report, network, rounds);
    }

    private static async Task AloneAsync(LoadOptions options, Report report, PacketNetwork network, int rounds)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path, network);
        await PlayAsync(report, network, cluster, "servers", new Writing("alone", () => cluster.Servers.Select(static server => server?.Http), Writing.Impatience), rounds, reading: null);
    }

    // On servers of their own: how long one needs to come back grows with the keys it has.
    private static async Task BehindClientsAsync(LoadOptions options, Report report, PacketNetwork network, int rounds)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path, network);
        await cluster.StartClientsAsync(Clients);
        await using var noise = await GossipNoise.StartAsync([.. cluster.Clients.Select(static client => client.Http)]);
        await using var reading = new Reading([.. cluster.Clients.Select(static client => client.Http)]);
        await PlayAsync(report, network, cluster, "client agents", new Writing("behind", () => cluster.Clients.Select(static client => client.Http), s_clientPatience), rounds, reading);
        report.Add("cut", "default reads at client agents meanwhile", ("reads", reading.Count), ("errors", reading.Errors.Values.Sum()), ("texts", string.Join(" | ", reading.Errors.Keys)), ("heartbeats_and_events", noise.Count));
        if (!reading.Errors.IsEmpty) report.Fail("cut", "a read failed that waiting would have answered");
    }

    private static async Task PlayAsync(Report report, PacketNetwork network, ServerCluster cluster, string where, Writing writing, int rounds, Reading? reading)
    {
        using var writers = writing;
        await RoundsAsync(report, cluster, writers, $"leader cut off for {s_cut.TotalSeconds} s, writers at {where}", rounds, () => CutLeaderAsync(network, cluster, isLoneVote: false));
        await RoundsAsync(report, cluster, writers, $"kill -9 of the leader, writers at {where}", rounds, () => KillLeaderAsync(network, cluster, isLoneVote: false));
        // From here on there is no quorum before the one that returned is up, which may take longer than anybody waits.
        if (reading is not null) await reading.StopAsync();
        await RoundsAsync(report, cluster, writers, $"leader cut off, then another follower, writers at {where}", rounds, () => CutLeaderAsync(network, cluster, isLoneVote: true));
        await RoundsAsync(report, cluster, writers, $"kill -9 of the leader, a follower cut off when it starts, writers at {where}", rounds, () => KillLeaderAsync(network, cluster, isLoneVote: true));
        var acknowledged = await writers.StopAsync();
        var lost = await writers.LostAsync(cluster.Servers[await cluster.LeaderAsync()]!.Http, acknowledged);
        if (lost is not null) report.Fail("cut", lost);
        report.Add("cut", $"writes at {where}", ("acknowledged", acknowledged.Sum(static count => (long)count)), ("lost", lost is null ? 0 : 1), ("errors", writers.Errors.Values.Sum()),
            ("texts", string.Join(" | ", writers.Errors.OrderByDescending(static error => error.Value).Take(6).Select(static error => $"{error.Value} x {error.Key}"))));
    }

    private static async Task RoundsAsync(Report report, ServerCluster cluster, Writing writers, string what, int rounds, Func<Task<double>> failAsync)
    {
        List<double> gaps = [], backs = [], slowest = [];
        for (var round = 0; round < rounds; round++)
        {
            await writers.UntilSteadyAsync();
            await cluster.UntilAllKeepUpAsync();           // a fault at a time: who came back last must not be missing from the quorum
            writers.StartGap();
            backs.Add(await failAsync());
            await writers.UntilSteadyAsync();
            gaps.Add(writers.LongestGap.TotalSeconds);
            slowest.Add(writers.Slowest.TotalSeconds);
        }
        gaps.Sort();
        backs.Sort();
        report.Add("cut", $"{what}, {rounds} times", ("gap_p50_s", gaps[gaps.Count / 2]), ("gap_max_s", gaps[^1]), ("back_p50_s", backs[backs.Count / 2]), ("back_max_s", backs[^1]), ("slowest_write_s", slowest.Max()));
    }

    // With a lone vote a write needs the acknowledgement of the one who returned: another follower is cut off in the same moment.
    private static async Task<double> CutLeaderAsync(PacketNetwork network, ServerCluster cluster, bool isLoneVote)
    {
        var former = await cluster.LeaderAsync();
        network.CutOff(former);
        await Task.Delay(s_cut);
        var leader = await OtherLeaderAsync(cluster, former);
        network.Heal();
        if (isLoneVote) network.CutOff(Third(former, leader));
        var back = await BackAsync(cluster.Servers[former]!, Stopwatch.GetTimestamp());
        network.Heal();
        return back;
    }

    private static async Task<double> KillLeaderAsync(PacketNetwork network, ServerCluster cluster, bool isLoneVote)
    {
        var former = await cluster.LeaderAsync();
        await cluster.KillAsync(former);
        await Task.Delay(s_down);
        var leader = await cluster.LeaderAsync();
        var begun = Stopwatch.GetTimestamp();
        var server = cluster.StartOne(former);
        if (isLoneVote) network.CutOff(Third(former, leader));
        var back = await BackAsync(server, begun);
        network.Heal();
        return back;
    }

    private static async Task<double> BackAsync(ServerProcess server, long since)
    {
        await server.UntilAsync("PUT", "/v1/kv/back", "yes", static answer => answer.Status == 200);
        return Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    private static int Third(int one, int other) => ServerCluster.Size - one - other;

    private static async Task<int> OtherLeaderAsync(ServerCluster cluster, int former)
    {
        var cutOff = cluster.Servers[former];
        cluster.Servers[former] = null;                    // it may still believe in itself
        try
        {
            return await cluster.LeaderAsync();
        }
        finally
        {
            cluster.Servers[former] = cutOff;
        }
    }

    /// <summary>Readers behind each client agent that never look away.</summary>
    private sealed class Reading : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _readers;
        private int _count;

        public Reading(IReadOnlyList<IPEndPoint> agents) => _readers = Task.WhenAll(agents.Select(agent => Task.Run(() => ReadAsync(agent))));

        public int Count => Volatile.Read(ref _count);

        public System.Collections.Concurrent.ConcurrentDictionary<string, int> Errors { get; } = new(StringComparer.Ordinal);

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _readers;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stop.Dispose();
        }

        private async Task ReadAsync(IPEndPoint agent)
        {
            using var connection = await Connection.OpenAsync(agent);
            while (!_stop.IsCancellationRequested)
            {
                var answer = await connection.AskAsync(Request.Get("/v1/kv/client-ready?raw"));
                Interlocked.Increment(ref _count);
                if (answer.Status != 200) Errors.AddOrUpdate(System.Text.Encoding.UTF8.GetString(answer.Body.Span).Trim(), 1, static (_, count) => count + 1);
                await Task.Delay(5);
            }
        }
    }
}
