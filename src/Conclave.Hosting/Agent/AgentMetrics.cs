using System.Diagnostics.Metrics;
using Conclave.Agent.Configuration;
using Conclave.Http.Endpoints.Agent;

namespace Conclave.Hosting.Agent;

/// <summary>
/// Collects what the process measures with System.Diagnostics.Metrics, for <c>agent/metrics</c>: values since the start and those of the last finished interval.
/// Instruments of meters whose name begins with <c>Conclave</c> are taken, with <c>conclave.</c> at the start of their name replaced by the prefix.
/// </summary>
public sealed class AgentMetrics : IAgentMetrics, IDisposable
{
    private const string Meters = "Conclave", OwnPrefix = "conclave.";
    private const int SeriesMax = 4096;                        // labels must not grow memory without end
    private static readonly TimeSpan IntervalLength = TimeSpan.FromSeconds(10);

    private readonly Lock _observing = new();                  // one look at a time; taken before _gate
    private readonly Lock _gate = new();                       // guards everything below
    private readonly TimeProvider _clock;
    private readonly string _prefix, _gaugePrefix, _node;
    private readonly MeterListener _listener;
    private readonly SortedDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private DateTimeOffset _intervalStart;
    private MetricsSnapshot? _lastInterval;
    private volatile MetricFilter _filter = new(new TelemetryConfig());

    /// <summary>Starts to listen.</summary>
    /// <param name="node">Meters that carry the name of another node are left out.</param>
    /// <param name="prefix">First part of names, <c>consul</c> by default.</param>
    /// <param name="gaugeHost">Second part of the names of gauges; empty for none.</param>
    /// <param name="prometheus">Whether the Prometheus form is offered.</param>
    /// <param name="clock">Time.</param>
    public AgentMetrics(string node, string prefix, string gaugeHost, bool prometheus, TimeProvider clock)
    {
        (_node, _prefix, IsPrometheusEnabled, _clock) = (node, prefix, prometheus, clock);
        _gaugePrefix = gaugeHost.Length > 0 ? $"{prefix}.{gaugeHost}" : prefix;
        _intervalStart = Floor(clock.GetUtcNow());
        _listener = new() { InstrumentPublished = Choose };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, series) => Record(instrument, value, tags, series));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, series) => Record(instrument, value, tags, series));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, series) => Record(instrument, value, tags, series));
        _listener.Start();
    }

    /// <inheritdoc/>
    public bool IsPrometheusEnabled { get; }

    /// <summary>Shows what <c>telemetry.prefix_filter</c> and <c>telemetry.filter_default</c> say from now on. At any time.</summary>
    public void Use(TelemetryConfig telemetry) => _filter = new MetricFilter(telemetry);

    /// <inheritdoc/>
    public MetricsSnapshot Current()
    {
        lock (_observing)
        {
            Observe();
            lock (_gate)
            {
                Roll();
                var finished = _lastInterval ?? Snapshot(static series => series.Interval, IntervalLength);
                return Filtered(finished with { Gauges = Gauges() });
            }
        }
    }

    /// <inheritdoc/>
    public MetricsSnapshot Total()
    {
        lock (_observing)
        {
            Observe();
            lock (_gate)
            {
                Roll();
                return Filtered(Snapshot(static series => series.Total, IntervalLength) with { Gauges = Gauges() });
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Choose(Instrument instrument, MeterListener listener)
    {
        if (!instrument.Meter.Name.StartsWith(Meters, StringComparison.Ordinal)) return;
        foreach (var (key, value) in instrument.Meter.Tags ?? [])
            if (key == AgentInstruments.NodeTag && !Equals(value, _node)) return;
        // What is recorded without labels, which is most, finds its series at once.
        MetricSeries? bare;
        lock (_gate) bare = SeriesOf(instrument, []);
        listener.EnableMeasurementEvents(instrument, bare);
    }

    // What is not there any more, such as the numbers of a leader that is none now, is not told.
    private void Observe()
    {
        lock (_gate)
            foreach (var series in _series.Values) series.IsPresent &= !series.IsObserved;
        _listener.RecordObservableInstruments();
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? bare)
    {
        lock (_gate)
        {
            Roll();
            (tags.Length == 0 ? bare as MetricSeries : SeriesOf(instrument, tags))?.Add(value);
        }
    }

    // Null when there are too many.
    private MetricSeries? SeriesOf(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string key = Key(instrument, tags);
        if (_series.TryGetValue(key, out var series)) return series;
        if (_series.Count >= SeriesMax) return null;
        return _series[key] = new MetricSeries(Name(instrument), Kind(instrument), Labels(instrument, tags), instrument.IsObservable);
    }

    private void Roll()
    {
        var start = Floor(_clock.GetUtcNow());
        if (start == _intervalStart) return;
        _lastInterval = Snapshot(static series => series.Interval, IntervalLength);
        _intervalStart = start;
        foreach (var series in _series.Values) series.StartInterval();
    }

    private MetricsSnapshot Snapshot(Func<MetricSeries, MetricValues> values, TimeSpan length)
    {
        var counters = new List<MetricAggregate>();
        var samples = new List<MetricAggregate>();
        foreach (var series in _series.Values)
        {
            var value = values(series);
            if (series.Kind != MetricKind.Gauge && value.Count > 0) (series.Kind == MetricKind.Counter ? counters : samples).Add(value.ToAggregate(series, length));
        }
        return new(_intervalStart, [], counters, samples);
    }

    private List<MetricGauge> Gauges()
    {
        var gauges = ProcessGauges();
        foreach (var series in _series.Values)
            if (series is { Kind: MetricKind.Gauge, IsPresent: true }) gauges.Add(new(series.Name, series.Last, series.Labels));
        return gauges;
    }

    private MetricsSnapshot Filtered(MetricsSnapshot all)
    {
        var filter = _filter;
        return all with
        {
            Gauges = [.. all.Gauges.Where(gauge => filter.Shows(gauge.Name))],
            Counters = [.. all.Counters.Where(counter => filter.Shows(counter.Name))],
            Samples = [.. all.Samples.Where(sample => filter.Shows(sample.Name))],
        };
    }

    private List<MetricGauge> ProcessGauges() =>
    [
        new(_gaugePrefix + ".runtime.alloc_bytes", GC.GetTotalMemory(forceFullCollection: false), []),
        new(_gaugePrefix + ".runtime.num_goroutines", ThreadPool.ThreadCount, []),
        new(_gaugePrefix + ".runtime.sys_bytes", Environment.WorkingSet, []),
        new(_gaugePrefix + ".runtime.total_gc_pause_ns", GC.GetTotalPauseDuration().TotalNanoseconds, []),
        new(_gaugePrefix + ".runtime.total_gc_runs", GC.CollectionCount(0), []),
    ];

    private static string Key(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0 && instrument.Tags is null) return instrument.Name;
        var key = new System.Text.StringBuilder(instrument.Name);
        foreach (var (name, value) in instrument.Tags ?? []) key.Append('\n').Append(name).Append('=').Append(value);
        foreach (var (name, value) in tags) key.Append('\n').Append(name).Append('=').Append(value);
        return key.ToString();
    }

    private string Name(Instrument instrument) =>
        (Kind(instrument) == MetricKind.Gauge ? _gaugePrefix : _prefix) + "." + (instrument.Name.StartsWith(OwnPrefix, StringComparison.Ordinal) ? instrument.Name[OwnPrefix.Length..] : instrument.Name);

    private static MetricKind Kind(Instrument instrument)
    {
        string type = instrument.GetType().Name;
        if (type.Contains("Counter", StringComparison.Ordinal) && !type.Contains("UpDown", StringComparison.Ordinal))
            return MetricKind.Counter;
        return type.StartsWith("Histogram", StringComparison.Ordinal) ? MetricKind.Sample : MetricKind.Gauge;
    }

    private static List<KeyValuePair<string, string>> Labels(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<KeyValuePair<string, string>>();
        foreach (var (name, value) in instrument.Tags ?? []) labels.Add(new(name, value?.ToString() ?? ""));
        foreach (var (name, value) in tags) labels.Add(new(name, value?.ToString() ?? ""));
        labels.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return labels;
    }

    private static DateTimeOffset Floor(DateTimeOffset moment) => new(moment.UtcTicks - moment.UtcTicks % IntervalLength.Ticks, TimeSpan.Zero);
}
