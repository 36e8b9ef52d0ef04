using Conclave.Core.Model;

namespace Conclave.Rpc.Grpc;

/// <summary>Reads what <see cref="ProtoMesh"/> writes, as the generic trees in which settings of proxies and of the mesh are kept. Settings that have their zero value are left out.</summary>
internal static class ProtoMeshReader
{
    // As deep as settings are written.
    private const int DepthMax = 64;

    /// <summary>Settings of a proxy; null for none.</summary>
    public static MsgPackMap? ReadProxy(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        var fields = new Fields(budget);
        List<object?>? upstreams = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Bytes): fields.AddText("DestinationServiceName", reader.ReadBytes()); break;
                case (2, ProtoWire.Bytes): fields.AddText("DestinationServiceID", reader.ReadBytes()); break;
                case (3, ProtoWire.Bytes): fields.AddText("LocalServiceAddress", reader.ReadBytes()); break;
                case (4, ProtoWire.Varint): fields.Add("LocalServicePort", (long)reader.ReadInt32()); break;
                case (5, ProtoWire.Bytes): fields.Add("Config", ReadStruct(reader.ReadBytes(), DepthMax, budget)); break;
                case (6, ProtoWire.Bytes): (upstreams ??= []).Add(ReadUpstream(reader.ReadBytes(), budget)); break;
                case (7, ProtoWire.Bytes): fields.AddMap("MeshGateway", ReadMode(reader.ReadBytes(), budget)); break;
                case (8, ProtoWire.Bytes): fields.AddMap("Expose", ReadExpose(reader.ReadBytes(), budget)); break;
                case (9, ProtoWire.Bytes): fields.AddText("Mode", reader.ReadBytes()); break;
                case (10, ProtoWire.Bytes): fields.AddMap("TransparentProxy", ReadTransparent(reader.ReadBytes(), budget)); break;
                case (11, ProtoWire.Bytes): fields.AddText("LocalServiceSocketPath", reader.ReadBytes()); break;
                default: reader.Skip(wire); break;
            }
        if (upstreams is not null) fields.Add("Upstreams", upstreams);
        return fields.ToMap();
    }

    /// <summary>Mesh settings of a service; null for none.</summary>
    public static MsgPackMap? ReadConnect(ReadOnlySpan<byte> message)
    {
        bool isNative = false;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field == 1 && wire == ProtoWire.Varint) isNative = reader.ReadBool();
            else reader.Skip(wire);
        return isNative ? new MsgPackMap { Fields = [new("Native", true)] } : null;
    }

    private static MsgPackMap ReadUpstream(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        budget.Take();
        var fields = new Fields(budget);
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Bytes): fields.AddText("DestinationType", reader.ReadBytes()); break;
                case (2, ProtoWire.Bytes): fields.AddText("DestinationNamespace", reader.ReadBytes()); break;
                case (3, ProtoWire.Bytes): fields.AddText("DestinationName", reader.ReadBytes()); break;
                case (4, ProtoWire.Bytes): fields.AddText("Datacenter", reader.ReadBytes()); break;
                case (5, ProtoWire.Bytes): fields.AddText("LocalBindAddress", reader.ReadBytes()); break;
                case (6, ProtoWire.Varint): fields.Add("LocalBindPort", (long)reader.ReadInt32()); break;
                case (7, ProtoWire.Bytes): fields.Add("Config", ReadStruct(reader.ReadBytes(), DepthMax, budget)); break;
                case (8, ProtoWire.Bytes): fields.AddMap("MeshGateway", ReadMode(reader.ReadBytes(), budget)); break;
                case (9, ProtoWire.Varint): fields.Add("CentrallyConfigured", reader.ReadBool()); break;
                case (10, ProtoWire.Bytes): fields.AddText("LocalBindSocketPath", reader.ReadBytes()); break;
                case (11, ProtoWire.Bytes): fields.AddText("LocalBindSocketMode", reader.ReadBytes()); break;
                default: reader.Skip(wire); break;
            }
        return fields.ToMap() ?? new MsgPackMap { Fields = [] };
    }

    private static MsgPackMap? ReadMode(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        var fields = new Fields(budget);
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field == 1 && wire == ProtoWire.Bytes) fields.AddText("Mode", reader.ReadBytes());
            else reader.Skip(wire);
        return fields.ToMap();
    }

    private static MsgPackMap? ReadExpose(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        var fields = new Fields(budget);
        List<object?>? paths = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Varint): fields.Add("Checks", reader.ReadBool()); break;
                case (2, ProtoWire.Bytes): (paths ??= []).Add(ReadPath(reader.ReadBytes(), budget)); break;
                default: reader.Skip(wire); break;
            }
        if (paths is not null) fields.Add("Paths", paths);
        return fields.ToMap();
    }

    private static MsgPackMap ReadPath(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        budget.Take();
        var fields = new Fields(budget);
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Varint): fields.Add("ListenerPort", (long)reader.ReadInt32()); break;
                case (2, ProtoWire.Bytes): fields.AddText("Path", reader.ReadBytes()); break;
                case (3, ProtoWire.Varint): fields.Add("LocalPathPort", (long)reader.ReadInt32()); break;
                case (4, ProtoWire.Bytes): fields.AddText("Protocol", reader.ReadBytes()); break;
                case (5, ProtoWire.Varint): fields.Add("ParsedFromCheck", reader.ReadBool()); break;
                default: reader.Skip(wire); break;
            }
        return fields.ToMap() ?? new MsgPackMap { Fields = [] };
    }

    private static MsgPackMap? ReadTransparent(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        var fields = new Fields(budget);
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Varint): fields.Add("OutboundListenerPort", (long)reader.ReadInt32()); break;
                case (2, ProtoWire.Varint): fields.Add("DialedDirectly", reader.ReadBool()); break;
                default: reader.Skip(wire); break;
            }
        return fields.ToMap();
    }

    // google.protobuf.Struct. The depth is counted, so that no message can exhaust the stack.
    private static MsgPackMap ReadStruct(ReadOnlySpan<byte> message, int depthLeft, ProtoBudget budget)
    {
        if (depthLeft == 0) throw new RpcFormatException($"protobuf: settings are nested deeper than {DepthMax}");
        var fields = new List<KeyValuePair<string, object?>>();
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field != 1 || wire != ProtoWire.Bytes)
            {
                reader.Skip(wire);
                continue;
            }
            budget.Take();
            string name = "";
            object? value = null;
            var entry = new ProtoReader(reader.ReadBytes());
            while (entry.TryNext(out int part, out var form))
                if (form != ProtoWire.Bytes || part is not (1 or 2)) entry.Skip(form);
                else if (part == 1) name = entry.ReadText();
                else value = ReadValue(entry.ReadBytes(), depthLeft - 1, budget);
            fields.Add(new(name, value));
        }
        return new MsgPackMap { Fields = fields };
    }

    private static object? ReadValue(ReadOnlySpan<byte> message, int depthLeft, ProtoBudget budget)
    {
        budget.Take();
        object? value = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (2, ProtoWire.Fixed64): value = BitConverter.UInt64BitsToDouble(reader.ReadFixed64()); break;
                case (3, ProtoWire.Bytes): value = (ReadOnlyMemory<byte>)reader.ReadBytes().ToArray(); break;
                case (4, ProtoWire.Varint): value = reader.ReadBool(); break;
                case (5, ProtoWire.Bytes): value = ReadStruct(reader.ReadBytes(), depthLeft, budget); break;
                case (6, ProtoWire.Bytes): value = ReadList(reader.ReadBytes(), depthLeft, budget); break;
                default: reader.Skip(wire); break;
            }
        return value;
    }

    private static List<object?> ReadList(ReadOnlySpan<byte> message, int depthLeft, ProtoBudget budget)
    {
        if (depthLeft == 0) throw new RpcFormatException($"protobuf: settings are nested deeper than {DepthMax}");
        var values = new List<object?>();
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field == 1 && wire == ProtoWire.Bytes) values.Add(ReadValue(reader.ReadBytes(), depthLeft - 1, budget));
            else reader.Skip(wire);
        return values;
    }

    private readonly struct Fields(ProtoBudget budget)
    {
        private readonly List<KeyValuePair<string, object?>> _fields = [];

        public void Add(string name, object? value)
        {
            budget.Take();
            _fields.Add(new(name, value));
        }

        public void AddText(string name, ReadOnlySpan<byte> text) => Add(name, (ReadOnlyMemory<byte>)text.ToArray());

        public void AddMap(string name, MsgPackMap? map)
        {
            if (map is not null) Add(name, map);
        }

        public MsgPackMap? ToMap() => _fields.Count == 0 ? null : new MsgPackMap { Fields = _fields };
    }
}
