using Conclave.Core.Model;

namespace Conclave.Rpc.Grpc;

/// <summary>Reads what <see cref="ProtoCatalog"/> writes. Fields that are not known are passed over; what is absent has its zero value; empty lists and maps are null.</summary>
internal static class ProtoCatalogReader
{
    /// <summary>Node, service and checks of an instance.</summary>
    /// <exception cref="RpcFormatException">Malformed, or neither node nor service is named.</exception>
    public static CheckServiceNode ReadInstance(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        NodeEntry? node = null;
        NodeService? service = null;
        List<HealthCheck>? checks = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is < 1 or > 3)
            {
                reader.Skip(wire);
                continue;
            }
            ProtoReader.Expect(ProtoWire.Bytes, wire);
            budget.Take();
            if (field == 1) node = ReadNode(reader.ReadBytes(), budget);
            else if (field == 2) service = ReadService(reader.ReadBytes(), budget);
            else (checks ??= []).Add(ReadCheck(reader.ReadBytes(), budget));
        }
        if (node is null || service is null) throw new RpcFormatException("protobuf: an instance has no node or no service");
        return new CheckServiceNode(node, service, checks ?? (IReadOnlyList<HealthCheck>)[]);
    }

    private static NodeEntry ReadNode(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        string id = "", name = "", address = "", datacenter = "";
        List<KeyValuePair<string, string>>? addresses = null, meta = null;
        (ulong Create, ulong Modify) indexes = default;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is < 1 or > 7)
            {
                reader.Skip(wire);
                continue;
            }
            ProtoReader.Expect(ProtoWire.Bytes, wire);
            switch (field)
            {
                case 1: id = reader.ReadText(); break;
                case 2: name = reader.ReadText(); break;
                case 3: address = reader.ReadText(); break;
                case 4: datacenter = reader.ReadText(); break;
                case 5: (addresses ??= []).Add(ReadPair(reader.ReadBytes(), budget)); break;
                case 6: (meta ??= []).Add(ReadPair(reader.ReadBytes(), budget)); break;
                default: indexes = ReadIndexes(reader.ReadBytes()); break;
            }
        }
        return new NodeEntry { Id = id, Name = name, Address = address, Datacenter = datacenter, TaggedAddresses = MapOf(addresses), Meta = MapOf(meta), CreateIndex = indexes.Create, ModifyIndex = indexes.Modify };
    }

    private static NodeService ReadService(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        var service = new NodeService();
        List<string>? tags = null;
        List<KeyValuePair<string, string>>? meta = null;
        List<KeyValuePair<string, ServiceAddress>>? addresses = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is not (>= 1 and <= 9 or >= 11 and <= 15 or 17))
            {
                reader.Skip(wire);
                continue;
            }
            ProtoReader.Expect(field is 7 or 9 or 13 ? ProtoWire.Varint : ProtoWire.Bytes, wire);
            switch (field)
            {
                case 4: AddText(ref tags, ref reader, budget); break;
                case 6: (meta ??= []).Add(ReadPair(reader.ReadBytes(), budget)); break;
                case 15: (addresses ??= []).Add(ReadAddress(reader.ReadBytes(), budget)); break;
                default: service = With(service, field, ref reader, budget); break;
            }
        }
        return service with { Tags = tags, Meta = MapOf(meta), TaggedAddresses = MapOf(addresses) };
    }

    private static NodeService With(NodeService service, int field, ref ProtoReader reader, ProtoBudget budget)
    {
        switch (field)
        {
            case 1: return service with { Kind = reader.ReadText() };
            case 2: return service with { Id = reader.ReadText() };
            case 3: return service with { Service = reader.ReadText() };
            case 5: return service with { Address = reader.ReadText() };
            case 7: return service with { Port = reader.ReadInt32() };
            case 8: return service with { Weights = ReadWeights(reader.ReadBytes()) };
            case 9: return service with { EnableTagOverride = reader.ReadBool() };
            case 11: return service with { Proxy = ProtoMeshReader.ReadProxy(reader.ReadBytes(), budget) };
            case 12: return service with { Connect = ProtoMeshReader.ReadConnect(reader.ReadBytes()) };
            case 13: return service with { LocallyRegisteredAsSidecar = reader.ReadBool() };
            case 14:
                var (create, modify) = ReadIndexes(reader.ReadBytes());
                return service with { CreateIndex = create, ModifyIndex = modify };
            default: return service with { SocketPath = reader.ReadText() };
        }
    }

    private static HealthCheck ReadCheck(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        var check = new HealthCheck();
        List<string>? tags = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is not (>= 1 and <= 12 or >= 14 and <= 16))
            {
                reader.Skip(wire);
                continue;
            }
            ProtoReader.Expect(field == 14 ? ProtoWire.Varint : ProtoWire.Bytes, wire);
            if (field == 9) AddText(ref tags, ref reader, budget);
            else check = With(check, field, ref reader, budget);
        }
        return check with { ServiceTags = tags };
    }

    private static HealthCheck With(HealthCheck check, int field, ref ProtoReader reader, ProtoBudget budget)
    {
        switch (field)
        {
            case 1: return check with { Node = reader.ReadText() };
            case 2: return check with { CheckId = reader.ReadText() };
            case 3: return check with { Name = reader.ReadText() };
            case 4: return check with { Status = reader.ReadText() };
            case 5: return check with { Notes = reader.ReadText() };
            case 6: return check with { Output = reader.ReadText() };
            case 7: return check with { ServiceId = reader.ReadText() };
            case 8: return check with { ServiceName = reader.ReadText() };
            case 10: return check with { Definition = ReadDefinition(reader.ReadBytes(), budget) };
            case 11:
                var (create, modify) = ReadIndexes(reader.ReadBytes());
                return check with { CreateIndex = create, ModifyIndex = modify };
            case 12: return check with { Type = reader.ReadText() };
            case 14: return check with { ExposedPort = reader.ReadInt32() };
            case 15: return check with { Interval = reader.ReadText() };
            default: return check with { Timeout = reader.ReadText() };
        }
    }

    private static HealthCheckDefinition ReadDefinition(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        if (message.IsEmpty) return HealthCheckDefinition.Empty;
        var definition = HealthCheckDefinition.Empty;
        List<KeyValuePair<string, IReadOnlyList<string>>>? headers = null;
        List<string>? script = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is < 1 or > 20)
            {
                reader.Skip(wire);
                continue;
            }
            ProtoReader.Expect(field is 2 or 9 or 14 ? ProtoWire.Varint : ProtoWire.Bytes, wire);
            if (field == 3) (headers ??= []).Add(ReadHeader(reader.ReadBytes(), budget));
            else if (field == 10) AddText(ref script, ref reader, budget);
            else definition = With(definition, field, ref reader);
        }
        definition = definition with { Header = MapOf(headers), ScriptArgs = script };
        // Durations are told even when there are none: most definitions say nothing.
        return definition == HealthCheckDefinition.Empty ? HealthCheckDefinition.Empty : definition;
    }

    private static HealthCheckDefinition With(HealthCheckDefinition definition, int field, ref ProtoReader reader) => field switch
    {
        1 => definition with { Http = reader.ReadText() },
        2 => definition with { TlsSkipVerify = reader.ReadBool() },
        4 => definition with { Method = reader.ReadText() },
        5 => definition with { Tcp = reader.ReadText() },
        6 => definition with { IntervalNanoseconds = ReadDuration(reader.ReadBytes()) },
        7 => definition with { TimeoutNanoseconds = ReadDuration(reader.ReadBytes()) },
        8 => definition with { DeregisterCriticalServiceAfterNanoseconds = ReadDuration(reader.ReadBytes()) },
        9 => definition with { OutputMaxSize = (uint)reader.ReadVarint() },
        11 => definition with { DockerContainerId = reader.ReadText() },
        12 => definition with { Shell = reader.ReadText() },
        13 => definition with { Grpc = reader.ReadText() },
        14 => definition with { GrpcUseTls = reader.ReadBool() },
        15 => definition with { AliasNode = reader.ReadText() },
        16 => definition with { AliasService = reader.ReadText() },
        17 => definition with { TtlNanoseconds = ReadDuration(reader.ReadBytes()) },
        18 => definition with { Body = reader.ReadText() },
        19 => definition with { TlsServerName = reader.ReadText() },
        _ => definition with { H2Ping = reader.ReadText() },
    };

    private static ServiceWeights ReadWeights(ReadOnlySpan<byte> message)
    {
        int passing = 0, warning = 0;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field is not (1 or 2) || wire != ProtoWire.Varint) reader.Skip(wire);
            else if (field == 1) passing = reader.ReadInt32();
            else warning = reader.ReadInt32();
        return new ServiceWeights(passing, warning);
    }

    private static (ulong Create, ulong Modify) ReadIndexes(ReadOnlySpan<byte> message)
    {
        ulong create = 0, modify = 0;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field is not (1 or 2) || wire != ProtoWire.Varint) reader.Skip(wire);
            else if (field == 1) create = reader.ReadVarint();
            else modify = reader.ReadVarint();
        return (create, modify);
    }

    // What does not fit is as long as can be said, which is what peers make of it too.
    private static long ReadDuration(ReadOnlySpan<byte> message)
    {
        long seconds = 0, nanoseconds = 0;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field is not (1 or 2) || wire != ProtoWire.Varint) reader.Skip(wire);
            else if (field == 1) seconds = unchecked((long)reader.ReadVarint());
            else nanoseconds = reader.ReadInt32();
        return (long)Int128.Clamp((Int128)seconds * 1_000_000_000 + nanoseconds, long.MinValue, long.MaxValue);
    }

    private static KeyValuePair<string, ServiceAddress> ReadAddress(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        budget.Take();
        string name = "", address = "";
        int port = 0;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is not (1 or 2) || wire != ProtoWire.Bytes) reader.Skip(wire);
            else if (field == 1) name = reader.ReadText();
            else
            {
                var inner = new ProtoReader(reader.ReadBytes());
                while (inner.TryNext(out int part, out var form))
                    if (part == 1 && form == ProtoWire.Bytes) address = inner.ReadText();
                    else if (part == 2 && form == ProtoWire.Varint) port = inner.ReadInt32();
                    else inner.Skip(form);
            }
        }
        return new(name, new ServiceAddress(address, port));
    }

    private static KeyValuePair<string, IReadOnlyList<string>> ReadHeader(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        budget.Take();
        string name = "";
        List<string>? values = null;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
        {
            if (field is not (1 or 2) || wire != ProtoWire.Bytes) reader.Skip(wire);
            else if (field == 1) name = reader.ReadText();
            else
            {
                var inner = new ProtoReader(reader.ReadBytes());
                while (inner.TryNext(out int part, out var form))
                    if (part == 1 && form == ProtoWire.Bytes) AddText(ref values, ref inner, budget);
                    else inner.Skip(form);
            }
        }
        return new(name, values ?? (IReadOnlyList<string>)[]);
    }

    private static KeyValuePair<string, string> ReadPair(ReadOnlySpan<byte> message, ProtoBudget budget)
    {
        budget.Take();
        string name = "", value = "";
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field is not (1 or 2) || wire != ProtoWire.Bytes) reader.Skip(wire);
            else if (field == 1) name = reader.ReadText();
            else value = reader.ReadText();
        return new(name, value);
    }

    private static void AddText(ref List<string>? into, ref ProtoReader reader, ProtoBudget budget)
    {
        budget.Take();
        (into ??= []).Add(reader.ReadText());
    }

    private static TextMap<T>? MapOf<T>(List<KeyValuePair<string, T>>? pairs) => pairs is null ? null : TextMap<T>.From(pairs);
}
