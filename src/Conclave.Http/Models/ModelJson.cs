using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Http.Json;

namespace Conclave.Http.Models;

/// <summary>Shapes of the API's objects: which fields, in which order, and which of them vanish when empty.</summary>
public static class ModelJson
{
    /// <summary>A key as <c>kv</c> shows it.</summary>
    public static void Write(JsonOut json, KvEntry entry, bool withValue = true)
    {
        json.BeginObject();
        json.Name("LockIndex"u8);
        json.Number(entry.LockIndex);
        json.Name("Key"u8);
        json.String(entry.Key);
        json.Name("Flags"u8);
        json.Number(entry.Flags);
        json.Name("Value"u8);
        if (withValue && entry.HasValue) json.Base64(entry.Value.Span);
        else json.Null();
        if (entry.Session.Length > 0)
        {
            json.Name("Session"u8);
            json.String(entry.Session);
        }
        WriteIndexes(json, entry.CreateIndex, entry.ModifyIndex);
        json.EndObject();
    }

    /// <summary>A session.</summary>
    public static void Write(JsonOut json, Session session)
    {
        json.BeginObject();
        json.Name("ID"u8);
        json.String(session.Id);
        json.Name("Name"u8);
        json.String(session.Name);
        json.Name("Node"u8);
        json.String(session.Node);
        json.Name("LockDelay"u8);
        json.Number(session.LockDelayNanoseconds);
        json.Name("Behavior"u8);
        json.String(session.Behavior);
        json.Name("TTL"u8);
        json.String(session.Ttl);
        json.Name("NodeChecks"u8);
        WriteTexts(json, session.NodeChecks);
        json.Name("ServiceChecks"u8);
        if (session.ServiceChecks is { } checks)
        {
            json.BeginArray();
            foreach (var check in checks)
            {
                json.BeginObject();
                json.Name("ID"u8);
                json.String(check.Id);
                json.Name("Namespace"u8);
                json.String(check.Namespace);
                json.EndObject();
            }
            json.EndArray();
        }
        else json.Null();
        if (session.Checks is { Count: > 0 })
        {
            json.Name("Checks"u8);
            WriteTexts(json, session.Checks);
        }
        WriteIndexes(json, session.CreateIndex, session.ModifyIndex);
        json.EndObject();
    }

    /// <summary>A node.</summary>
    public static void Write(JsonOut json, NodeEntry node, string datacenter)
    {
        json.BeginObject();
        WriteNodeHead(json, node, datacenter);
        json.Name("Meta"u8);
        WriteTexts(json, node.Meta);
        WriteIndexes(json, node.CreateIndex, node.ModifyIndex);
        json.EndObject();
    }

    /// <summary>A service instance with its node, flat, as <c>catalog/service</c> shows it.</summary>
    public static void Write(JsonOut json, in ServiceNode entry, string datacenter)
    {
        var service = entry.Service;
        json.BeginObject();
        WriteNodeHead(json, entry.Node, datacenter);
        json.Name("NodeMeta"u8);
        WriteTexts(json, entry.Node.Meta);
        json.Name("ServiceKind"u8);
        json.String(service.Kind);
        json.Name("ServiceID"u8);
        json.String(service.Id);
        json.Name("ServiceName"u8);
        json.String(service.Service);
        json.Name("ServiceTags"u8);
        WriteTexts(json, service.Tags ?? []);
        json.Name("ServiceAddress"u8);
        json.String(service.Address);
        if (service.TaggedAddresses is { Count: > 0 })
        {
            json.Name("ServiceTaggedAddresses"u8);
            WriteAddresses(json, service.TaggedAddresses);
        }
        json.Name("ServiceWeights"u8);
        WriteWeights(json, service.Weights);
        json.Name("ServiceMeta"u8);
        WriteTexts(json, service.Meta ?? NoTexts);
        json.Name("ServicePort"u8);
        json.Number(service.Port);
        json.Name("ServiceSocketPath"u8);
        json.String(service.SocketPath);
        json.Name("ServiceEnableTagOverride"u8);
        json.Bool(service.EnableTagOverride);
        json.Name("ServiceProxy"u8);
        MeshJson.WriteProxy(json, service.Proxy);
        json.Name("ServiceConnect"u8);
        MeshJson.WriteConnect(json, service.Connect);
        WriteIndexes(json, service.CreateIndex, service.ModifyIndex);
        json.EndObject();
    }

    /// <summary>A service instance without its node.</summary>
    public static void Write(JsonOut json, NodeService service)
    {
        json.BeginObject();
        WriteText(json, "Kind"u8, service.Kind);
        json.Name("ID"u8);
        json.String(service.Id);
        json.Name("Service"u8);
        json.String(service.Service);
        json.Name("Tags"u8);
        WriteTexts(json, service.Tags ?? []);
        json.Name("Address"u8);
        json.String(service.Address);
        if (service.TaggedAddresses is { Count: > 0 })
        {
            json.Name("TaggedAddresses"u8);
            WriteAddresses(json, service.TaggedAddresses);
        }
        json.Name("Meta"u8);
        WriteTexts(json, service.Meta);
        if (service.Port != 0)
        {
            json.Name("Port"u8);
            json.Number(service.Port);
        }
        WriteText(json, "SocketPath"u8, service.SocketPath);
        json.Name("Weights"u8);
        WriteWeights(json, service.Weights);
        json.Name("EnableTagOverride"u8);
        json.Bool(service.EnableTagOverride);
        json.Name("Proxy"u8);
        MeshJson.WriteProxy(json, service.Proxy);
        json.Name("Connect"u8);
        MeshJson.WriteConnect(json, service.Connect);
        WriteIndexes(json, service.CreateIndex, service.ModifyIndex);
        json.EndObject();
    }

    /// <summary>A check. <paramref name="nullTags"/>: absent tags are <c>null</c> (transactions) instead of an empty list (health).</summary>
    public static void Write(JsonOut json, HealthCheck check, bool nullTags = false)
    {
        json.BeginObject();
        json.Name("Node"u8);
        json.String(check.Node);
        json.Name("CheckID"u8);
        json.String(check.CheckId);
        json.Name("Name"u8);
        json.String(check.Name);
        json.Name("Status"u8);
        json.String(check.Status);
        json.Name("Notes"u8);
        json.String(check.Notes);
        json.Name("Output"u8);
        json.String(check.Output);
        json.Name("ServiceID"u8);
        json.String(check.ServiceId);
        json.Name("ServiceName"u8);
        json.String(check.ServiceName);
        json.Name("ServiceTags"u8);
        WriteTexts(json, nullTags ? check.ServiceTags : check.ServiceTags ?? []);
        json.Name("Type"u8);
        json.String(check.Type);
        json.Name("Interval"u8);
        json.String(check.Interval);
        json.Name("Timeout"u8);
        json.String(check.Timeout);
        json.Name("ExposedPort"u8);
        json.Number(check.ExposedPort);
        json.Name("Definition"u8);
        Write(json, check.Definition);
        WriteIndexes(json, check.CreateIndex, check.ModifyIndex);
        json.EndObject();
    }

    /// <summary>How a check is run; only what is set.</summary>
    public static void Write(JsonOut json, HealthCheckDefinition definition)
    {
        json.BeginObject();
        if (!ReferenceEquals(definition, HealthCheckDefinition.Empty))
        {
            WriteDuration(json, "Interval"u8, definition.IntervalNanoseconds);
            if (definition.OutputMaxSize != 0)
            {
                json.Name("OutputMaxSize"u8);
                json.Number(definition.OutputMaxSize);
            }
            WriteDuration(json, "Timeout"u8, definition.TimeoutNanoseconds);
            WriteDuration(json, "DeregisterCriticalServiceAfter"u8, definition.DeregisterCriticalServiceAfterNanoseconds);
            WriteText(json, "HTTP"u8, definition.Http);
            WriteText(json, "TLSServerName"u8, definition.TlsServerName);
            WriteFlag(json, "TLSSkipVerify"u8, definition.TlsSkipVerify);
            WriteHeader(json, definition.Header);
            WriteText(json, "Method"u8, definition.Method);
            WriteText(json, "Body"u8, definition.Body);
            WriteText(json, "TCP"u8, definition.Tcp);
            WriteText(json, "UDP"u8, definition.Udp);
            WriteText(json, "GRPC"u8, definition.Grpc);
            WriteFlag(json, "GRPCUseTLS"u8, definition.GrpcUseTls);
            if (definition.ScriptArgs is { Count: > 0 })
            {
                json.Name("ScriptArgs"u8);
                WriteTexts(json, definition.ScriptArgs);
            }
            WriteText(json, "DockerContainerID"u8, definition.DockerContainerId);
            WriteText(json, "Shell"u8, definition.Shell);
            WriteText(json, "H2PING"u8, definition.H2Ping);
            WriteText(json, "AliasNode"u8, definition.AliasNode);
            WriteText(json, "AliasService"u8, definition.AliasService);
            WriteDuration(json, "TTL"u8, definition.TtlNanoseconds);
        }
        json.EndObject();
    }

    /// <summary>A service instance with node and checks, as <c>health/service</c> shows it.</summary>
    public static void Write(JsonOut json, in CheckServiceNode entry, string datacenter)
    {
        json.BeginObject();
        json.Name("Node"u8);
        Write(json, entry.Node, datacenter);
        json.Name("Service"u8);
        Write(json, entry.Service);
        json.Name("Checks"u8);
        json.BeginArray();
        foreach (var check in entry.Checks) Write(json, check);
        json.EndArray();
        json.EndObject();
    }

    /// <summary>A node's coordinate.</summary>
    public static void Write(JsonOut json, CoordinateEntry entry)
    {
        json.BeginObject();
        json.Name("Node"u8);
        json.String(entry.Node);
        json.Name("Segment"u8);
        json.String(entry.Segment);
        json.Name("Coord"u8);
        Write(json, entry.Coord);
        json.EndObject();
    }

    /// <summary>A coordinate.</summary>
    public static void Write(JsonOut json, Coordinate coordinate)
    {
        json.BeginObject();
        json.Name("Vec"u8);
        json.BeginArray();
        foreach (var dimension in coordinate.Vec) json.Number(dimension);
        json.EndArray();
        json.Name("Error"u8);
        json.Number(coordinate.Error);
        json.Name("Adjustment"u8);
        json.Number(coordinate.Adjustment);
        json.Name("Height"u8);
        json.Number(coordinate.Height);
        json.EndObject();
    }

    /// <summary>A list of texts, or <c>null</c>.</summary>
    public static void WriteTexts(JsonOut json, IReadOnlyList<string>? texts)
    {
        if (texts is null)
        {
            json.Null();
            return;
        }
        json.BeginArray();
        for (var i = 0; i < texts.Count; i++) json.String(texts[i]);
        json.EndArray();
    }

    /// <summary>An object of texts, or <c>null</c>.</summary>
    public static void WriteTexts(JsonOut json, IReadOnlyDictionary<string, string>? texts)
    {
        if (texts is null)
        {
            json.Null();
            return;
        }
        json.BeginObject();
        if (texts is TextMap<string> map)
        {
            for (var i = 0; i < map.Count; i++)
            {
                json.Name(map.KeyAt(i));
                json.String(map.ValueAt(i));
            }
        }
        else
        {
            foreach (var (key, value) in texts.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            {
                json.Name(key);
                json.String(value);
            }
        }
        json.EndObject();
    }

    /// <summary>Named addresses of a service.</summary>
    public static void WriteAddresses(JsonOut json, IReadOnlyDictionary<string, ServiceAddress> addresses)
    {
        json.BeginObject();
        if (addresses is TextMap<ServiceAddress> map)
        {
            for (var i = 0; i < map.Count; i++) WriteAddress(json, map.KeyAt(i), map.ValueAt(i));
        }
        else
        {
            foreach (var (name, address) in addresses.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) WriteAddress(json, name, address);
        }
        json.EndObject();
    }

    /// <summary>Weights; absent ones are 1 and 1.</summary>
    public static void WriteWeights(JsonOut json, ServiceWeights? weights)
    {
        var shown = weights is null or { Passing: 0, Warning: 0 } ? ServiceWeights.Default : weights.Value;
        json.BeginObject();
        json.Name("Passing"u8);
        json.Number(shown.Passing);
        json.Name("Warning"u8);
        json.Number(shown.Warning);
        json.EndObject();
    }

    /// <summary>A text member that vanishes when empty.</summary>
    public static void WriteText(JsonOut json, ReadOnlySpan<byte> name, string text)
    {
        if (text.Length == 0) return;
        json.Name(name);
        json.String(text);
    }

    private static readonly IReadOnlyDictionary<string, string> NoTexts = TextMap<string>.Empty;

    private static void WriteAddress(JsonOut json, string name, in ServiceAddress address)
    {
        json.Name(name);
        json.BeginObject();
        json.Name("Address"u8);
        json.String(address.Address);
        json.Name("Port"u8);
        json.Number(address.Port);
        json.EndObject();
    }

    private static void WriteNodeHead(JsonOut json, NodeEntry node, string datacenter)
    {
        json.Name("ID"u8);
        json.String(node.Id);
        json.Name("Node"u8);
        json.String(node.Name);
        json.Name("Address"u8);
        json.String(node.Address);
        json.Name("Datacenter"u8);
        json.String(node.Datacenter.Length > 0 ? node.Datacenter : datacenter);
        json.Name("TaggedAddresses"u8);
        WriteTexts(json, node.TaggedAddresses is { Count: > 0 } ? node.TaggedAddresses : null);
    }

    private static void WriteIndexes(JsonOut json, ulong create, ulong modify)
    {
        json.Name("CreateIndex"u8);
        json.Number(create);
        json.Name("ModifyIndex"u8);
        json.Number(modify);
    }

    private static void WriteFlag(JsonOut json, ReadOnlySpan<byte> name, bool value)
    {
        if (!value) return;
        json.Name(name);
        json.Bool(true);
    }

    private static void WriteDuration(JsonOut json, ReadOnlySpan<byte> name, long nanoseconds)
    {
        if (nanoseconds == 0) return;
        json.Name(name);
        json.String(new GoDuration(nanoseconds).ToString());
    }

    private static void WriteHeader(JsonOut json, IReadOnlyDictionary<string, IReadOnlyList<string>>? header)
    {
        if (header is null or { Count: 0 }) return;
        json.Name("Header"u8);
        json.BeginObject();
        foreach (var (name, values) in header.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            json.Name(name);
            WriteTexts(json, values);
        }
        json.EndObject();
    }
}
