using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>Reads what methods about nodes, services and checks give back: the other side of <see cref="CatalogResults"/>.</summary>
public static class CatalogRows
{
    private static readonly FieldNames s_flat = new(
        "Address", "CreateIndex", "Datacenter", "ID", "ModifyIndex", "Node", "NodeMeta", "ServiceAddress", "ServiceConnect", "ServiceEnableTagOverride", "ServiceID", "ServiceKind",
        "ServiceMeta", "ServiceName", "ServicePort", "ServiceProxy", "ServiceSocketPath", "ServiceTaggedAddresses", "ServiceTags", "ServiceWeights", "TaggedAddresses");

    /// <summary>Reads an instance with its node out of one flat map.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static ServiceNode ReadServiceNode(ref MsgPackReader reader)
    {
        var node = new NodeEntry { Name = "" };
        var service = new NodeService();
        var fields = new FieldReader(ref reader, s_flat);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: node = node with { Address = reader.ReadText() }; break;
                case 1: service = service with { CreateIndex = reader.ReadUInt64() }; break;
                case 2: node = node with { Datacenter = reader.ReadText() }; break;
                case 3: node = node with { Id = reader.ReadText() }; break;
                case 4: service = service with { ModifyIndex = reader.ReadUInt64() }; break;
                case 5: node = node with { Name = reader.ReadText() }; break;
                case 6: node = node with { Meta = MsgPackCollections.ReadTextMap(ref reader) }; break;
                case 7: service = service with { Address = reader.ReadText() }; break;
                case 8: service = service with { Connect = NodeServiceCodec.ReadConnect(ref reader) }; break;
                case 9: service = service with { EnableTagOverride = reader.ReadBool() }; break;
                case 10: service = service with { Id = reader.ReadText() }; break;
                case 11: service = service with { Kind = reader.ReadText() }; break;
                case 12: service = service with { Meta = MsgPackCollections.ReadTextMap(ref reader) }; break;
                case 13: service = service with { Service = reader.ReadText() }; break;
                case 14: service = service with { Port = reader.ReadInt32() }; break;
                case 15: service = service with { Proxy = NodeServiceCodec.ReadProxy(ref reader) }; break;
                case 16: service = service with { SocketPath = reader.ReadText() }; break;
                case 17: service = service with { TaggedAddresses = NodeServiceCodec.ReadTaggedAddresses(ref reader) }; break;
                case 18: service = service with { Tags = MsgPackCollections.ReadTexts(ref reader) }; break;
                case 19: service = service with { Weights = NodeServiceCodec.ReadWeights(ref reader) }; break;
                case 20: node = node with { TaggedAddresses = MsgPackCollections.ReadTextMap(ref reader) }; break;
            }
        return new ServiceNode(node, service);
    }

    /// <summary>Reads an instance with its node and the checks of both.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static CheckServiceNode ReadCheckServiceNode(ref MsgPackReader reader)
    {
        NodeEntry? node = null;
        NodeService? service = null;
        IReadOnlyList<HealthCheck>? checks = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (reader.TryReadNil()) continue;
            if (key.SequenceEqual("Node"u8)) node = NodeEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Service"u8)) service = NodeServiceCodec.Read(ref reader);
            else if (key.SequenceEqual("Checks"u8)) checks = MsgPackCollections.ReadList(ref reader, HealthCheckCodec.Read);
            else reader.Skip(acceptExtensions: true);
        }
        return new CheckServiceNode(node ?? new NodeEntry { Name = "" }, service ?? new NodeService(), checks ?? []);
    }

    /// <summary>Reads names of services with their tags.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static QueryMeta ReadServices(ReadOnlyMemory<byte> result, SortedDictionary<string, SortedSet<string>> into)
    {
        var reader = new MsgPackReader(result);
        var meta = default(QueryMeta);
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Services"u8)) ReadTagsByName(ref reader, into);
            else if (!QueryMeta.TryTake(ref reader, key, ref meta)) reader.Skip(acceptExtensions: true);
        }
        return meta;
    }

    /// <summary>Reads a node with its services, given as a map by id or as a list.</summary>
    /// <param name="result">The result.</param>
    /// <param name="node">The node, or null when the server knows none.</param>
    /// <param name="into">Where its services are added.</param>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static QueryMeta ReadNodeServices(ReadOnlyMemory<byte> result, out NodeEntry? node, List<NodeService> into)
    {
        var reader = new MsgPackReader(result);
        var meta = default(QueryMeta);
        node = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("NodeServices"u8)) node = ReadNodeServices(ref reader, into);
            else if (!QueryMeta.TryTake(ref reader, key, ref meta)) reader.Skip(acceptExtensions: true);
        }
        return meta;
    }

    private static NodeEntry? ReadNodeServices(ref MsgPackReader reader, List<NodeService> into)
    {
        NodeEntry? node = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (reader.TryReadNil()) continue;
            if (key.SequenceEqual("Node"u8)) node = NodeEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Services"u8)) ReadInstances(ref reader, into);
            else reader.Skip(acceptExtensions: true);
        }
        return node;
    }

    private static void ReadInstances(ref MsgPackReader reader, List<NodeService> into)
    {
        if (reader.NextKind == MsgPackKind.Array)
        {
            RowResults.ReadList(ref reader, NodeServiceCodec.Read, into);
            return;
        }
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            reader.ReadTextSpan();
            into.Add(NodeServiceCodec.Read(ref reader));
        }
        // A map comes in any order; the state gives services by their id.
        into.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
    }

    private static void ReadTagsByName(ref MsgPackReader reader, SortedDictionary<string, SortedSet<string>> into)
    {
        if (reader.TryReadNil()) return;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            string name = reader.ReadText();
            into[name] = new SortedSet<string>(MsgPackCollections.ReadTexts(ref reader) ?? [], StringComparer.Ordinal);
        }
    }
}
