using Conclave.Agent;
using Conclave.Agent.Pools;
using Conclave.Core.Model;
using Conclave.Http.Json;

namespace Conclave.Http.Endpoints.Agent;

/// <summary>Services and checks as <c>/v1/agent</c> shows them: other fields than in the catalog.</summary>
internal static class AgentJson
{
    /// <summary>Writes a service; <paramref name="contentHash"/> null leaves that field out.</summary>
    public static void Write(JsonOut json, NodeService service, string? contentHash, string datacenter)
    {
        json.BeginObject();
        if (service.Kind.Length > 0) Text(json, "Kind"u8, service.Kind);
        Text(json, "ID"u8, service.Id);
        Text(json, "Service"u8, service.Service);
        WriteTags(json, "Tags"u8, service.Tags);
        WriteMeta(json, service.Meta);
        Number(json, "Port"u8, service.Port);
        Text(json, "Address"u8, service.Address);
        if (service.SocketPath.Length > 0) Text(json, "SocketPath"u8, service.SocketPath);
        WriteAddresses(json, service.TaggedAddresses);
        WriteWeights(json, service.Weights ?? ServiceWeights.Default);
        json.Name("EnableTagOverride"u8);
        json.Bool(service.EnableTagOverride);
        if (contentHash is not null) Text(json, "ContentHash"u8, contentHash);
        if (service.Kind.Length > 0) WriteProxy(json, service.Proxy);
        if (service.Connect is not null)
        {
            json.Name("Connect"u8);
            TreeJson.Write(json, service.Connect);
        }
        Text(json, "Datacenter"u8, datacenter);
        json.EndObject();
    }

    /// <summary>Writes a check.</summary>
    public static void Write(JsonOut json, HealthCheck check)
    {
        json.BeginObject();
        WriteHead(json, check);
        WriteTags(json, "ServiceTags"u8, check.ServiceTags);
        Text(json, "Type"u8, check.Type);
        Text(json, "Interval"u8, check.Interval);
        Text(json, "Timeout"u8, check.Timeout);
        Number(json, "ExposedPort"u8, check.ExposedPort);
        json.Name("Definition"u8);
        json.BeginObject();
        json.EndObject();
        WriteIndexes(json);
        json.EndObject();
    }

    /// <summary>Writes a check in the form of <c>agent/health</c>, which spells out an empty definition.</summary>
    public static void WriteForHealth(JsonOut json, HealthCheck check)
    {
        json.BeginObject();
        WriteHead(json, check);
        json.Name("ServiceTags"u8);
        json.Null();
        Text(json, "Type"u8, "");
        json.Name("Definition"u8);
        json.Raw("""{"HTTP":"","Header":null,"Method":"","Body":"","TLSServerName":"","TLSSkipVerify":false,"TCP":"","GRPC":"","GRPCUseTLS":false,"Interval":"0s","Timeout":"0s","DeregisterCriticalServiceAfter":"0s"}"""u8);
        WriteIndexes(json);
        json.EndObject();
    }

    /// <summary>Writes a member.</summary>
    public static void Write(JsonOut json, AgentMember member)
    {
        json.BeginObject();
        Text(json, "Name"u8, member.Name);
        Text(json, "Addr"u8, member.Address);
        Number(json, "Port"u8, member.Port);
        json.Name("Tags"u8);
        json.BeginObject();
        foreach (var (key, value) in member.Tags)
        {
            json.Name(key);
            json.String(value);
        }
        json.EndObject();
        Number(json, "Status"u8, member.Status);
        var versions = member.Versions.Span;
        Number(json, "ProtocolMin"u8, versions[0]);
        Number(json, "ProtocolMax"u8, versions[1]);
        Number(json, "ProtocolCur"u8, versions[2]);
        Number(json, "DelegateMin"u8, versions[3]);
        Number(json, "DelegateMax"u8, versions[4]);
        Number(json, "DelegateCur"u8, versions[5]);
        json.EndObject();
    }

    /// <summary>Writes a value for people: null, bool, long, double, string, or a list or map of these.</summary>
    public static void WriteValue(JsonOut json, object? value)
    {
        switch (value)
        {
            case null: json.Null(); break;
            case bool flag: json.Bool(flag); break;
            case int number: json.Number(number); break;
            case long number: json.Number(number); break;
            case ulong number: json.Number(number); break;
            case double number: json.Number(number); break;
            case string text: json.String(text); break;
            case IEnumerable<KeyValuePair<string, object?>> map: WriteMap(json, map); break;
            case IEnumerable<object?> list:
                json.BeginArray();
                foreach (object? item in list) WriteValue(json, item);
                json.EndArray();
                break;
            default: json.String(value.ToString() ?? ""); break;
        }
    }

    /// <summary>Writes a map of such values.</summary>
    public static void WriteMap(JsonOut json, IEnumerable<KeyValuePair<string, object?>> map)
    {
        json.BeginObject();
        foreach (var (key, value) in map)
        {
            json.Name(key);
            WriteValue(json, value);
        }
        json.EndObject();
    }

    /// <summary>Writes a map of texts.</summary>
    public static void WriteTexts(JsonOut json, IEnumerable<KeyValuePair<string, string>> map)
    {
        json.BeginObject();
        foreach (var (key, value) in map)
        {
            json.Name(key);
            json.String(value);
        }
        json.EndObject();
    }

    /// <summary>Writes a member whose value is a text.</summary>
    public static void Text(JsonOut json, ReadOnlySpan<byte> name, string value)
    {
        json.Name(name);
        json.String(value);
    }

    private static void WriteHead(JsonOut json, HealthCheck check)
    {
        Text(json, "Node"u8, check.Node);
        Text(json, "CheckID"u8, check.CheckId);
        Text(json, "Name"u8, check.Name);
        Text(json, "Status"u8, check.Status);
        Text(json, "Notes"u8, check.Notes);
        Text(json, "Output"u8, check.Output);
        Text(json, "ServiceID"u8, check.ServiceId);
        Text(json, "ServiceName"u8, check.ServiceName);
    }

    // Only the catalog has indexes.
    private static void WriteIndexes(JsonOut json)
    {
        Number(json, "CreateIndex"u8, 0);
        Number(json, "ModifyIndex"u8, 0);
    }

    private static void WriteTags(JsonOut json, ReadOnlySpan<byte> name, IReadOnlyList<string>? tags)
    {
        json.Name(name);
        json.BeginArray();
        if (tags is not null)
            foreach (string tag in tags) json.String(tag);
        json.EndArray();
    }

    private static void WriteMeta(JsonOut json, IReadOnlyDictionary<string, string>? meta)
    {
        json.Name("Meta"u8);
        json.BeginObject();
        if (meta is not null)
            foreach (var (key, value) in meta)
            {
                json.Name(key);
                json.String(value);
            }
        json.EndObject();
    }

    private static void WriteAddresses(JsonOut json, IReadOnlyDictionary<string, ServiceAddress>? addresses)
    {
        if (addresses is not { Count: > 0 }) return;
        json.Name("TaggedAddresses"u8);
        json.BeginObject();
        foreach (var (name, address) in addresses)
        {
            json.Name(name);
            json.BeginObject();
            Text(json, "Address"u8, address.Address);
            Number(json, "Port"u8, address.Port);
            json.EndObject();
        }
        json.EndObject();
    }

    private static void WriteWeights(JsonOut json, ServiceWeights weights)
    {
        json.Name("Weights"u8);
        json.BeginObject();
        Number(json, "Passing"u8, weights.Passing);
        Number(json, "Warning"u8, weights.Warning);
        json.EndObject();
    }

    private static void WriteProxy(JsonOut json, MsgPackMap? proxy)
    {
        json.Name("Proxy"u8);
        json.BeginObject();
        bool gateway = false, expose = false;
        foreach (var (name, value) in proxy?.Fields ?? [])
        {
            gateway |= name == "MeshGateway";
            expose |= name == "Expose";
            json.Name(name);
            TreeJson.WriteValue(json, value);
        }
        if (!gateway) Empty(json, "MeshGateway"u8);
        if (!expose) Empty(json, "Expose"u8);
        json.EndObject();
    }

    private static void Empty(JsonOut json, ReadOnlySpan<byte> name)
    {
        json.Name(name);
        json.BeginObject();
        json.EndObject();
    }

    private static void Number(JsonOut json, ReadOnlySpan<byte> name, long value)
    {
        json.Name(name);
        json.Number(value);
    }
}
