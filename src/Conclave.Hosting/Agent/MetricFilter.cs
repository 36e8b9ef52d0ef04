using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Agent;

/// <summary>Which metrics are shown: <c>telemetry.prefix_filter</c>, of whose rules the longest that fits a name decides, and <c>telemetry.filter_default</c> for names that none fits.</summary>
internal sealed class MetricFilter
{
    private readonly (string Prefix, bool IsShown)[] _rules;
    private readonly bool _default;

    /// <summary>Rules that begin with neither <c>+</c> nor <c>-</c> are passed over.</summary>
    public MetricFilter(TelemetryConfig telemetry)
    {
        _default = telemetry.FilterDefault;
        // The longest first; of two that say different things of the same prefix the later one counts.
        _rules = [.. telemetry.PrefixFilter.Reverse().Where(IsRule).Select(static rule => (rule[1..], rule[0] == '+')).OrderByDescending(static rule => rule.Item1.Length)];
    }

    /// <summary>Whether a text is a rule.</summary>
    public static bool IsRule(string text) => text.Length > 0 && text[0] is ('+' or '-');

    /// <summary>Whether a metric with this whole name, prefix included, is shown.</summary>
    public bool Shows(string name)
    {
        foreach (var (prefix, isShown) in _rules)
            if (name.StartsWith(prefix, StringComparison.Ordinal)) return isShown;
        return _default;
    }
}
