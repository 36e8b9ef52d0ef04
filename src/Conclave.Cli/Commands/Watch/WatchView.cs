using System.Text;
using System.Text.Json;
using Conclave.Cli.Client;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Watch;

/// <summary>What an answer consists of, which decides the fields that handlers expect.</summary>
internal enum WatchKind { Plain, Checks, Instances }

/// <summary>A view that can be watched: path and parameters.</summary>
/// <param name="Path">Path of the request.</param>
/// <param name="Query">Parameters of the request.</param>
/// <param name="Kind">What the answer consists of.</param>
/// <param name="SingleItem">The answer is a list of one, of which only the item is shown.</param>
/// <param name="AreEvents">The answer is a list of user events, of which handlers get the new ones.</param>
internal sealed record WatchView(string Path, Query Query, WatchKind Kind = WatchKind.Plain, bool SingleItem = false, bool AreEvents = false)
{
    /// <summary>What is wrong with the parameters, or null.</summary>
    public static string? Problem(string type, string key, string prefix, string service, string state) => type switch
    {
        "key" when key.Length == 0 => "Must specify a single key to watch",
        "keyprefix" when prefix.Length == 0 => "Must specify a single prefix to watch",
        "service" when service.Length == 0 => "Must specify a single service to watch",
        "checks" when service.Length > 0 && state.Length > 0 => "Cannot specify service and state",
        "key" or "keyprefix" or "services" or "nodes" or "service" or "checks" or "event" => null,
        "connect_roots" or "connect_leaf" or "agent_service" => $"Watch type {type} is not supported by this version",
        _ => $"Unsupported watch type: {type}",
    };

    public static WatchView Of(string type, string key, string prefix, string service, string state, string name, IReadOnlyList<string> tags, string passing) => type switch
    {
        "key" => new("/v1/kv/" + Client.Query.EscapePath(key), new Query(), SingleItem: true),
        "keyprefix" => new("/v1/kv/" + Client.Query.EscapePath(prefix), new Query().Set("recurse", "")),
        "services" => new("/v1/catalog/services", new Query()),
        "nodes" => new("/v1/catalog/nodes", new Query()),
        "service" => new("/v1/health/service/" + Client.Query.EscapePath(service), ServiceQuery(tags, passing), WatchKind.Instances),
        "checks" when service.Length > 0 => new("/v1/health/checks/" + Client.Query.EscapePath(service), new Query(), WatchKind.Checks),
        "checks" => new("/v1/health/state/" + (state.Length > 0 ? state : "any"), new Query(), WatchKind.Checks),
        _ => new("/v1/event/list", name.Length > 0 ? new Query().Set("name", name) : new Query(), AreEvents: true),
    };

    /// <summary>An answer in the form that handlers get; null when there is nothing.</summary>
    public JsonDocument? Parse(ApiAnswer answer)
    {
        if (answer.Status == 404) return null;
        using var json = answer.Json();
        var element = SingleItem ? json.RootElement.Items().FirstOrDefault() : json.RootElement;
        return element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : JsonDocument.Parse(WatchJson.Complete(Kind, element));
    }

    /// <summary>An answer as the standard input of a handler.</summary>
    public byte[] Body(ApiAnswer answer)
    {
        using var json = Parse(answer);
        return Encoding.UTF8.GetBytes(json is null ? "null\n" : json.RootElement.GetRawText() + "\n");
    }

    private static Query ServiceQuery(IReadOnlyList<string> tags, string passing)
    {
        var query = new Query();
        foreach (var tag in tags) query.Add("tag", tag);
        return passing == "true" ? query.Set("passing", "1") : query;
    }
}
