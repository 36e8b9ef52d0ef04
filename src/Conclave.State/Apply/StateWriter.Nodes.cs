using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Nodes of the catalog.</summary>
internal sealed partial class StateWriter
{
    private const string MissingNode = "Missing node registration", MissingService = "Missing service registration", SerfCheck = "serfHealth";

    private static readonly byte[] NoKey = [];

    /// <summary>Registers a node, and a service and checks on it, or nothing at all.</summary>
    public string? Register(ulong index, RegisterRequest request)
    {
        if (RegisterNode(index, request) is { } nodeRefused) return "failed inserting node: " + nodeRefused;
        if (request.Service is { } service && EnsureService(index, request.Node, service) is { } serviceRefused) return "failed inserting service: " + serviceRefused;
        if (request.Check is { } check && RegisterCheck(index, request.Node, check) is { } checkRefused) return checkRefused;
        foreach (var each in request.Checks ?? [])
            if (RegisterCheck(index, request.Node, each) is { } refused) return refused;
        return null;
    }

    /// <summary>Removes a service, a check or the node.</summary>
    public void Deregister(ulong index, DeregisterRequest request)
    {
        if (request.ServiceId.Length > 0) DeleteService(index, request.Node, request.ServiceId);
        else if (request.CheckId.Length > 0) DeleteCheck(index, request.Node, request.CheckId);
        else DeleteNode(index, request.Node);
    }

    public NodeEntry? NodeByName(string name) => _nodes.Get(Keys.Of(stackalloc byte[Keys.Scratch], name));

    public NodeEntry? NodeById(string id)
    {
        Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
        return Uuids.TryNodeKey(id, key, out _) ? _nodesById.Get(key[..16]) : null;
    }

    /// <summary>Adds or changes a node; an unchanged one keeps its index. A node known by its id may come under a new name.</summary>
    public string? EnsureNode(ulong index, NodeEntry node)
    {
        // A node without a name could be stored but not restored from a snapshot.
        if (node.Name.Length == 0) return "object missing primary index";
        NodeEntry? existing = null;
        if (node.Id.Length > 0)
        {
            if (!Uuids.TryNodeKey(node.Id, stackalloc byte[Uuids.SessionKeyMax], out var problem))
                return $"node lookup failed: node lookup by ID failed, wrong UUID: {problem} for '{node.Id}'";
            existing = NodeById(node.Id);
            if (existing is null)
            {
                if (NameTaken(node, allowWithoutId: true) is { } taken) return $"Error while renaming Node ID: {GoQuote.Quote(node.Id)}: {taken}";
            }
            else if (existing.Name != node.Name)
            {
                if (NameTaken(node, allowWithoutId: false) is { } taken)
                    return $"Error while renaming Node ID: {GoQuote.Quote(node.Id)} ({node.Address}): {taken}";
                // What is on the node goes with the old name, as if it had left.
                DeleteNode(index, existing.Name);
            }
        }
        existing ??= NodeByName(node.Name);
        if (existing is not null && Sameness.Same(existing, node) && NodeByName(node.Name) is not null) return null;
        PutNode(node with { CreateIndex = existing?.CreateIndex ?? index, ModifyIndex = index });
        return null;
    }

    /// <summary>As <see cref="EnsureNode"/>, when the node's ModifyIndex is the one in the request (0: when there is none).</summary>
    public string? EnsureNodeCas(ulong index, NodeEntry node, out bool matched)
    {
        matched = (NodeByName(node.Name)?.ModifyIndex ?? 0) == node.ModifyIndex;
        return matched ? EnsureNode(index, node) : null;
    }

    /// <summary>Removes a node with its services, checks, coordinates and sessions.</summary>
    public void DeleteNode(ulong index, string name)
    {
        if (NodeByName(name) is not { } node) return;
        var prefix = Keys.Make(name);

        var rows = new List<ServiceRow>();
        _services.CollectInto(prefix, rows);
        foreach (var row in rows) DeleteService(index, name, row.Service.Id);

        var checks = new List<HealthCheck>();
        _checks.CollectInto(prefix, checks);
        foreach (var check in checks) DeleteCheck(index, name, check.CheckId);

        var coordinates = new List<CoordinateEntry>();
        _coordinates.RemovePrefix(prefix, coordinates);
        foreach (var coordinate in coordinates) _digest -= RowHash.Of(coordinate);
        if (coordinates.Count > 0) SetIndex(IndexName.Coordinates, index);

        _nodes.Remove(prefix);
        _digest -= RowHash.Of(node);
        UnlinkId(node);
        SetIndex(IndexName.Nodes, index);
        EndSessionsOfNode(index, name);
    }

    /// <summary>False when the node's ModifyIndex is another one, or there is no such node.</summary>
    public bool DeleteNodeCas(ulong index, string name, ulong modifyIndex)
    {
        if (NodeByName(name) is not { } node || node.ModifyIndex != modifyIndex) return false;
        DeleteNode(index, name);
        return true;
    }

    /// <summary>Puts a restored node back with its own indexes.</summary>
    public string? RestoreNode(NodeEntry node)
    {
        if (node.Name.Length == 0) return "a node has no name";
        PutNode(node);
        return null;
    }

    public void UpdateCoordinates(ulong index, IReadOnlyList<CoordinateEntry> batch)
    {
        foreach (var entry in batch)
        {
            // Nodes that are not there (yet) come again with the next update, so these are dropped without a word.
            if (NodeByName(entry.Node) is null || !IsUsable(entry.Coord)) continue;
            PutCoordinate(entry);
        }
        SetIndex(IndexName.Coordinates, index);
    }

    public void PutCoordinate(CoordinateEntry entry)
    {
        if (_coordinates.Put(Keys.Make(entry.Node, entry.Segment), entry) is { } earlier) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(entry);
    }

    public void AutopilotSet(ulong index, AutopilotConfig config) =>
        PutAutopilot(config with { CreateIndex = _autopilot.Get(NoKey)?.CreateIndex ?? index, ModifyIndex = index });

    public bool AutopilotCas(ulong index, AutopilotConfig config)
    {
        if (_autopilot.Get(NoKey) is not { } existing || existing.ModifyIndex != config.ModifyIndex) return false;
        AutopilotSet(index, config);
        return true;
    }

    public void PutAutopilot(AutopilotConfig config)
    {
        if (_autopilot.Put(NoKey, config) is { } earlier) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(config);
    }

    private string? RegisterNode(ulong index, RegisterRequest request)
    {
        var node = new NodeEntry
        {
            Id = request.Id, Name = request.Node, Address = request.Address, Datacenter = request.Datacenter,
            TaggedAddresses = request.TaggedAddresses, Meta = request.NodeMeta,
        };
        // Every registration of a service or check repeats the node, so the common case must cost nothing and move no index.
        var existing = NodeByName(node.Name);
        return existing is not null && (request.SkipNodeUpdate || Sameness.Same(existing, node)) ? null : EnsureNode(index, node);
    }

    /// <summary>Refuses a name that another healthy node has. Nodes without a serf check are managed by somebody else and may be taken over.</summary>
    private string? NameTaken(NodeEntry node, bool allowWithoutId)
    {
        if (NodeByName(node.Name) is not { } other || other.Id == node.Id || (other.Id.Length == 0 && allowWithoutId)) return null;
        var serf = _checks.Get(Keys.Of(stackalloc byte[Keys.Scratch], other.Name, SerfCheck));
        return serf is null || serf.Status == HealthStatus.Critical ? null
            : $"Node name {node.Name} is reserved by node {other.Id} with name {other.Name} ({other.Address})";
    }

    private void PutNode(NodeEntry node)
    {
        if (_nodes.Put(Keys.Make(node.Name), node) is { } earlier)
        {
            _digest -= RowHash.Of(earlier);
            if (earlier.Id != node.Id) UnlinkId(earlier);
        }
        _digest += RowHash.Of(node);
        Span<byte> id = stackalloc byte[Uuids.SessionKeyMax];
        if (node.Id.Length > 0 && Uuids.TryNodeKey(node.Id, id, out _)) _nodesById.Put(id[..16].ToArray(), node);
        SetIndex(IndexName.Nodes, node.ModifyIndex);
        RefreshServicesOf(node, node.ModifyIndex);
    }

    private void UnlinkId(NodeEntry node)
    {
        Span<byte> id = stackalloc byte[Uuids.SessionKeyMax];
        if (node.Id.Length == 0 || !Uuids.TryNodeKey(node.Id, id, out _)) return;
        if (_nodesById.Get(id[..16]) is { } linked && linked.Name.Equals(node.Name, StringComparison.OrdinalIgnoreCase)) _nodesById.Remove(id[..16]);
    }

    private static bool IsUsable(Coordinate coordinate)
    {
        foreach (var part in coordinate.Vec)
            if (!double.IsFinite(part)) return false;
        return double.IsFinite(coordinate.Error) && double.IsFinite(coordinate.Adjustment) && double.IsFinite(coordinate.Height);
    }
}
