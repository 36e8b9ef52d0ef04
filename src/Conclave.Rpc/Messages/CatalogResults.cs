using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>What methods about nodes, services and checks give back.</summary>
public static class CatalogResults
{
    /// <summary>Writes names of services with their tags.</summary>
    public static void WriteServices(ref MsgPackWriter writer, SortedDictionary<string, SortedSet<string>> services, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 1);
        fields.Begin(ref writer);
        fields.Key(ref writer, "Services"u8);
        writer.WriteMapHeader(services.Count);
        foreach (var (name, tags) in services)
        {
            writer.Write(name);
            writer.WriteArrayHeader(tags.Count);
            foreach (string tag in tags) writer.Write(tag);
        }
        fields.End(ref writer);
    }

    /// <summary>Writes a node with its services.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="node">The node, or null when it is unknown.</param>
    /// <param name="services">Its services.</param>
    /// <param name="asList">As a list, not as a map by id.</param>
    /// <param name="meta">Fields of the read.</param>
    public static void WriteNodeServices(ref MsgPackWriter writer, NodeEntry? node, IReadOnlyList<NodeService> services, bool asList, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 1);
        fields.Begin(ref writer);
        fields.Key(ref writer, "NodeServices"u8);
        if (node is null && !asList) writer.WriteNil();
        else
        {
            writer.WriteMapHeader(2);
            writer.WriteKey("Node"u8);
            if (node is null) writer.WriteNil();
            else NodeEntryCodec.Write(ref writer, node);
            writer.WriteKey("Services"u8);
            if (asList) RowResults.WriteList(ref writer, services, NodeServiceCodec.Write);
            else WriteMap(ref writer, services);
        }
        fields.End(ref writer);
    }

    /// <summary>
    /// Writes an instance with its node, in one flat map. Tags and metadata are empty here where the instance has none, and addresses without any are nil: client agents show them as they come.
    /// </summary>
    public static void Write(ref MsgPackWriter writer, ServiceNode row)
    {
        var (node, service) = (row.Node, row.Service);
        writer.WriteMapHeader(21);
        writer.WriteField("Address"u8, node.Address);
        writer.WriteField("CreateIndex"u8, service.CreateIndex);
        writer.WriteField("Datacenter"u8, node.Datacenter);
        writer.WriteField("ID"u8, node.Id);
        writer.WriteField("ModifyIndex"u8, service.ModifyIndex);
        writer.WriteField("Node"u8, node.Name);
        writer.WriteField("NodeMeta"u8, node.Meta);
        writer.WriteField("ServiceAddress"u8, service.Address);
        writer.WriteKey("ServiceConnect"u8);
        NodeServiceCodec.WriteConnect(ref writer, service);
        writer.WriteField("ServiceEnableTagOverride"u8, service.EnableTagOverride);
        writer.WriteField("ServiceID"u8, service.Id);
        writer.WriteField("ServiceKind"u8, service.Kind);
        writer.WriteField("ServiceMeta"u8, service.Meta ?? TextMap<string>.Empty);
        writer.WriteField("ServiceName"u8, service.Service);
        writer.WriteField("ServicePort"u8, (long)service.Port);
        writer.WriteKey("ServiceProxy"u8);
        NodeServiceCodec.WriteProxy(ref writer, service);
        writer.WriteField("ServiceSocketPath"u8, service.SocketPath);
        writer.WriteKey("ServiceTaggedAddresses"u8);
        if (service.TaggedAddresses is { Count: > 0 }) NodeServiceCodec.WriteTaggedAddresses(ref writer, service);
        else writer.WriteNil();
        writer.WriteField("ServiceTags"u8, service.Tags ?? []);
        writer.WriteKey("ServiceWeights"u8);
        NodeServiceCodec.WriteWeights(ref writer, service);
        writer.WriteField("TaggedAddresses"u8, node.TaggedAddresses);
    }

    /// <summary>Writes an instance with its node and the checks of both.</summary>
    public static void Write(ref MsgPackWriter writer, CheckServiceNode row)
    {
        writer.WriteMapHeader(3);
        writer.WriteKey("Checks"u8);
        RowResults.WriteList(ref writer, row.Checks, HealthCheckCodec.Write);
        writer.WriteKey("Node"u8);
        NodeEntryCodec.Write(ref writer, row.Node);
        writer.WriteKey("Service"u8);
        NodeServiceCodec.Write(ref writer, row.Service);
    }

    /// <summary>Writes a node with everything on it.</summary>
    public static void Write(ref MsgPackWriter writer, NodeInfo row)
    {
        writer.WriteMapHeader(7);
        writer.WriteField("Address"u8, row.Node.Address);
        writer.WriteKey("Checks"u8);
        RowResults.WriteList(ref writer, row.Checks, HealthCheckCodec.Write);
        writer.WriteField("ID"u8, row.Node.Id);
        writer.WriteField("Meta"u8, row.Node.Meta);
        writer.WriteField("Node"u8, row.Node.Name);
        writer.WriteKey("Services"u8);
        RowResults.WriteList(ref writer, row.Services, NodeServiceCodec.Write);
        writer.WriteField("TaggedAddresses"u8, row.Node.TaggedAddresses);
    }

    /// <summary>Writes instances of all services, with the gateways that this server does not have.</summary>
    public static void WriteServiceDump(ref MsgPackWriter writer, IReadOnlyList<CheckServiceNode> rows, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 2);
        fields.Begin(ref writer);
        fields.Key(ref writer, "Gateways"u8);
        writer.WriteNil();
        fields.Key(ref writer, "Nodes"u8);
        RowResults.WriteList(ref writer, rows, Write);
        fields.End(ref writer);
    }

    private static void WriteMap(ref MsgPackWriter writer, IReadOnlyList<NodeService> services)
    {
        writer.WriteMapHeader(services.Count);
        foreach (var service in services)
        {
            writer.Write(service.Id);
            NodeServiceCodec.Write(ref writer, service);
        }
    }
}

/// <summary>A node with everything on it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Services">Its services.</param>
/// <param name="Checks">Its checks and those of its services.</param>
public sealed record NodeInfo(NodeEntry Node, IReadOnlyList<NodeService> Services, IReadOnlyList<HealthCheck> Checks);
