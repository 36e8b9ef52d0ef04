using Conclave.Http.Endpoints.Agent;

namespace Conclave.Hosting.Agent;

/// <summary>How values of a series are put together.</summary>
internal enum MetricKind : byte
{
    /// <summary>The last value counts.</summary>
    Gauge,
    /// <summary>Values are added.</summary>
    Counter,
    /// <summary>Values are measured.</summary>
    Sample,
}

/// <summary>One instrument with one set of labels.</summary>
internal sealed class MetricSeries(string name, MetricKind kind, IReadOnlyList<KeyValuePair<string, string>> labels, bool isObserved)
{
    private double _seen;                                      // of a counter that tells its sum

    public string Name { get; } = name;

    public MetricKind Kind { get; } = kind;

    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; } = labels;

    /// <summary>The instrument is asked for its value; a counter then tells its sum, not what was added.</summary>
    public bool IsObserved { get; } = isObserved;

    /// <summary>There was a value at the last look.</summary>
    public bool IsPresent { get; set; }

    public double Last { get; private set; }

    public MetricValues Interval { get; private set; } = new();

    public MetricValues Total { get; } = new();

    public void Add(double value)
    {
        IsPresent = true;
        if (IsObserved && Kind == MetricKind.Counter)
        {
            double sum = value;
            (value, _seen) = (sum - _seen, sum);
            if (value <= 0) return;
        }
        Last = Kind == MetricKind.Gauge ? value : Last + value;
        Interval.Add(value);
        Total.Add(value);
    }

    public void StartInterval() => Interval = new();
}

/// <summary>Running sums of values.</summary>
internal sealed class MetricValues
{
    private double _sum, _squares, _min = double.MaxValue, _max = double.MinValue;

    public long Count { get; private set; }

    public void Add(double value)
    {
        Count++;
        _sum += value;
        _squares += value * value;
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
    }

    public MetricAggregate ToAggregate(MetricSeries series, TimeSpan length)
    {
        double variance = Count > 1 ? Math.Max(0, (_squares - _sum * _sum / Count) / (Count - 1)) : 0;
        return new(series.Name, Count, _sum / length.TotalSeconds, _sum, _min, _max, _sum / Count, Math.Sqrt(variance), series.Labels);
    }
}
