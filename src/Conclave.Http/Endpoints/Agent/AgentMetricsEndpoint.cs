using System.Globalization;
using System.Text;
using Conclave.Http.Json;
using Conclave.Http.Requests;

namespace Conclave.Http.Endpoints.Agent;

/// <summary><c>/v1/agent/metrics</c>, as JSON or in the form of Prometheus.</summary>
internal sealed class AgentMetricsEndpoint(IAgentMetrics metrics)
{
    public ValueTask Get(ApiRequest request)
    {
        if (!request.Bytes(Param.Format).SequenceEqual("prometheus"u8)) return SendJson(request);
        if (!metrics.IsPrometheusEnabled) return request.SendTextAsync(415, "Prometheus is not enabled since its retention time is not positive");
        return request.SendAsync(200, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(Prometheus(metrics.Total())));
    }

    private ValueTask SendJson(ApiRequest request)
    {
        var snapshot = metrics.Current();
        var json = request.StartJson();
        json.BeginObject();
        AgentJson.Text(json, "Timestamp"u8, snapshot.Interval.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture));
        json.Name("Gauges"u8);
        json.BeginArray();
        foreach (var gauge in snapshot.Gauges) WriteGauge(json, gauge);
        json.EndArray();
        json.Name("Points"u8);
        json.BeginArray();
        json.EndArray();
        WriteAggregates(json, "Counters"u8, snapshot.Counters);
        WriteAggregates(json, "Samples"u8, snapshot.Samples);
        json.EndObject();
        return request.SendJsonAsync();
    }

    private static void WriteGauge(JsonOut json, in MetricGauge gauge)
    {
        json.BeginObject();
        AgentJson.Text(json, "Name"u8, gauge.Name);
        json.Name("Value"u8);
        json.Number(gauge.Value);
        json.Name("Labels"u8);
        AgentJson.WriteTexts(json, gauge.Labels);
        json.EndObject();
    }

    private static void WriteAggregates(JsonOut json, ReadOnlySpan<byte> name, IReadOnlyList<MetricAggregate> aggregates)
    {
        json.Name(name);
        json.BeginArray();
        foreach (var aggregate in aggregates)
        {
            json.BeginObject();
            AgentJson.Text(json, "Name"u8, aggregate.Name);
            json.Name("Count"u8);
            json.Number(aggregate.Count);
            Number(json, "Rate"u8, aggregate.Rate);
            Number(json, "Sum"u8, aggregate.Sum);
            Number(json, "Min"u8, aggregate.Min);
            Number(json, "Max"u8, aggregate.Max);
            Number(json, "Mean"u8, aggregate.Mean);
            Number(json, "Stddev"u8, aggregate.StandardDeviation);
            json.Name("Labels"u8);
            AgentJson.WriteTexts(json, aggregate.Labels);
            json.EndObject();
        }
        json.EndArray();
    }

    private static void Number(JsonOut json, ReadOnlySpan<byte> name, double value)
    {
        json.Name(name);
        json.Number(value);
    }

    /// <summary>The text form: each name once with its type, then its series. Names that would clash after their dots are gone stay apart by kind.</summary>
    internal static string Prometheus(MetricsSnapshot snapshot)
    {
        var text = new StringBuilder();
        string last = "";
        foreach (var gauge in snapshot.Gauges.OrderBy(gauge => gauge.Name, StringComparer.Ordinal))
        {
            Head(text, ref last, gauge.Name, "gauge");
            Series(text, Name(gauge.Name), gauge.Labels, gauge.Value);
        }
        foreach (var counter in snapshot.Counters.OrderBy(counter => counter.Name, StringComparer.Ordinal))
        {
            Head(text, ref last, counter.Name, "counter");
            Series(text, Name(counter.Name), counter.Labels, counter.Sum);
        }
        foreach (var sample in snapshot.Samples.OrderBy(sample => sample.Name, StringComparer.Ordinal))
        {
            Head(text, ref last, sample.Name, "summary");
            Series(text, Name(sample.Name) + "_sum", sample.Labels, sample.Sum);
            Series(text, Name(sample.Name) + "_count", sample.Labels, sample.Count);
        }
        return text.ToString();
    }

    private static void Head(StringBuilder text, ref string last, string name, string type)
    {
        if (name == last) return;
        last = name;
        text.Append(CultureInfo.InvariantCulture, $"# HELP {Name(name)} {Name(name)}\n# TYPE {Name(name)} {type}\n");
    }

    private static void Series(StringBuilder text, string name, IReadOnlyList<KeyValuePair<string, string>> labels, double value)
    {
        text.Append(name);
        for (int i = 0; i < labels.Count; i++)
            text.Append(i == 0 ? '{' : ',').Append(Name(labels[i].Key)).Append("=\"").Append(Escape(labels[i].Value)).Append('"');
        if (labels.Count > 0) text.Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Name(string dotted) =>
        string.Create(dotted.Length, dotted, static (into, name) =>
        {
            for (int i = 0; i < into.Length; i++) into[i] = char.IsAsciiLetterOrDigit(name[i]) || name[i] == ':' ? name[i] : '_';
        });

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
