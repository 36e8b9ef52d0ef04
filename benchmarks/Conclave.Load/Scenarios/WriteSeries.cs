using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Writes to one server of a cluster, measured in turns with other series of the same run.</summary>
/// <param name="what">Its name in the report.</param>
/// <param name="servers">The cluster, its leader first.</param>
/// <param name="asked">Which of them gets the writes.</param>
internal sealed class WriteSeries(string what, ServerProcess[] servers, int asked)
{
    private readonly List<double> _rates = [], _medians = [], _tails = [];
    // The processes share the processors with each other and with the load itself, so what each of them uses per write says more than the rate.
    private readonly double[] _cpuMicros = new double[servers.Length];
    private double _loadMicros;
    private long _requests;

    public ServerProcess Asked => servers[asked];

    public async Task MeasureAsync(Func<ServerProcess, Task<LoopResult>> write)
    {
        var before = Array.ConvertAll(servers, static server => server.Usage.Cpu);
        var load = ProcessUsage.Of(Environment.ProcessId).Cpu;
        var result = await write(Asked);
        for (int i = 0; i < servers.Length; i++) _cpuMicros[i] += (servers[i].Usage.Cpu - before[i]).TotalMicroseconds;
        _loadMicros += (ProcessUsage.Of(Environment.ProcessId).Cpu - load).TotalMicroseconds;
        _requests += result.Requests;
        _rates.Add(result.PerSecond);
        _medians.Add(result.Latencies.Percentile(0.5));
        _tails.Add(result.Latencies.Percentile(0.99));
    }

    /// <summary>Medians of all turns; the share of another series is the median of the shares turn by turn.</summary>
    public void Report(Report report, WriteSeries alone)
    {
        var values = new List<(string, object)>
        {
            ("per_s", Median(_rates)),
            ("share_of_alone", Median(_rates.Zip(alone._rates, static (mine, other) => mine / other))),
            ("p50_us", Median(_medians)), ("p99_us", Median(_tails)), ("load_cpu_us", _loadMicros / _requests),
        };
        for (int i = 0; i < servers.Length; i++) values.Add(($"{(i == 0 ? "leader" : $"follower{i}")}_cpu_us", _cpuMicros[i] / _requests));
        report.Add("quorum", $"PUT 128 B, 64 connections, {what}", [.. values]);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        int middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
