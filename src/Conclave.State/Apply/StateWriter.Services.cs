using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Service instances, and the joined rows that health queries read.</summary>
internal sealed partial class StateWriter
{
    private const string ConnectProxy = "connect-proxy";

    // Limits of service metadata, as the peers check them at apply.
    private const int MetaPairsMax = 64, MetaKeyMax = 128, MetaValueMax = 512;

    public NodeService? ServiceGet(string node, string id) => _services.Get(Keys.Of(stackalloc byte[Keys.Scratch], node, id))?.Service;

    /// <summary>Adds or changes an instance; an unchanged one keeps its index.</summary>
    public string? EnsureService(ulong index, string nodeName, NodeService request)
    {
        if (MetaProblem(request) is { } problem) return $"Invalid Service Meta for node {nodeName} and serviceID {request.Id}: {problem}";
        if (NodeByName(nodeName) is not { } node) return MissingNode;
        var key = Keys.Make(nodeName, request.Id);
        var existing = _services.Get(key);
        var service = Normal(request);
        if (existing is not null && Sameness.Same(existing.Service, service)) return null;
        PutService(node, key, existing, service with { CreateIndex = existing?.Service.CreateIndex ?? index, ModifyIndex = index });
        return null;
    }

    /// <summary>As <see cref="EnsureService"/>, when the instance's ModifyIndex is the one in the request (0: when there is none).</summary>
    public string? EnsureServiceCas(ulong index, string node, NodeService service, out bool matched)
    {
        matched = (ServiceGet(node, service.Id)?.ModifyIndex ?? 0) == service.ModifyIndex;
        return matched ? EnsureService(index, node, service) : null;
    }

    /// <summary>Removes an instance with its checks.</summary>
    public void DeleteService(ulong index, string node, string id)
    {
        var key = Keys.Make(node, id);
        if (_services.Get(key) is null) return;
        var checks = new List<HealthCheck>();
        _checksByInstance.CollectInto(key, checks);
        foreach (var check in checks) DeleteCheck(index, node, check.CheckId);
        SetIndex(IndexName.Checks, index);

        var row = _services.Remove(key)!;                       // only now: each removed check made the row anew
        Unlink(row);
        _digest -= RowHash.Of(row.Node.Name, row.Service);
        SetIndex(IndexName.Services, index);
        SetIndex(IndexName.OfKind(row.Service.Kind), index);
        if (_servicesByName.HasAny(Keys.Of(stackalloc byte[Keys.Scratch], row.Service.Service)))
        {
            SetIndex(IndexName.OfService(row.Service.Service), index);
            return;
        }
        // The last instance is gone: so is the index of the service. Whoever asks for it is told when a service last died out.
        RemoveIndex(IndexName.OfService(row.Service.Service));
        SetIndex(IndexName.ServiceExtinction, index);
    }

    /// <summary>False when the instance's ModifyIndex is another one, or there is no such instance.</summary>
    public bool DeleteServiceCas(ulong index, string node, string id, ulong modifyIndex)
    {
        if (ServiceGet(node, id) is not { } service || service.ModifyIndex != modifyIndex) return false;
        DeleteService(index, node, id);
        return true;
    }

    /// <summary>Puts a restored instance back with its own indexes.</summary>
    public string? RestoreService(string nodeName, NodeService service)
    {
        if (NodeByName(nodeName) is not { } node) return $"service {GoQuote.Quote(service.Id)} is on unknown node {GoQuote.Quote(nodeName)}";
        var key = Keys.Make(nodeName, service.Id);
        PutService(node, key, _services.Get(key), Normal(service));
        return null;
    }

    private void PutService(NodeEntry node, byte[] key, ServiceRow? existing, NodeService service)
    {
        var connectName = ConnectNameOf(service);
        var row = new ServiceRow(node, service, ChecksFor(key, NodeChecksOf(node.Name)), key,
            Keys.Make(service.Service, node.Name, service.Id),
            connectName is null ? null : Keys.Make(connectName, node.Name, service.Id));
        if (existing is not null)
        {
            Unlink(existing);
            _digest -= RowHash.Of(node.Name, existing.Service);
        }
        PutRow(row);
        _digest += RowHash.Of(node.Name, service);
        SetIndex(IndexName.Services, service.ModifyIndex);
        SetIndex(IndexName.OfService(service.Service), service.ModifyIndex);
        SetIndex(IndexName.OfKind(service.Kind), service.ModifyIndex);
    }

    private void PutRow(ServiceRow row)
    {
        _services.Put(row.NodeKey, row);
        _servicesByName.Put(row.NameKey, row);
        if (row.ConnectKey is { } connect) _servicesByConnect.Put(connect, row);
    }

    private void Unlink(ServiceRow row)
    {
        _servicesByName.Remove(row.NameKey);
        if (row.ConnectKey is { } connect) _servicesByConnect.Remove(connect);
    }

    /// <summary>Makes the rows of all services of a node anew, after the node or one of its node checks changed, and moves their indexes.</summary>
    private void RefreshServicesOf(NodeEntry node, ulong index)
    {
        var prefix = Keys.Make(node.Name);
        if (!_services.HasAny(prefix)) return;
        var rows = new List<ServiceRow>();
        _services.CollectInto(prefix, rows);
        var nodeChecks = NodeChecksOf(node.Name);
        foreach (var row in rows)
        {
            PutRow(row.With(node, ChecksFor(row.NodeKey, nodeChecks)));
            SetIndex(IndexName.OfService(row.Service.Service), index);
            SetIndex(IndexName.OfKind(row.Service.Kind), index);
        }
    }

    /// <summary>Makes the row of one instance anew, after one of its checks changed.</summary>
    private void RefreshService(string node, string id, ulong index)
    {
        if (_services.Get(Keys.Of(stackalloc byte[Keys.Scratch], node, id)) is not { } row) return;
        PutRow(row.With(row.Node, ChecksFor(row.NodeKey, NodeChecksOf(node))));
        SetIndex(IndexName.OfService(row.Service.Service), index);
        SetIndex(IndexName.OfKind(row.Service.Kind), index);
    }

    private HealthCheck[] NodeChecksOf(string node) => Collect(_checksByInstance, Keys.Of(stackalloc byte[Keys.Scratch], node, ""), []);

    private HealthCheck[] ChecksFor(byte[] instanceKey, HealthCheck[] nodeChecks) => Collect(_checksByInstance, instanceKey, nodeChecks);

    private static HealthCheck[] Collect(TreeEdit<HealthCheck> checks, ReadOnlySpan<byte> prefix, HealthCheck[] first)
    {
        if (!checks.HasAny(prefix)) return first;
        var list = new List<HealthCheck>(first);
        checks.CollectInto(prefix, list);
        return [.. list];
    }

    /// <summary>The form that is stored: weights that are missing or impossible are the default.</summary>
    private static NodeService Normal(NodeService service)
    {
        var weights = service.Weights is { Passing: >= 1 and <= 65535, Warning: >= 0 and <= 65535 } good ? good : ServiceWeights.Default;
        return service.Weights == weights && !service.LocallyRegisteredAsSidecar ? service : service with { Weights = weights, LocallyRegisteredAsSidecar = false };
    }

    /// <summary>The service that is reached through this instance, or null for an ordinary one.</summary>
    private static string? ConnectNameOf(NodeService service)
    {
        if (service.Kind == ConnectProxy) return service.Proxy is null ? "" : GenericTree.Text(service.Proxy, "DestinationServiceName");
        return service.Connect is not null && GenericTree.Flag(service.Connect, "Native") ? service.Service : null;
    }

    private static string? MetaProblem(NodeService service)
    {
        if (service.Meta is not { } meta) return null;
        if (meta.Count > MetaPairsMax) return $"Node metadata cannot contain more than {MetaPairsMax} key/value pairs";
        foreach (var (key, value) in meta)
            if (MetaPairProblem(service.Kind, key, value) is { } problem) return $"Couldn't load metadata pair ('{key}', '{value}'): {problem}";
        return null;
    }

    private static string? MetaPairProblem(string kind, string key, string value)
    {
        if (key.Length == 0) return "Key cannot be blank";
        foreach (var c in key)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) return "Key contains invalid characters";
        if (System.Text.Encoding.UTF8.GetByteCount(key) > MetaKeyMax) return $"Key is too long (limit: {MetaKeyMax} characters)";
        if (key.StartsWith("consul-", StringComparison.Ordinal) && !IsReservedAllowed(kind, key)) return "Key prefix 'consul-' is reserved for internal use";
        return System.Text.Encoding.UTF8.GetByteCount(value) > MetaValueMax ? $"Value is too long (limit: {MetaValueMax} characters)" : null;
    }

    private static bool IsReservedAllowed(string kind, string key) =>
        key == "consul-network-segment" || (kind == "mesh-gateway" && key == "consul-wan-federation") || (kind.Length > 0 && key == "consul-version");
}
