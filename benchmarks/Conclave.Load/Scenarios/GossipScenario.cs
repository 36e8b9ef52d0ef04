using System.Diagnostics;
using Conclave.Load.Gossip;

namespace Conclave.Load.Scenarios;

/// <summary>
/// Two pools of the same size, one of ours and one of Serf's agents, side by side: how soon a killed member is seen as failed and one that leaves as left, how soon an event is everywhere, what idle
/// members cost, and how often a live member is called failed while 30 % of the packets are lost.
/// </summary>
internal static class GossipScenario
{
    private const double Loss = 0.3;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        int size = options.Count(12, least: 3);
        MeasuredPool[] pools = [new(PoolKind.Ours, size), new(PoolKind.Serf, size)];
        try
        {
            await Task.WhenAll(pools.Select(static pool => pool.StartAsync()));
            await DisseminationAsync(options, report, pools);
            await IdleAsync(options, report, pools);
            await DetectionAsync(options, report, pools);
            await LeavingAsync(options, report, pools);
            await LossAsync(options, report, pools);
        }
        finally
        {
            foreach (var pool in pools) pool.Dispose();
        }
    }

    private static async Task IdleAsync(LoadOptions options, Report report, MeasuredPool[] pools)
    {
        // What runs a few times a second only takes a while to be compiled for good.
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds * 6));
        var before = Array.ConvertAll(pools, static pool => (pool.Network.Sent, Cpu: pool.Cpu()));
        long begun = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds * 6));
        var after = Array.ConvertAll(pools, static pool => (pool.Network.Sent, Cpu: pool.Cpu()));
        double memberSeconds = Stopwatch.GetElapsedTime(begun).TotalSeconds * pools[0].Members.Count;
        for (int i = 0; i < pools.Length; i++)
        {
            report.Add("gossip", $"{pools[i].Kind.Name}: {pools[i].Members.Count} idle members", ("packets_per_s", (after[i].Sent.Packets - before[i].Sent.Packets) / memberSeconds),
                ("bytes_per_s", (after[i].Sent.Bytes - before[i].Sent.Bytes) / memberSeconds), ("cpu_percent", (after[i].Cpu - before[i].Cpu).TotalSeconds / memberSeconds * 100),
                ("resident_MiB", pools[i].Members.Average(static member => member.Usage.ResidentMiB)));
        }
    }

    private static async Task DisseminationAsync(LoadOptions options, Report report, MeasuredPool[] pools)
    {
        int rounds = options.Count(30, least: 5);
        var spreads = Array.ConvertAll(pools, static _ => new Spread());
        for (int round = 0; round < rounds; round++)
            for (int i = 0; i < pools.Length; i++)
            {
                string name = $"round-{round}";
                await pools[i].Members[round % pools[i].Members.Count].FireAsync(name);
                // From the moment the first member has it, which is the one that fired it: what it takes to tell that one differs.
                var times = await pools[i].UntilAllSeeAsync(Seen.Event, name);
                spreads[i].Add(times, since: times[0]);
            }
        Compare(report, "event everywhere", pools, spreads);
    }

    private static async Task DetectionAsync(LoadOptions options, Report report, MeasuredPool[] pools)
    {
        int rounds = options.Count(8, least: 2);
        var spreads = Array.ConvertAll(pools, static _ => new Spread());
        for (int round = 0; round < rounds; round++)
        {
            int victim = (round + 1) % pools[0].Members.Count;
            var killed = Array.ConvertAll(pools, pool => pool.Kill(pool.Members[victim]));
            for (int i = 0; i < pools.Length; i++) spreads[i].Add(await pools[i].UntilAllSeeAsync(Seen.Failed, pools[i].Members[victim].Name), killed[i]);
            await Task.WhenAll(pools.Select(pool => pool.ReviveAsync(pool.Members[victim])));
        }
        Compare(report, "kill -9 seen as failed", pools, spreads);
    }

    private static async Task LeavingAsync(LoadOptions options, Report report, MeasuredPool[] pools)
    {
        int rounds = options.Count(8, least: 2);
        var spreads = Array.ConvertAll(pools, static _ => new Spread());
        var before = Array.ConvertAll(pools, static pool => pool.FalseFailures);
        for (int round = 0; round < rounds; round++)
        {
            int leaver = (round + 1) % pools[0].Members.Count;
            string name = pools[0].Members[leaver].Name;
            long told = Stopwatch.GetTimestamp();
            var leaving = Array.ConvertAll(pools, pool => pool.Members[leaver].LeaveAsync());
            for (int i = 0; i < pools.Length; i++) spreads[i].Add(await pools[i].UntilAllSeeAsync(Seen.Left, name), told);
            await Task.WhenAll(leaving);
            foreach (var pool in pools) pool.EndLeft(pool.Members[leaver]);
            await Task.WhenAll(pools.Select(pool => pool.ReviveAsync(pool.Members[leaver])));
        }
        Compare(report, "leave seen as left", pools, spreads);
        for (int i = 0; i < pools.Length; i++) report.Add("gossip", $"{pools[i].Kind.Name}: {rounds} leaves", ("called_failed", pools[i].FalseFailures - before[i]));
    }

    private static async Task LossAsync(LoadOptions options, Report report, MeasuredPool[] pools)
    {
        var before = Array.ConvertAll(pools, static pool => pool.FalseFailures);
        foreach (var pool in pools) pool.Network.Loss = Loss;
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds * 24));
        foreach (var pool in pools) pool.Network.Loss = 0;
        for (int i = 0; i < pools.Length; i++)
            report.Add("gossip", $"{pools[i].Kind.Name}: {Loss:P0} of packets lost", ("seconds", options.Seconds * 24), ("false_failures", pools[i].FalseFailures - before[i]));
    }

    private static void Compare(Report report, string what, MeasuredPool[] pools, Spread[] spreads)
    {
        for (int i = 0; i < pools.Length; i++)
            report.Add("gossip", $"{pools[i].Kind.Name}: {what}", ("rounds", spreads[i].Rounds), ("first_ms", spreads[i].First), ("median_ms", spreads[i].Middle), ("last_ms", spreads[i].Last),
                ("worst_ms", spreads[i].Worst));
        report.Add("gossip", $"{what}: ours to serf's", ("median_ratio", spreads[0].Middle / spreads[1].Middle), ("last_ratio", spreads[0].Last / spreads[1].Last));
    }

    /// <summary>Times of several rounds; each figure is the median over the rounds.</summary>
    private sealed class Spread
    {
        private readonly List<double> _first = [], _middle = [], _last = [];

        public int Rounds => _last.Count;

        public double First => Median(_first);

        public double Middle => Median(_middle);

        public double Last => Median(_last);

        public double Worst => _last.Max();

        public void Add(List<long> times, long since)
        {
            _first.Add(Stopwatch.GetElapsedTime(since, times[0]).TotalMilliseconds);
            _middle.Add(Stopwatch.GetElapsedTime(since, times[times.Count / 2]).TotalMilliseconds);
            _last.Add(Stopwatch.GetElapsedTime(since, times[^1]).TotalMilliseconds);
        }

        private static double Median(List<double> values)
        {
            values.Sort();
            return values[values.Count / 2];
        }
    }
}
