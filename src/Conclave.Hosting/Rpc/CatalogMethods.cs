using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node.Filters;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Hosting.Calls;

/// <summary>Reads of nodes, services, checks and coordinates.</summary>
internal sealed class CatalogMethods(RpcReads reads)
{
    private const string NoNode = "Must provide node", NoService = "Must provide service name";

    private static readonly byte[] s_nodes = "Nodes"u8.ToArray(), s_serviceNodes = "ServiceNodes"u8.ToArray(), s_checks = "HealthChecks"u8.ToArray(),
        s_coordinates = "Coordinates"u8.ToArray(), s_dump = "Dump"u8.ToArray();

    private string Datacenter => reads.Gateway.Identity.Datacenter;

    /// <summary>Adds them.</summary>
    public void AddTo(RpcMethods methods)
    {
        Add(methods, "Catalog.ListNodes", ListNodes);
        Add(methods, "Catalog.ListServices", ListServices);
        Add(methods, "Catalog.ServiceNodes", ServiceNodes);
        Add(methods, "Catalog.NodeServices", arguments => NodeServices(arguments, asList: false));
        Add(methods, "Catalog.NodeServiceList", arguments => NodeServices(arguments, asList: true));
        Add(methods, "Catalog.GatewayServices", static _ => Nothing("Services"));
        Add(methods, "Health.NodeChecks", NodeChecks);
        Add(methods, "Health.ServiceChecks", ServiceChecks);
        Add(methods, "Health.ChecksInState", ChecksInState);
        Add(methods, "Health.ServiceNodes", HealthOf);
        Add(methods, "Coordinate.ListNodes", static _ => (new RowsQuery<CoordinateEntry>(s_coordinates, static (root, watches, into) => root.Coordinates(watches, into), CoordinateCodec.Write), null));
        Add(methods, "Coordinate.Node", CoordinatesOf);
        Add(methods, "Internal.NodeInfo", NodeInfoOf);
        Add(methods, "Internal.NodeDump", NodeDump);
        Add(methods, "Internal.ServiceDump", ServiceDump);
        Add(methods, "FederationState.List", static _ => Nothing("States"));
    }

    private void Add(RpcMethods methods, string name, Func<QueryArguments, (RpcQuery?, string?)> compose) =>
        methods.Add(name, (call, result) => reads.AnswerAsync(name, call, result, compose));

    private (RpcQuery?, string?) ListNodes(QueryArguments arguments)
    {
        var meta = MetaOf(arguments);
        return (new RowsQuery<NodeEntry>(s_nodes, (root, watches, into) => root.Nodes(meta, watches, into), WriteNode)
        {
            Condition = FilterOf(arguments, FilterSchemas.Nodes),
            Near = PlaceOf(arguments),
            NodeOf = static node => node.Name,
        }, null);
    }

    private static (RpcQuery?, string?) ListServices(QueryArguments arguments)
    {
        var meta = MetaOf(arguments);
        return (new FormQuery<SortedDictionary<string, SortedSet<string>>>((root, watches) =>
        {
            var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
            return (root.Services(meta, watches, services), services);
        }, CatalogResults.WriteServices), null);
    }

    private (RpcQuery?, string?) ServiceNodes(QueryArguments arguments)
    {
        if (arguments.ServiceName.Length == 0 && arguments.ServiceAddress.Length == 0) return (null, NoService);
        var meta = MetaOf(arguments);
        var tags = TagsOf(arguments);
        return (new RowsQuery<ServiceNode>(s_serviceNodes, (root, watches, into) => Read(root, watches, into), WriteServiceNode)
        {
            Condition = FilterOf(arguments, FilterSchemas.ServiceNodes),
            Also = arguments.ServiceAddress.Length == 0 ? null : row => row.Service.Address == arguments.ServiceAddress || (row.Service.Address.Length == 0 && row.Node.Address == arguments.ServiceAddress),
            Near = PlaceOf(arguments),
            NodeOf = static row => row.Node.Name,
        }, null);

        ulong Read(StateRoot root, WatchSet? watches, List<ServiceNode> into)
        {
            if (!arguments.Connect) return root.ServiceNodes(arguments.ServiceName, tags, meta, watches, into);
            var rows = new List<CheckServiceNode>();
            ulong index = root.CheckServiceNodes(arguments.ServiceName, tags, meta, connect: true, watches, rows);
            foreach (var row in rows) into.Add(new ServiceNode(row.Node, row.Service));
            return index;
        }
    }

    private (RpcQuery?, string?) NodeServices(QueryArguments arguments, bool asList)
    {
        if (arguments.Node.Length == 0) return (null, NoNode);
        var condition = FilterOf(arguments, FilterSchemas.NodeServices);
        return (new FormQuery<(NodeEntry? Node, List<NodeService> Services)>((root, watches) =>
        {
            var services = new List<NodeService>();
            ulong index = root.NodeServices(arguments.Node, watches, out var node, services);
            condition?.Apply(services);
            return (index, (node, services));
        }, (ref MsgPackWriter writer, (NodeEntry? Node, List<NodeService> Services) found, QueryMeta meta) =>
            CatalogResults.WriteNodeServices(ref writer, found.Node is null ? null : Placed(found.Node), found.Services, asList, meta)), null);
    }

    private static (RpcQuery?, string?) NodeChecks(QueryArguments arguments)
    {
        if (arguments.Node.Length == 0) return (null, NoNode);
        return Checks(arguments, (root, watches, into) => root.NodeChecks(arguments.Node, watches, into));
    }

    private static (RpcQuery?, string?) ServiceChecks(QueryArguments arguments)
    {
        if (arguments.ServiceName.Length == 0) return (null, NoService);
        var meta = MetaOf(arguments);
        return Checks(arguments, (root, watches, into) => root.ServiceChecks(arguments.ServiceName, meta, watches, into));
    }

    private static (RpcQuery?, string?) ChecksInState(QueryArguments arguments)
    {
        var meta = MetaOf(arguments);
        return Checks(arguments, (root, watches, into) => root.ChecksInState(arguments.State, meta, watches, into));
    }

    private static (RpcQuery?, string?) Checks(QueryArguments arguments, RowReader<HealthCheck> read) => (new RowsQuery<HealthCheck>(s_checks, read, HealthCheckCodec.Write)
    {
        Condition = FilterOf(arguments, FilterSchemas.HealthChecks),
        Near = PlaceOf(arguments),
        NodeOf = static check => check.Node,
    }, null);

    private (RpcQuery?, string?) HealthOf(QueryArguments arguments)
    {
        if (arguments.ServiceName.Length == 0) return (null, NoService);
        if (arguments.Ingress) return Nothing("Nodes");                // there are no gateways yet, so no service is reached through one
        var meta = MetaOf(arguments);
        var tags = TagsOf(arguments);
        return (new RowsQuery<CheckServiceNode>(s_nodes, (root, watches, into) => root.CheckServiceNodes(arguments.ServiceName, tags, meta, arguments.Connect, watches, into), WriteCheckServiceNode)
        {
            Condition = FilterOf(arguments, FilterSchemas.CheckServiceNodes),
            Near = PlaceOf(arguments),
            NodeOf = static row => row.Node.Name,
        }, null);
    }

    private static (RpcQuery?, string?) CoordinatesOf(QueryArguments arguments)
    {
        if (arguments.Node.Length == 0) return (null, NoNode);
        return (new RowsQuery<CoordinateEntry>(s_coordinates, (root, watches, into) => root.NodeCoordinates(arguments.Node, watches, into), CoordinateCodec.Write), null);
    }

    private (RpcQuery?, string?) NodeInfoOf(QueryArguments arguments)
    {
        if (arguments.Node.Length == 0) return (null, NoNode);
        return (new RowsQuery<NodeInfo>(s_dump, (root, watches, into) =>
        {
            ulong index = root.NodeGet(arguments.Node, watches, out var node);
            return node is null ? index : Math.Max(index, AddInfo(root, watches, node, into));
        }, WriteInfo), null);
    }

    // Watches tables, not each node: a query has room for some thousands of watches only.
    private (RpcQuery?, string?) NodeDump(QueryArguments arguments) => (new RowsQuery<NodeInfo>(s_dump, (root, watches, into) =>
    {
        var nodes = new List<NodeEntry>();
        ulong index = root.Nodes(null, watches, nodes);
        index = Math.Max(index, WatchAll(root, watches));
        foreach (var node in nodes) AddInfo(root, null, node, into);
        return index;
    }, WriteInfo), null);

    private (RpcQuery?, string?) ServiceDump(QueryArguments arguments)
    {
        var condition = FilterOf(arguments, FilterSchemas.CheckServiceNodes);
        return (new FormQuery<List<CheckServiceNode>>((root, watches) =>
        {
            var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
            ulong index = Math.Max(root.Services(null, watches, services), WatchAll(root, watches));
            var rows = new List<CheckServiceNode>();
            foreach (string name in services.Keys) root.CheckServiceNodes(name, null, null, connect: false, null, rows);
            if (arguments.UseServiceKind) rows.RemoveAll(row => row.Service.Kind != arguments.ServiceKind);
            condition?.Apply(rows);
            return (index, rows);
        }, (ref MsgPackWriter writer, List<CheckServiceNode> rows, QueryMeta meta) => CatalogResults.WriteServiceDump(ref writer, rows.ConvertAll(Placed), meta)), null);
    }

    private static ulong WatchAll(StateRoot root, WatchSet? watches)
    {
        var checks = new List<HealthCheck>();
        var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        return Math.Max(root.ChecksInState(HealthStatus.Any, null, watches, checks), root.Services(null, watches, services));
    }

    private static ulong AddInfo(StateRoot root, WatchSet? watches, NodeEntry node, List<NodeInfo> into)
    {
        var services = new List<NodeService>();
        var checks = new List<HealthCheck>();
        ulong index = Math.Max(root.NodeServices(node.Name, watches, out _, services), root.NodeChecks(node.Name, watches, checks));
        into.Add(new NodeInfo(node, services, checks));
        return index;
    }

    private static (RpcQuery?, string?) Nothing(string field)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(field);
        return (new FormQuery<byte[]>((_, _) => (1, name), static (ref MsgPackWriter writer, byte[] name, QueryMeta meta) => RowResults.WriteNothing(ref writer, name, meta)), null);
    }

    private void WriteNode(ref MsgPackWriter writer, NodeEntry node) => NodeEntryCodec.Write(ref writer, Placed(node));

    private void WriteServiceNode(ref MsgPackWriter writer, ServiceNode row) => CatalogResults.Write(ref writer, row with { Node = Placed(row.Node) });

    private void WriteCheckServiceNode(ref MsgPackWriter writer, CheckServiceNode row) => CatalogResults.Write(ref writer, Placed(row));

    private static void WriteInfo(ref MsgPackWriter writer, NodeInfo info) => CatalogResults.Write(ref writer, info);

    // Nodes of some stored records do not say where they are: here.
    private NodeEntry Placed(NodeEntry node) => node.Datacenter.Length > 0 ? node : node with { Datacenter = Datacenter };

    private CheckServiceNode Placed(CheckServiceNode row) => row with { Node = Placed(row.Node) };

    private static Filter<T>? FilterOf<T>(QueryArguments arguments, FilterSchema<T> schema) =>
        string.IsNullOrEmpty(arguments.Options.Filter) ? null : FilterCompiler.Compile(arguments.Options.Filter, schema);

    private static (string, string)? PlaceOf(QueryArguments arguments) =>
        arguments.SourceNode.Length + arguments.SourceIp.Length == 0 ? null : (arguments.SourceNode, arguments.SourceIp);

    private static IReadOnlyList<string>? TagsOf(QueryArguments arguments) => arguments.TagFilter ? arguments.ServiceTags : null;

    private static List<KeyValuePair<string, string>>? MetaOf(QueryArguments arguments) => arguments.NodeMetaFilters is { Count: > 0 } meta ? [.. meta] : null;
}
