using Conclave.Core.Model;

namespace Conclave.Node.Filters;

/// <summary>What filter expressions may select in each resource of the HTTP API: the field names of version 1.10.</summary>
public static class FilterSchemas
{
    /// <summary>Nodes: <c>/v1/catalog/nodes</c>.</summary>
    public static FilterSchema<NodeEntry> Nodes { get; } = new(
        ("ID", new TextField<NodeEntry>(node => node.Id)),
        ("Node", new TextField<NodeEntry>(node => node.Name)),
        ("Address", new TextField<NodeEntry>(node => node.Address)),
        ("Datacenter", new TextField<NodeEntry>(node => node.Datacenter)),
        ("TaggedAddresses", Texts<NodeEntry>(node => node.TaggedAddresses)),
        ("Meta", Texts<NodeEntry>(node => node.Meta)));

    /// <summary>Checks: <c>/v1/health/node</c>, <c>/v1/health/checks</c>, <c>/v1/health/state</c>, <c>/v1/agent/checks</c>.</summary>
    public static FilterSchema<HealthCheck> HealthChecks { get; } = new(
        ("Node", new TextField<HealthCheck>(check => check.Node)),
        ("CheckID", new TextField<HealthCheck>(check => check.CheckId)),
        ("Name", new TextField<HealthCheck>(check => check.Name)),
        ("Status", new TextField<HealthCheck>(check => check.Status)),
        ("Notes", new TextField<HealthCheck>(check => check.Notes)),
        ("Output", new TextField<HealthCheck>(check => check.Output)),
        ("ServiceID", new TextField<HealthCheck>(check => check.ServiceId)),
        ("ServiceName", new TextField<HealthCheck>(check => check.ServiceName)),
        ("ServiceTags", new TextListField<HealthCheck>(check => check.ServiceTags)),
        ("Type", new TextField<HealthCheck>(check => check.Type)),
        ("Interval", new TextField<HealthCheck>(check => check.Interval)),
        ("Timeout", new TextField<HealthCheck>(check => check.Timeout)),
        ("ExposedPort", new IntegerField<HealthCheck>(check => check.ExposedPort)));

    /// <summary>Instances on a node: <c>/v1/catalog/node</c>, <c>/v1/catalog/node-services</c>.</summary>
    public static FilterSchema<NodeService> NodeServices { get; } = new(NodeServiceFields());

    /// <summary>Instances of this agent: <c>/v1/agent/services</c>. Same as <see cref="NodeServices"/> with the agent's datacenter.</summary>
    public static FilterSchema<NodeService> AgentServices(string datacenter) => new(
        [.. NodeServiceFields(), ("Datacenter", new TextField<NodeService>(_ => datacenter))]);

    /// <summary>Instances with their node, flattened: <c>/v1/catalog/service</c>, <c>/v1/catalog/connect</c>.</summary>
    public static FilterSchema<ServiceNode> ServiceNodes { get; } = new(
        ("ID", new TextField<ServiceNode>(row => row.Node.Id)),
        ("Node", new TextField<ServiceNode>(row => row.Node.Name)),
        ("Address", new TextField<ServiceNode>(row => row.Node.Address)),
        ("Datacenter", new TextField<ServiceNode>(row => row.Node.Datacenter)),
        ("TaggedAddresses", Texts<ServiceNode>(row => row.Node.TaggedAddresses)),
        ("NodeMeta", Texts<ServiceNode>(row => row.Node.Meta)),
        ("ServiceKind", new TextField<ServiceNode>(row => row.Service.Kind)),
        ("ServiceID", new TextField<ServiceNode>(row => row.Service.Id)),
        ("ServiceName", new TextField<ServiceNode>(row => row.Service.Service)),
        ("ServiceTags", new TextListField<ServiceNode>(row => row.Service.Tags)),
        ("ServiceAddress", new TextField<ServiceNode>(row => row.Service.Address)),
        ("ServiceTaggedAddresses", Addresses<ServiceNode>(row => row.Service.TaggedAddresses)),
        ("ServiceWeights", new ObjectField<ServiceNode, ServiceWeights>(row => WeightsOf(row.Service), Weights)),
        ("ServiceMeta", Texts<ServiceNode>(row => row.Service.Meta)),
        ("ServicePort", new IntegerField<ServiceNode>(row => row.Service.Port)),
        ("ServiceSocketPath", new TextField<ServiceNode>(row => row.Service.SocketPath)),
        ("ServiceEnableTagOverride", new BoolField<ServiceNode>(row => row.Service.EnableTagOverride)),
        ("ServiceProxy", new ObjectField<ServiceNode, MsgPackMap?>(row => row.Service.Proxy, Proxy)),
        ("ServiceConnect", new ObjectField<ServiceNode, MsgPackMap?>(row => row.Service.Connect, Connect)));

    /// <summary>Instances with node and checks: <c>/v1/health/service</c>, <c>/v1/health/connect</c>, <c>/v1/health/ingress</c>.</summary>
    public static FilterSchema<CheckServiceNode> CheckServiceNodes { get; } = new(
        ("Node", new ObjectField<CheckServiceNode, NodeEntry>(row => row.Node, Nodes)),
        ("Service", new ObjectField<CheckServiceNode, NodeService>(row => row.Service, NodeServices)),
        ("Checks", new ObjectListField<CheckServiceNode, HealthCheck>(row => row.Checks, HealthChecks)));

    // Properties, not fields: they are used by initializers above, whose order in the file must not matter.
    private static FilterSchema<ServiceWeights> Weights => new(
        ("Passing", new IntegerField<ServiceWeights>(weights => weights.Passing)),
        ("Warning", new IntegerField<ServiceWeights>(weights => weights.Warning)));

    private static FilterSchema<ServiceAddress> Address => new(
        ("Address", new TextField<ServiceAddress>(address => address.Address)),
        ("Port", new IntegerField<ServiceAddress>(address => address.Port)));

    private static FilterSchema<MsgPackMap?> Connect => new(("Native", MeshField.Bool("Native")));

    private static FilterSchema<MsgPackMap?> Gateway => new(("Mode", MeshField.Text("Mode")));

    private static FilterSchema<MsgPackMap?> Proxy => new(
        ("DestinationServiceName", MeshField.Text("DestinationServiceName")),
        ("DestinationServiceID", MeshField.Text("DestinationServiceID")),
        ("LocalServiceAddress", MeshField.Text("LocalServiceAddress")),
        ("LocalServicePort", MeshField.Integer("LocalServicePort")),
        ("LocalServiceSocketPath", MeshField.Text("LocalServiceSocketPath")),
        ("Mode", MeshField.Text("Mode")),
        ("Upstreams", MeshField.List("Upstreams", Upstream)),
        ("MeshGateway", MeshField.Object("MeshGateway", Gateway)),
        ("TransparentProxy", MeshField.Object("TransparentProxy", new(
            ("OutboundListenerPort", MeshField.Integer("OutboundListenerPort")),
            ("DialedDirectly", MeshField.Bool("DialedDirectly"))))),
        ("Expose", MeshField.Object("Expose", new(
            ("Checks", MeshField.Bool("Checks")),
            ("Paths", MeshField.List("Paths", ExposedPath))))));

    private static FilterSchema<MsgPackMap?> Upstream => new(
        ("DestinationType", MeshField.Text("DestinationType")),
        ("DestinationName", MeshField.Text("DestinationName")),
        ("Datacenter", MeshField.Text("Datacenter")),
        ("LocalBindAddress", MeshField.Text("LocalBindAddress")),
        ("LocalBindPort", MeshField.Integer("LocalBindPort")),
        ("LocalBindSocketPath", MeshField.Text("LocalBindSocketPath")),
        ("LocalBindSocketMode", MeshField.Text("LocalBindSocketMode")),
        ("MeshGateway", MeshField.Object("MeshGateway", Gateway)));

    private static FilterSchema<MsgPackMap?> ExposedPath => new(
        ("ListenerPort", MeshField.Integer("ListenerPort")),
        ("Path", MeshField.Text("Path")),
        ("LocalPathPort", MeshField.Integer("LocalPathPort")),
        ("Protocol", MeshField.Text("Protocol")),
        ("ParsedFromCheck", MeshField.Bool("ParsedFromCheck")));

    private static (string, FilterField<NodeService>)[] NodeServiceFields() =>
    [
        ("Kind", new TextField<NodeService>(service => service.Kind)),
        ("ID", new TextField<NodeService>(service => service.Id)),
        ("Service", new TextField<NodeService>(service => service.Service)),
        ("Tags", new TextListField<NodeService>(service => service.Tags)),
        ("Address", new TextField<NodeService>(service => service.Address)),
        ("TaggedAddresses", Addresses<NodeService>(service => service.TaggedAddresses)),
        ("Meta", Texts<NodeService>(service => service.Meta)),
        ("Port", new IntegerField<NodeService>(service => service.Port)),
        ("SocketPath", new TextField<NodeService>(service => service.SocketPath)),
        ("Weights", new ObjectField<NodeService, ServiceWeights>(WeightsOf, Weights)),
        ("EnableTagOverride", new BoolField<NodeService>(service => service.EnableTagOverride)),
        ("Proxy", new ObjectField<NodeService, MsgPackMap?>(service => service.Proxy, Proxy)),
        ("Connect", new ObjectField<NodeService, MsgPackMap?>(service => service.Connect, Connect)),
    ];

    private static MapField<T, string> Texts<T>(Func<T, IReadOnlyDictionary<string, string>?> get) => new(get, new TextField<string>(text => text));

    private static MapField<T, ServiceAddress> Addresses<T>(Func<T, IReadOnlyDictionary<string, ServiceAddress>?> get) =>
        new(get, new ObjectField<ServiceAddress, ServiceAddress>(address => address, Address));

    private static ServiceWeights WeightsOf(NodeService service) => service.Weights ?? default;
}
