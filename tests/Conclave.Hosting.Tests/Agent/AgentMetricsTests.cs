using System.Diagnostics.Metrics;
using Conclave.Hosting.Agent;
using Conclave.Http.Endpoints.Agent;

namespace Conclave.Hosting.Tests.Agent;

public sealed class AgentMetricsTests : IDisposable
{
    private readonly Clock _clock = new();
    private readonly Meter _meter = new(new MeterOptions("Conclave.Tests.Metrics") { Tags = [new("node", "metrics-test")] });
    private readonly AgentMetrics _metrics;

    public AgentMetricsTests() => _metrics = new("metrics-test", "consul", "host", prometheus: true, _clock);

    public void Dispose()
    {
        _metrics.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Counters_and_samples_are_those_of_the_last_interval_and_gauges_are_of_now()
    {
        var requests = _meter.CreateCounter<long>("conclave.test.requests");
        var seconds = _meter.CreateHistogram<double>("conclave.test.seconds");
        int level = 3;
        _meter.CreateObservableGauge("conclave.test.level", () => level);
        requests.Add(2, new KeyValuePair<string, object?>("method", "GET"));
        requests.Add(3, new KeyValuePair<string, object?>("method", "GET"));
        foreach (double value in (double[])[1, 2, 3]) seconds.Record(value);
        _clock.Now += TimeSpan.FromSeconds(10);
        level = 4;
        var current = _metrics.Current();
        var counter = Assert.Single(current.Counters, counter => counter.Name == "consul.test.requests");
        Assert.Equal((2, 5.0, 0.5, "GET"), (counter.Count, counter.Sum, counter.Rate, counter.Labels[0].Value));
        var sample = Assert.Single(current.Samples, sample => sample.Name == "consul.test.seconds");
        Assert.Equal((1.0, 3.0, 2.0, 1.0), (sample.Min, sample.Max, sample.Mean, sample.StandardDeviation));
        Assert.Equal(4, _metrics.Total().Gauges.Single(gauge => gauge.Name == "consul.host.test.level").Value);
        _clock.Now += TimeSpan.FromSeconds(10);
        Assert.DoesNotContain(_metrics.Current().Counters, other => other.Name == "consul.test.requests");
        Assert.Equal(5, _metrics.Total().Counters.Single(other => other.Name == "consul.test.requests").Sum);
    }

    [Fact]
    public void Gauges_are_of_now_from_the_first_look_on_and_gone_with_what_they_told_of()
    {
        double? level = 3;
        _meter.CreateObservableGauge("conclave.test.leader", () => level is { } value ? [new Measurement<double>(value)] : Array.Empty<Measurement<double>>());
        double? Shown(MetricsSnapshot all) => all.Gauges.Where(gauge => gauge.Name == "consul.host.test.leader").Select(gauge => (double?)gauge.Value).SingleOrDefault();
        _clock.Now += TimeSpan.FromSeconds(10);
        Assert.Equal(3, Shown(_metrics.Current()));
        level = 4;
        Assert.Equal((4, 4), (Shown(_metrics.Current()), Shown(_metrics.Total())));
        level = null;
        Assert.Equal((null, null), (Shown(_metrics.Current()), Shown(_metrics.Total())));
        level = 5;
        Assert.Equal(5, Shown(_metrics.Total()));
    }

    [Fact]
    public void A_counter_that_tells_its_sum_counts_what_was_added()
    {
        long sum = 7;
        _meter.CreateObservableCounter("conclave.test.sum", () => sum);
        double Total() => _metrics.Total().Counters.Single(counter => counter.Name == "consul.test.sum").Sum;
        Assert.Equal(7, Total());
        sum = 12;
        Assert.Equal(12, Total());
        Assert.Equal(12, Total());
    }

    [Fact]
    public void Instruments_of_one_name_with_labels_of_their_own_are_series_of_it()
    {
        _meter.CreateHistogram<double>("conclave.test.took", "ms", "", [new("path", "a")]).Record(1);
        _meter.CreateHistogram<double>("conclave.test.took", "ms", "", [new("path", "b")]).Record(2, new KeyValuePair<string, object?>("method", "GET"));
        var samples = _metrics.Total().Samples.Where(sample => sample.Name == "consul.test.took").ToArray();
        Assert.Equal(["path=a", "method=GET,path=b"], samples.Select(sample => string.Join(',', sample.Labels.Select(label => $"{label.Key}={label.Value}"))));
        Assert.Equal([1.0, 2.0], samples.Select(sample => sample.Sum));
    }

    [Theory]
    [InlineData(true, "-consul.test", "consul.test.a", false)]
    [InlineData(true, "-consul.test", "consul.other", true)]
    [InlineData(true, "-consul.test,+consul.test.a", "consul.test.a.b", true)]
    [InlineData(true, "+consul.test.a,-consul.test", "consul.test.a.b", true)]
    [InlineData(true, "+consul.test.a,-consul.test", "consul.test.b", false)]
    [InlineData(true, "+consul.test,-consul.test", "consul.test.b", false)]
    [InlineData(false, "+consul.test", "consul.test.b", true)]
    [InlineData(false, "+consul.test", "consul.other", false)]
    [InlineData(false, "consul.test", "consul.test", false)]
    public void The_longest_rule_that_fits_a_name_decides_whether_it_is_shown(bool isDefault, string rules, string name, bool isShown)
    {
        var filter = new MetricFilter(new() { FilterDefault = isDefault, PrefixFilter = rules.Split(',') });
        Assert.Equal(isShown, filter.Shows(name));
    }

    [Fact]
    public void Numbers_of_another_node_in_the_process_are_left_out()
    {
        using var other = new Meter(new MeterOptions("Conclave.Tests.Other") { Tags = [new("node", "other")] });
        other.CreateCounter<long>("conclave.test.foreign").Add(1);
        Assert.DoesNotContain(_metrics.Total().Counters, counter => counter.Name == "consul.test.foreign");
    }

    [Fact]
    public void Labels_without_end_do_not_fill_the_memory()
    {
        var counter = _meter.CreateCounter<long>("conclave.test.many");
        for (int i = 0; i < 10_000; i++) counter.Add(1, new KeyValuePair<string, object?>("id", i));
        Assert.InRange(_metrics.Total().Counters.Count, 4000, 4096);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch + TimeSpan.FromDays(1);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
