namespace Conclave.Http.Endpoints.Agent;

/// <summary>A number that is what it is now.</summary>
/// <param name="Name">Dotted name with its prefix.</param>
/// <param name="Value">The number.</param>
/// <param name="Labels">Labels in order of their names.</param>
public readonly record struct MetricGauge(string Name, double Value, IReadOnlyList<KeyValuePair<string, string>> Labels);

/// <summary>Values counted or measured within an interval.</summary>
/// <param name="Name">Dotted name with its prefix.</param>
/// <param name="Count">How many values.</param>
/// <param name="Rate">Sum per second of the interval.</param>
/// <param name="Sum">Sum of the values.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Mean">Mean.</param>
/// <param name="StandardDeviation">Spread.</param>
/// <param name="Labels">Labels in order of their names.</param>
public readonly record struct MetricAggregate(
    string Name, long Count, double Rate, double Sum, double Min, double Max, double Mean, double StandardDeviation, IReadOnlyList<KeyValuePair<string, string>> Labels);

/// <summary>All numbers at one moment.</summary>
/// <param name="Interval">Start of the interval that the counters and samples are from.</param>
/// <param name="Gauges">Gauges.</param>
/// <param name="Counters">Counters.</param>
/// <param name="Samples">Samples.</param>
public sealed record MetricsSnapshot(DateTimeOffset Interval, IReadOnlyList<MetricGauge> Gauges, IReadOnlyList<MetricAggregate> Counters, IReadOnlyList<MetricAggregate> Samples);

/// <summary>Numbers of the process, for <c>/v1/agent/metrics</c>. Thread-safe.</summary>
public interface IAgentMetrics
{
    /// <summary>Whether the Prometheus form is offered.</summary>
    bool IsPrometheusEnabled { get; }

    /// <summary>The numbers of the last finished interval.</summary>
    MetricsSnapshot Current();

    /// <summary>The numbers since the start: what Prometheus wants.</summary>
    MetricsSnapshot Total();
}
