using Conclave.Core.Model;
using Conclave.Http.Blocking;
using Conclave.Http.Json;
using Conclave.Http.Models;
using Conclave.Http.Remote;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Http.Endpoints;

/// <summary>Names of services with their tags.</summary>
internal sealed class ServiceNamesQuery(IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, RemoteQuestion? question) : ReadQuery
{
    private SortedDictionary<string, SortedSet<string>> _services = New();

    public override RemoteQuestion? Remote { get; } = question;

    public override QueryMeta Read(ReadOnlyMemory<byte> result)
    {
        _services.Clear();
        return CatalogRows.ReadServices(result, _services);
    }

    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        _services.Clear();
        return root.Services(nodeMeta, watches, _services);
    }

    public override void Write(JsonOut json)
    {
        json.BeginObject();
        foreach (var (name, tags) in _services)
        {
            json.Name(name);
            json.BeginArray();
            foreach (var tag in tags) json.String(tag);
            json.EndArray();
        }
        json.EndObject();
    }

    public override void Forget() => _services = New();

    protected override void OnCopied() => _services = New();

    private static SortedDictionary<string, SortedSet<string>> New() => new(StringComparer.Ordinal);
}

/// <summary>A node with its services, as a map by id or as a list.</summary>
internal sealed class NodeServicesQuery(string nameOrId, string datacenter, bool asList, Predicate<NodeService>? condition, RemoteQuestion? question) : ReadQuery
{
    private NodeEntry? _node;
    private List<NodeService> _services = [];

    public override RemoteQuestion? Remote { get; } = question;

    public override QueryMeta Read(ReadOnlyMemory<byte> result)
    {
        _services.Clear();
        return CatalogRows.ReadNodeServices(result, out _node, _services);
    }

    public override ulong Run(StateRoot root, WatchSet? watches)
    {
        _services.Clear();
        var index = root.NodeServices(nameOrId, watches, out _node, _services);
        if (condition is not null) _services.RemoveAll(service => !condition(service));
        return index;
    }

    public override void Write(JsonOut json)
    {
        if (_node is null && !asList)
        {
            json.Null();
            return;
        }
        json.BeginObject();
        json.Name("Node"u8);
        if (_node is null) json.Null();
        else ModelJson.Write(json, _node, datacenter);
        json.Name("Services"u8);
        if (_node is null) json.Null();
        else if (asList) WriteList(json);
        else WriteMap(json);
        json.EndObject();
    }

    public override void Forget() => (_node, _services) = (null, []);

    protected override void OnCopied() => (_node, _services) = (null, []);

    private void WriteList(JsonOut json)
    {
        json.BeginArray();
        foreach (var service in _services) ModelJson.Write(json, service);
        json.EndArray();
    }

    private void WriteMap(JsonOut json)
    {
        json.BeginObject();
        foreach (var service in _services)
        {
            json.Name(service.Id);
            ModelJson.Write(json, service);
        }
        json.EndObject();
    }
}

/// <summary>An answer that is always <c>null</c>, because nothing of its kind exists.</summary>
internal sealed class NothingQuery(RemoteQuestion? question) : ReadQuery
{
    public override RemoteQuestion? Remote { get; } = question;

    public override QueryMeta Read(ReadOnlyMemory<byte> result) => RowResults.ReadMeta(result.Span);

    public override ulong Run(StateRoot root, WatchSet? watches) => 1;

    public override void Write(JsonOut json) => json.Null();

    public override void Forget()
    {
        // There is nothing to hold.
    }

    protected override void OnCopied()
    {
        // There is nothing to hold.
    }
}
