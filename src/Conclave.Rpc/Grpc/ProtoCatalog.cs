using Conclave.Core.Model;

namespace Conclave.Rpc.Grpc;

/// <summary>Writes nodes, services and checks as protobuf messages. Inner messages are there even when they are empty, as peers send them.</summary>
internal static class ProtoCatalog
{
    /// <summary>Node, service and checks of an instance.</summary>
    public static void WriteInstance(ProtoWriter writer, in CheckServiceNode instance, string datacenter)
    {
        int node = writer.Begin(1);
        WriteNode(writer, instance.Node, datacenter);
        writer.End(node);
        int service = writer.Begin(2);
        WriteService(writer, instance.Service);
        writer.End(service);
        foreach (var check in instance.Checks)
        {
            int begun = writer.Begin(3);
            WriteCheck(writer, check);
            writer.End(begun);
        }
    }

    /// <summary>An instance that is no more: the name of its node, and the service.</summary>
    public static void WriteGone(ProtoWriter writer, in CheckServiceNode instance)
    {
        int node = writer.Begin(1);
        writer.Write(2, instance.Node.Name);
        WriteEmpty(writer, 7);
        writer.End(node);
        int service = writer.Begin(2);
        WriteService(writer, instance.Service);
        writer.End(service);
    }

    private static void WriteNode(ProtoWriter writer, NodeEntry node, string datacenter)
    {
        writer.Write(1, node.Id);
        writer.Write(2, node.Name);
        writer.Write(3, node.Address);
        writer.Write(4, node.Datacenter.Length > 0 ? node.Datacenter : datacenter);
        WriteTexts(writer, 5, node.TaggedAddresses);
        WriteTexts(writer, 6, node.Meta);
        WriteIndexes(writer, 7, node.CreateIndex, node.ModifyIndex);
    }

    private static void WriteService(ProtoWriter writer, NodeService service)
    {
        writer.Write(1, service.Kind);
        writer.Write(2, service.Id);
        writer.Write(3, service.Service);
        WriteList(writer, 4, service.Tags);
        writer.Write(5, service.Address);
        WriteTexts(writer, 6, service.Meta);
        writer.Write(7, (long)service.Port);
        if (service.Weights is { } weights)
        {
            int begun = writer.Begin(8);
            writer.Write(1, (long)weights.Passing);
            writer.Write(2, (long)weights.Warning);
            writer.End(begun);
        }
        writer.Write(9, service.EnableTagOverride);
        ProtoMesh.WriteProxy(writer, 11, service.Proxy);
        ProtoMesh.WriteConnect(writer, 12, service.Connect);
        writer.Write(13, service.LocallyRegisteredAsSidecar);
        WriteIndexes(writer, 14, service.CreateIndex, service.ModifyIndex);
        WriteAddresses(writer, service.TaggedAddresses);
        WriteEmpty(writer, 16);
        writer.Write(17, service.SocketPath);
    }

    private static void WriteCheck(ProtoWriter writer, HealthCheck check)
    {
        writer.Write(1, check.Node);
        writer.Write(2, check.CheckId);
        writer.Write(3, check.Name);
        writer.Write(4, check.Status);
        writer.Write(5, check.Notes);
        writer.Write(6, check.Output);
        writer.Write(7, check.ServiceId);
        writer.Write(8, check.ServiceName);
        WriteList(writer, 9, check.ServiceTags);
        int definition = writer.Begin(10);
        WriteDefinition(writer, check.Definition);
        writer.End(definition);
        WriteIndexes(writer, 11, check.CreateIndex, check.ModifyIndex);
        writer.Write(12, check.Type);
        WriteEmpty(writer, 13);
        writer.Write(14, (long)check.ExposedPort);
        writer.Write(15, check.Interval);
        writer.Write(16, check.Timeout);
    }

    private static void WriteDefinition(ProtoWriter writer, HealthCheckDefinition definition)
    {
        writer.Write(1, definition.Http);
        writer.Write(2, definition.TlsSkipVerify);
        WriteHeaders(writer, definition.Header);
        writer.Write(4, definition.Method);
        writer.Write(5, definition.Tcp);
        WriteDuration(writer, 6, definition.IntervalNanoseconds);
        WriteDuration(writer, 7, definition.TimeoutNanoseconds);
        WriteDuration(writer, 8, definition.DeregisterCriticalServiceAfterNanoseconds);
        writer.Write(9, (ulong)definition.OutputMaxSize);
        WriteList(writer, 10, definition.ScriptArgs);
        writer.Write(11, definition.DockerContainerId);
        writer.Write(12, definition.Shell);
        writer.Write(13, definition.Grpc);
        writer.Write(14, definition.GrpcUseTls);
        writer.Write(15, definition.AliasNode);
        writer.Write(16, definition.AliasService);
        WriteDuration(writer, 17, definition.TtlNanoseconds);
        writer.Write(18, definition.Body);
        writer.Write(19, definition.TlsServerName);
        writer.Write(20, definition.H2Ping);
    }

    private static void WriteHeaders(ProtoWriter writer, IReadOnlyDictionary<string, IReadOnlyList<string>>? headers)
    {
        if (headers is null) return;
        foreach (var (name, values) in headers)
        {
            int entry = writer.Begin(3);
            writer.Write(1, name);
            int inner = writer.Begin(2);
            WriteList(writer, 1, values);
            writer.End(inner);
            writer.End(entry);
        }
    }

    private static void WriteAddresses(ProtoWriter writer, IReadOnlyDictionary<string, ServiceAddress>? addresses)
    {
        if (addresses is null) return;
        foreach (var (name, address) in addresses)
        {
            int entry = writer.Begin(15);
            writer.Write(1, name);
            int inner = writer.Begin(2);
            writer.Write(1, address.Address);
            writer.Write(2, (long)address.Port);
            writer.End(inner);
            writer.End(entry);
        }
    }

    private static void WriteTexts(ProtoWriter writer, int field, IReadOnlyDictionary<string, string>? texts)
    {
        if (texts is null) return;
        foreach (var (name, value) in texts)
        {
            int entry = writer.Begin(field);
            writer.Write(1, name);
            writer.Write(2, value);
            writer.End(entry);
        }
    }

    private static void WriteList(ProtoWriter writer, int field, IReadOnlyList<string>? texts)
    {
        for (int i = 0; i < (texts?.Count ?? 0); i++) writer.WriteAlways(field, texts![i]);
    }

    // Seconds and nanoseconds, with the sign on both.
    private static void WriteDuration(ProtoWriter writer, int field, long nanoseconds)
    {
        int begun = writer.Begin(field);
        writer.Write(1, nanoseconds / 1_000_000_000);
        writer.Write(2, nanoseconds % 1_000_000_000);
        writer.End(begun);
    }

    private static void WriteIndexes(ProtoWriter writer, int field, ulong create, ulong modify)
    {
        int begun = writer.Begin(field);
        writer.Write(1, create);
        writer.Write(2, modify);
        writer.End(begun);
    }

    private static void WriteEmpty(ProtoWriter writer, int field) => writer.End(writer.Begin(field));
}
