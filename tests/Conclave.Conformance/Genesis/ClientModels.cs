using static Conclave.Conformance.Genesis.Shape;

namespace Conclave.Conformance.Genesis;

/// <summary>The immutable models of the widespread JVM client, as far as they decide whether an answer decodes.</summary>
internal static class ClientModels
{
    // An empty object, or one without "wan", loses the whole answer.
    private static readonly Model s_taggedAddresses = new Model().Must(Text, "wan").May(Text, "lan");

    private static readonly Model s_weights = new Model().Must(Number, "Passing", "Warning");

    public static Model KeyValue { get; } = new Model().Must(Number, "CreateIndex", "ModifyIndex", "LockIndex", "Flags").Must(Text, "Key").May(Base64, "Value").May(Text, "Session");

    public static Model HealthCheck { get; } = new Model().Must(Text, "Node", "CheckID", "Name", "Status").May(Text, "Notes", "Output", "ServiceID", "ServiceName").May(ListOf(Text), "ServiceTags");

    public static Model Service { get; } = new Model().Must(Text, "ID", "Service", "Address").Must(Number, "Port").May(Flag, "EnableTagOverride").May(ListOf(Text), "Tags").May(MapOf(Text), "Meta").May(s_weights, "Weights");

    public static Model Node { get; } = new Model().Must(Text, "Node", "Address").May(Text, "Datacenter").May(s_taggedAddresses, "TaggedAddresses").May(MapOf(Text), "Meta");

    public static Model ServiceHealth { get; } = new Model().Must(Node, "Node").Must(Service, "Service").May(ListOf(HealthCheck), "Checks");

    public static Model CatalogService { get; } = new Model().Must(Text, "Node", "Address", "ServiceName", "ServiceID", "ServiceAddress").Must(Number, "ServicePort")
        .May(Text, "Datacenter").May(Flag, "ServiceEnableTagOverride").May(s_weights, "ServiceWeights").May(ListOf(Text), "ServiceTags").May(MapOf(Text), "ServiceMeta", "NodeMeta");

    public static Model CatalogNode { get; } = new Model().Must(Node, "Node").May(MapOf(Service), "Services");

    public static Model AgentService { get; } = new Model().Must(Text, "ID", "Service", "Address", "ContentHash").Must(Number, "Port").May(Text, "Kind").May(s_weights, "Weights").May(Flag, "EnableTagOverride")
        .May(new Model().Must(Text, "DestinationServiceName", "DestinationServiceID", "LocalServiceAddress").Must(Number, "LocalServicePort").May(MapOf(Text), "Config"), "Proxy");

    public static Model Member { get; } = new Model().Must(Text, "Name", "Addr").Must(Number, "Port", "Status", "ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur").May(MapOf(Text), "Tags");

    public static Model Self { get; } = new Model()
        .Must(new Model().Must(Text, "Datacenter", "NodeName", "Revision", "Version").Must(Flag, "Server"), "Config").Must(Member, "Member").May(MapOf(Anything), "DebugConfig").May(MapOf(Text), "Meta");

    public static Model Session { get; } = new Model().Must(Text, "ID", "Node", "Behavior").Must(Number, "CreateIndex").Must(LockDelay, "LockDelay").May(Text, "Name", "TTL").May(ListOf(Text), "Checks");

    public static Model Event { get; } = new Model().Must(Text, "ID", "Name").Must(Number, "Version", "LTime").May(Base64, "Payload").May(Text, "NodeFilter", "ServiceFilter", "TagFilter").NothingElse();

    public static Model RaftConfiguration { get; } = new Model()
        .Must(ListOf(new Model().Must(Text, "ID", "Node", "Address").Must(Flag, "Leader", "Voter")), "Servers").Must(Number, "Index");

    private static readonly Model s_coordinate = new Model().Must(Text, "Node").Must(new Model().Must(Real, "Adjustment", "Error", "Height").Must(ListOf(Real), "Vec"), "Coord");

    public static Model Coordinate => s_coordinate;

    public static Model DatacenterCoordinates { get; } = new Model().Must(Text, "Datacenter").May(ListOf(s_coordinate), "Coordinates");
}
