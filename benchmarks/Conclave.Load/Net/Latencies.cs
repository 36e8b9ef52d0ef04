using System.Diagnostics;

namespace Conclave.Load.Net;

/// <summary>Times of single requests of one connection; merged at the end.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = new(1024);

    public int Count => _ticks.Count;

    public void Add(long begunAt) => _ticks.Add(Stopwatch.GetTimestamp() - begunAt);

    public void Add(TimeSpan took) => _ticks.Add((long)(took.TotalSeconds * Stopwatch.Frequency));

    public void Merge(Latencies other) => _ticks.AddRange(other._ticks);

    /// <summary>Microseconds that a share of all requests stayed within.</summary>
    public double Percentile(double share)
    {
        if (_ticks.Count == 0) return 0;
        _ticks.Sort();
        var at = Math.Min(_ticks.Count - 1, (int)(_ticks.Count * share));
        return _ticks[at] * 1_000_000.0 / Stopwatch.Frequency;
    }
}
