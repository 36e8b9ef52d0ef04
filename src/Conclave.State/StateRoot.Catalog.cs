using Conclave.Core.Model;

namespace Conclave.State;

public sealed partial class StateRoot
{
    /// <summary>All nodes that carry every pair of <paramref name="nodeMeta"/> (null or empty: all).</summary>
    public ulong Nodes(IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<NodeEntry> into)
    {
        foreach (var node in Tables.Nodes.Scan([], watches))
            if (CatalogConditions.Carries(node, nodeMeta)) into.Add(node);
        return IndexOf(IndexName.Nodes);
    }

    /// <summary>One node by name (without regard to case) or by id. The leading part of an id is enough when only one node has it.</summary>
    public ulong NodeGet(string nameOrId, WatchSet? watches, out NodeEntry? node)
    {
        node = FindNode(nameOrId, watches);
        return IndexOf(IndexName.Nodes);
    }

    /// <summary>Names of all services with the union of their tags.</summary>
    public ulong Services(IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, SortedDictionary<string, SortedSet<string>> into)
    {
        string? name = null;
        SortedSet<string> tags = [];
        foreach (var row in Tables.ServicesByName.Scan([], watches))
        {
            if (!CatalogConditions.Carries(row.Node, nodeMeta)) continue;
            // Instances of one service are neighbours; names that differ in case only share the place but not the entry.
            if (name != row.Service.Service)
            {
                name = row.Service.Service;
                if (!into.TryGetValue(name, out tags!)) into.Add(name, tags = new SortedSet<string>(StringComparer.Ordinal));
            }
            for (var i = 0; i < (row.Service.Tags?.Count ?? 0); i++) tags.Add(row.Service.Tags![i]);
        }
        var index = IndexOf(IndexName.Services);
        return nodeMeta is { Count: > 0 } ? Math.Max(index, IndexOf(IndexName.Nodes)) : index;
    }

    /// <summary>Instances of a service that carry all <paramref name="tags"/> (without regard to case).</summary>
    public ulong ServiceNodes(string service, IReadOnlyList<string>? tags, IReadOnlyList<KeyValuePair<string, string>>? nodeMeta, WatchSet? watches, List<ServiceNode> into)
    {
        var exists = false;
        foreach (var row in Instances(Tables.ServicesByName, service, watches))
        {
            exists = true;
            if (CatalogConditions.HasTags(row.Service, tags) && CatalogConditions.Carries(row.Node, nodeMeta)) into.Add(new ServiceNode(row.Node, row.Service));
        }
        return ServiceIndex(service, exists, withChecks: false);
    }

    /// <summary>The services of a node (by name or id); <paramref name="node"/> is null and the index 0 when it is unknown.</summary>
    public ulong NodeServices(string nameOrId, WatchSet? watches, out NodeEntry? node, List<NodeService> into)
    {
        node = FindNode(nameOrId, watches);
        if (node is null) return 0;
        foreach (var row in Tables.Services.Scan(Keys.Of(stackalloc byte[Keys.Scratch], node.Name), watches)) into.Add(row.Service);
        return Math.Max(IndexOf(IndexName.Nodes), IndexOf(IndexName.Services));
    }

    /// <summary>All coordinates.</summary>
    public ulong Coordinates(WatchSet? watches, List<CoordinateEntry> into)
    {
        foreach (var entry in Tables.Coordinates.Scan([], watches)) into.Add(entry);
        return IndexOf(IndexName.Coordinates);
    }

    /// <summary>The coordinates of one node, one per segment.</summary>
    public ulong NodeCoordinates(string node, WatchSet? watches, List<CoordinateEntry> into)
    {
        foreach (var entry in Tables.Coordinates.Scan(Keys.Of(stackalloc byte[Keys.Scratch], node), watches)) into.Add(entry);
        return IndexOf(IndexName.Coordinates);
    }

    /// <summary>Stored autopilot configuration, or null before the first leader wrote it.</summary>
    public ulong Autopilot(WatchSet? watches, out AutopilotConfig? config)
    {
        config = Tables.Autopilot.Get([], watches);
        return config?.ModifyIndex ?? 0;
    }

    /// <summary>The node with this name (without regard to case), or null. Without a watch and without allocating, like the next three: for whoever compares thousands with what ought to be.</summary>
    public NodeEntry? NodeNamed(string name) => Tables.Nodes.Get(Keys.Of(stackalloc byte[Keys.Scratch], name));

    /// <summary>The node with this id, or null; null for what is no UUID.</summary>
    public NodeEntry? NodeWithId(string id)
    {
        Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
        return Uuids.TryNodeKey(id, key, out _) ? Tables.NodesById.Get(key[..16]) : null;
    }

    /// <summary>One service of a node, or null.</summary>
    public NodeService? ServiceOn(string node, string serviceId) => Tables.Services.Get(Keys.Of(stackalloc byte[Keys.Scratch], node, serviceId))?.Service;

    /// <summary>One check of a node, or null.</summary>
    public HealthCheck? CheckOn(string node, string checkId) => Tables.Checks.Get(Keys.Of(stackalloc byte[Keys.Scratch], node, checkId));

    private NodeEntry? FindNode(string nameOrId, WatchSet? watches)
    {
        if (Tables.Nodes.Get(Keys.Of(stackalloc byte[Keys.Scratch], nameOrId), watches) is { } byName) return byName;
        Span<byte> key = stackalloc byte[Uuids.SessionKeyMax];
        if (nameOrId.Length < IdPrefixMin || !Uuids.TryPrefixKey(nameOrId, key, out var length) || length == 0) return null;
        NodeEntry? found = null;
        foreach (var node in Tables.NodesById.Scan(key[..length], watches))
        {
            if (found is not null) return null;                 // ambiguous
            found = node;
        }
        return found;
    }

    // Shorter texts are names, never parts of ids.
    private const int IdPrefixMin = 2;

    /// <summary>
    /// Instances of a service. One that exists is watched through its index, which moves with every change of an instance, its node and its checks:
    /// one watch however many instances. One that does not is watched where its first instance would appear.
    /// </summary>
    private TreeValues<ServiceRow> Instances(Tree<ServiceRow> table, string service, WatchSet? watches)
    {
        Span<byte> scratch = stackalloc byte[Keys.Scratch];
        var prefix = Keys.Of(scratch, service);
        if (watches is null) return table.Scan(prefix);
        if (ReferenceEquals(table, Tables.ServicesByName) && Tables.ServicesByName.HasAny(prefix))
        {
            Tables.Indexes.Get(Keys.Of(stackalloc byte[Keys.Scratch], IndexName.OfService(service)), watches);
            return table.Scan(prefix);
        }
        return table.Scan(prefix, watches);
    }

    /// <summary>The service's own index; for a service without instances when a service last died out; else that of the tables.</summary>
    private ulong ServiceIndex(string service, bool exists, bool withChecks)
    {
        if (!exists && IndexOf(IndexName.ServiceExtinction) is > 0 and var extinction) return extinction;
        if (Tables.Indexes.Get(Keys.Of(stackalloc byte[Keys.Scratch], IndexName.OfService(service))) is { } own) return own.Value;
        var index = Math.Max(IndexOf(IndexName.Nodes), IndexOf(IndexName.Services));
        return withChecks ? Math.Max(index, IndexOf(IndexName.Checks)) : index;
    }
}
