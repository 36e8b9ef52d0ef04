using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A service instance.</summary>
public static class NodeServiceCodec
{
    // Most instances have no mesh settings. The bytes of "all zero", as peers write them, are kept once instead of a tree for each instance.
    private static readonly byte[] ZeroProxy = Encode(static (ref MsgPackWriter writer) =>
    {
        writer.WriteMapHeader(11);
        WriteNilField(ref writer, "Config"u8);
        writer.WriteField("DestinationServiceID"u8, "");
        writer.WriteField("DestinationServiceName"u8, "");
        writer.WriteKey("Expose"u8);
        writer.WriteMapHeader(2);
        writer.WriteField("Checks"u8, false);
        WriteNilField(ref writer, "Paths"u8);
        writer.WriteField("LocalServiceAddress"u8, "");
        writer.WriteField("LocalServicePort"u8, 0L);
        writer.WriteField("LocalServiceSocketPath"u8, "");
        writer.WriteKey("MeshGateway"u8);
        writer.WriteMapHeader(1);
        writer.WriteField("Mode"u8, "");
        writer.WriteField("Mode"u8, "");
        writer.WriteKey("TransparentProxy"u8);
        writer.WriteMapHeader(2);
        writer.WriteField("DialedDirectly"u8, false);
        writer.WriteField("OutboundListenerPort"u8, 0L);
        WriteNilField(ref writer, "Upstreams"u8);
    });

    private static readonly byte[] ZeroConnect = Encode(static (ref MsgPackWriter writer) =>
    {
        writer.WriteMapHeader(2);
        writer.WriteField("Native"u8, false);
        WriteNilField(ref writer, "SidecarService"u8);
    });

    private delegate void WriteAction(ref MsgPackWriter writer);

    /// <summary>Writes the instance.</summary>
    public static void Write(ref MsgPackWriter writer, NodeService service)
    {
        writer.WriteMapHeader(16);
        writer.WriteField("Address"u8, service.Address);
        writer.WriteKey("Connect"u8);
        WriteTree(ref writer, service.Connect, ZeroConnect);
        writer.WriteField("CreateIndex"u8, service.CreateIndex);
        writer.WriteField("EnableTagOverride"u8, service.EnableTagOverride);
        writer.WriteField("ID"u8, service.Id);
        writer.WriteField("Kind"u8, service.Kind);
        writer.WriteField("LocallyRegisteredAsSidecar"u8, service.LocallyRegisteredAsSidecar);
        writer.WriteField("Meta"u8, service.Meta);
        writer.WriteField("ModifyIndex"u8, service.ModifyIndex);
        writer.WriteField("Port"u8, service.Port);
        writer.WriteKey("Proxy"u8);
        WriteTree(ref writer, service.Proxy, ZeroProxy);
        writer.WriteField("Service"u8, service.Service);
        writer.WriteField("SocketPath"u8, service.SocketPath);
        writer.WriteKey("TaggedAddresses"u8);
        WriteTaggedAddresses(ref writer, service.TaggedAddresses);
        writer.WriteField("Tags"u8, service.Tags);
        writer.WriteKey("Weights"u8);
        WriteWeights(ref writer, service.Weights);
    }

    /// <summary>Reads an instance; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static NodeService Read(ref MsgPackReader reader)
    {
        string address = "", id = "", kind = "", name = "", socket = "";
        bool tagOverride = false, sidecar = false;
        int port = 0;
        ulong created = 0, modified = 0;
        IReadOnlyList<string>? tags = null;
        TextMap<string>? meta = null;
        TextMap<ServiceAddress>? tagged = null;
        ServiceWeights? weights = null;
        MsgPackMap? proxy = null, connect = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Address"u8)) address = reader.ReadText();
            else if (key.SequenceEqual("Connect"u8)) connect = ReadConnect(ref reader);
            else if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("EnableTagOverride"u8)) tagOverride = reader.ReadBool();
            else if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("Kind"u8)) kind = reader.ReadText();
            else if (key.SequenceEqual("LocallyRegisteredAsSidecar"u8)) sidecar = reader.ReadBool();
            else if (key.SequenceEqual("Meta"u8)) meta = MsgPackCollections.ReadTextMap(ref reader);
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("Port"u8)) port = reader.ReadInt32();
            else if (key.SequenceEqual("Proxy"u8)) proxy = ReadProxy(ref reader);
            else if (key.SequenceEqual("Service"u8)) name = reader.ReadText();
            else if (key.SequenceEqual("SocketPath"u8)) socket = reader.ReadText();
            else if (key.SequenceEqual("TaggedAddresses"u8)) tagged = ReadTaggedAddresses(ref reader);
            else if (key.SequenceEqual("Tags"u8)) tags = MsgPackCollections.ReadTexts(ref reader);
            else if (key.SequenceEqual("Weights"u8)) weights = ReadWeights(ref reader);
            else reader.Skip();
        }
        return new NodeService
        {
            Kind = kind,
            Id = id,
            Service = name,
            Tags = tags,
            Address = address,
            TaggedAddresses = tagged,
            Meta = meta,
            Port = port,
            SocketPath = socket,
            Weights = weights,
            EnableTagOverride = tagOverride,
            Proxy = proxy,
            Connect = connect,
            LocallyRegisteredAsSidecar = sidecar,
            CreateIndex = created,
            ModifyIndex = modified,
        };
    }

    // The parts alone, for results that hold an instance in one flat map with its node.
    internal static void WriteConnect(ref MsgPackWriter writer, NodeService service) => WriteTree(ref writer, service.Connect, ZeroConnect);

    internal static void WriteProxy(ref MsgPackWriter writer, NodeService service) => WriteTree(ref writer, service.Proxy, ZeroProxy);

    internal static void WriteTaggedAddresses(ref MsgPackWriter writer, NodeService service) => WriteTaggedAddresses(ref writer, service.TaggedAddresses);

    internal static void WriteWeights(ref MsgPackWriter writer, NodeService service) => WriteWeights(ref writer, service.Weights);

    internal static MsgPackMap? ReadConnect(ref MsgPackReader reader) => ReadTree(ref reader, ZeroConnect);

    internal static MsgPackMap? ReadProxy(ref MsgPackReader reader) => ReadTree(ref reader, ZeroProxy);

    internal static TextMap<ServiceAddress>? ReadTaggedAddresses(ref MsgPackReader reader) => MsgPackCollections.ReadMap(ref reader, ReadServiceAddress);

    private static void WriteTree(ref MsgPackWriter writer, MsgPackMap? tree, byte[] zero)
    {
        if (tree is null) writer.WriteRaw(zero);
        else MsgPackTree.Write(ref writer, tree);
    }

    private static MsgPackMap? ReadTree(ref MsgPackReader reader, byte[] zero)
    {
        if (reader.TryReadRaw(zero)) return null;
        var tree = MsgPackTree.ReadMap(ref reader);
        return tree is null || MsgPackTree.IsZero(tree) ? null : tree;
    }

    private static void WriteTaggedAddresses(ref MsgPackWriter writer, IReadOnlyDictionary<string, ServiceAddress>? map)
    {
        if (map is null)
        {
            writer.WriteNil();
            return;
        }
        var sorted = TextMap<ServiceAddress>.From(map);
        writer.WriteMapHeader(sorted.Count);
        for (int i = 0; i < sorted.Count; i++)
        {
            writer.Write(sorted.KeyAt(i));
            writer.WriteMapHeader(2);
            writer.WriteField("Address"u8, sorted.ValueAt(i).Address);
            writer.WriteField("Port"u8, sorted.ValueAt(i).Port);
        }
    }

    private static ServiceAddress ReadServiceAddress(ref MsgPackReader reader)
    {
        string address = "";
        int port = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Address"u8)) address = reader.ReadText();
            else if (key.SequenceEqual("Port"u8)) port = reader.ReadInt32();
            else reader.Skip();
        }
        return new(address, port);
    }

    private static void WriteWeights(ref MsgPackWriter writer, ServiceWeights? weights)
    {
        if (weights is not { } value)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(2);
        writer.WriteField("Passing"u8, value.Passing);
        writer.WriteField("Warning"u8, value.Warning);
    }

    internal static ServiceWeights? ReadWeights(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        int passing = 0, warning = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Passing"u8)) passing = reader.ReadInt32();
            else if (key.SequenceEqual("Warning"u8)) warning = reader.ReadInt32();
            else reader.Skip();
        }
        return new(passing, warning);
    }

    private static void WriteNilField(ref MsgPackWriter writer, ReadOnlySpan<byte> name)
    {
        writer.WriteKey(name);
        writer.WriteNil();
    }

    private static byte[] Encode(WriteAction write)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        write(ref writer);
        writer.Flush();
        return buffer.ToArray();
    }
}
