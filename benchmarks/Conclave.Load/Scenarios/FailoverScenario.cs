using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>
/// Three servers under 64 writers, default settings: the leader is killed, or its process stopped so that it answers nobody, again and again. How long is nobody's write acknowledged, how soon is the server that comes
/// back of use, and is every acknowledged write there in the end?
/// </summary>
internal static class FailoverScenario
{
    private const int Writers = 64;

    // A writer whose server does not answer goes to the next one: a stopped process would hold it for ever.
    private static readonly TimeSpan s_answerPatience = TimeSpan.FromSeconds(1), s_pause = TimeSpan.FromSeconds(6);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path);
        using var writers = new Writing(cluster);
        var rounds = options.Count(20, least: 3);
        await RoundsAsync(cluster, writers, report, "kill -9 of the leader", rounds, KillAsync);
        await RoundsAsync(cluster, writers, report, "the leader stopped for 6 s", Math.Max(3, rounds / 4), PauseAsync);
        await RoundsAsync(cluster, writers, report, "kill -9 of all three", 3, KillAllAsync);
        var acknowledged = await writers.StopAsync();
        var lost = await LostAsync(cluster, acknowledged);
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

    /// <summary>A description of the first missing write, or null.</summary>
    private static async Task<string?> LostAsync(ServerCluster cluster, int[] acknowledged)
    {
        using var connection = await Connection.OpenAsync(cluster.Servers[await cluster.LeaderAsync()]!.Http);
        for (var writer = 0; writer < Writers; writer++)
        {
            var answer = await connection.AskAsync(Request.Get($"/v1/kv/failover/{writer:00}/?keys"));
            if (answer.Status == 404 && acknowledged[writer] == 0) continue;
            answer.MustBe(200);
            using var document = JsonDocument.Parse(answer.Body);
            var keys = document.RootElement.EnumerateArray().Select(static key => key.GetString()!).ToHashSet(StringComparer.Ordinal);
            for (var i = 0; i < acknowledged[writer]; i++)
                if (!keys.Contains($"failover/{writer:00}/{i:0000000}")) return $"failover/{writer:00}/{i:0000000} was acknowledged and is gone";
        }
        return null;
    }

    /// <summary>Writers that go on until they are told to stop, each to the next server when its own fails.</summary>
    private sealed class Writing : IDisposable
    {
        private readonly ServerCluster _cluster;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task<int>[] _writers = new Task<int>[Writers];
        private long _lastSuccess = Stopwatch.GetTimestamp(), _longestGap, _successes;

        public Writing(ServerCluster cluster)
        {
            _cluster = cluster;
            for (var i = 0; i < Writers; i++)
            {
                var writer = i;
                _writers[i] = Task.Run(() => WriteAsync(writer));
            }
        }

        /// <summary>The longest time since <see cref="StartGap"/> in which nobody's write was acknowledged.</summary>
        public TimeSpan LongestGap => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longestGap));

        public void StartGap() => Volatile.Write(ref _longestGap, 0);

        /// <summary>Waits until some thousand writes were acknowledged.</summary>
        public async Task UntilSteadyAsync()
        {
            var goal = Volatile.Read(ref _successes) + 5_000;
            while (Volatile.Read(ref _successes) < goal) await Task.Delay(10);
        }

        public async Task<int[]> StopAsync()
        {
            await _stop.CancelAsync();
            return await Task.WhenAll(_writers);
        }

        public void Dispose() => _stop.Dispose();

        private async Task<int> WriteAsync(int writer)
        {
            int acknowledged = 0, server = writer % ServerCluster.Size;
            while (!_stop.IsCancellationRequested)
            {
                if (_cluster.Servers[server] is { } target) acknowledged = await WriteToAsync(target.Http, writer, acknowledged);
                server = (server + 1) % ServerCluster.Size;
                await Task.Delay(10);
            }
            return acknowledged;
        }

        // A number is used up by the attempt that is acknowledged: one that failed is tried again, which changes nothing if it had been carried out.
        private async Task<int> WriteToAsync(IPEndPoint server, int writer, int acknowledged)
        {
            try
            {
                using var connection = await Connection.OpenAsync(server).WaitAsync(s_answerPatience);
                while (!_stop.IsCancellationRequested)
                {
                    var answer = await connection.AskAsync(Request.Of("PUT", $"/v1/kv/failover/{writer:00}/{acknowledged:0000000}", "x")).AsTask().WaitAsync(s_answerPatience);
                    if (answer.Status != 200 || !answer.Body.Span.StartsWith("true"u8)) return acknowledged;
                    acknowledged++;
                    NoteSuccess();
                }
            }
            catch (Exception down) when (down is IOException or SocketException or TimeoutException or ObjectDisposedException)
            {
                // The next server is tried.
            }
            return acknowledged;
        }

        private void NoteSuccess()
        {
            Interlocked.Increment(ref _successes);
            var now = Stopwatch.GetTimestamp();
            var gap = now - Interlocked.Exchange(ref _lastSuccess, now);
            long longest;
            while (gap > (longest = Volatile.Read(ref _longestGap)) && Interlocked.CompareExchange(ref _longestGap, gap, longest) != longest) { }
        }
    }
}
