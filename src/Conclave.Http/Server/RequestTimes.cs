using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Conclave.Http.Requests;
using Conclave.Http.Routing;

namespace Conclave.Http.Server;

/// <summary>How long requests took, for each endpoint and method; waiting for a change is part of it. Thread-safe.</summary>
/// <param name="meter">Where the numbers go, as <c>conclave.api.http</c> in milliseconds with the labels <c>method</c> and <c>path</c>.</param>
internal sealed class RequestTimes(Meter meter)
{
    private readonly ConcurrentDictionary<(Route Route, HttpVerbs Verb), Histogram<double>> _times = new();   // bounded by what routes take

    /// <summary>A request to an endpoint is over. Methods that the endpoint does not take are not counted.</summary>
    /// <param name="request">The request.</param>
    public void Note(ApiRequest request)
    {
        if (request.Route is not { } route || (route.Verbs & request.Verb) == 0) return;
        if (!_times.TryGetValue((route, request.Verb), out var times)) times = _times.GetOrAdd((route, request.Verb), Create);
        times.Record(Stopwatch.GetElapsedTime(request.StartedAt).TotalMilliseconds);
    }

    /// <summary>A path as a label: without names of keys and services, <c>v1.kv._</c>.</summary>
    internal static string LabelOf(string pattern)
    {
        var label = new StringBuilder(pattern.TrimStart('/')).Replace('/', '.');
        if (pattern.EndsWith('/')) label.Append('_');
        return label.ToString();
    }

    private Histogram<double> Create((Route Route, HttpVerbs Verb) key) => meter.CreateHistogram<double>(
        "conclave.api.http", "ms", "How long requests took.", [new("method", key.Verb.ToString().ToUpperInvariant()), new("path", LabelOf(key.Route.Pattern))]);
}
