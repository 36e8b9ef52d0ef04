using System.Text.Json;
using Conclave.Agent.Configuration;
using Conclave.Core;

namespace Conclave.Cli.Commands.Services;

/// <summary>Writes a definition as the body of <c>agent/service/register</c>.</summary>
internal static class ServiceJson
{
    public static byte[] Write(ServiceDefinition service)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, service);
        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, ServiceDefinition service)
    {
        writer.WriteStartObject();
        Text(writer, "Kind", service.Kind);
        Text(writer, "ID", service.Id);
        Text(writer, "Name", service.Name);
        List(writer, "Tags", service.Tags);
        if (service.Port != 0) writer.WriteNumber("Port", service.Port);
        Text(writer, "Address", service.Address);
        Text(writer, "SocketPath", service.SocketPath);
        WriteTaggedAddresses(writer, service);
        if (service.EnableTagOverride) writer.WriteBoolean("EnableTagOverride", true);
        Map(writer, "Meta", service.Meta);
        if (service.Weights is { } weights)
        {
            writer.WriteStartObject("Weights");
            writer.WriteNumber("Passing", weights.Passing);
            writer.WriteNumber("Warning", weights.Warning);
            writer.WriteEndObject();
        }
        if (service.Checks.Count > 0)
        {
            writer.WriteStartArray("Checks");
            foreach (var check in service.Checks) Write(writer, check);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    private static void WriteTaggedAddresses(Utf8JsonWriter writer, ServiceDefinition service)
    {
        if (service.TaggedAddresses is not { Count: > 0 } addresses) return;
        writer.WriteStartObject("TaggedAddresses");
        foreach (var (name, address) in addresses)
        {
            writer.WriteStartObject(name);
            writer.WriteString("Address", address.Address);
            writer.WriteNumber("Port", address.Port);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, CheckDefinition check)
    {
        writer.WriteStartObject();
        Text(writer, "CheckID", check.Id);
        Text(writer, "Name", check.Name);
        Text(writer, "Notes", check.Notes);
        Text(writer, "Status", check.Status);
        List(writer, "Args", check.ScriptArgs);
        Text(writer, "DockerContainerID", check.DockerContainerId);
        Text(writer, "Shell", check.Shell);
        Text(writer, "HTTP", check.Http);
        if (check.Header is { Count: > 0 } header)
        {
            writer.WriteStartObject("Header");
            foreach (var (name, values) in header) List(writer, name, values);
            writer.WriteEndObject();
        }
        Text(writer, "Method", check.Method);
        Text(writer, "Body", check.Body);
        Text(writer, "TCP", check.Tcp);
        Text(writer, "GRPC", check.Grpc);
        if (check.GrpcUseTls) writer.WriteBoolean("GRPCUseTLS", true);
        Text(writer, "H2PING", check.H2Ping);
        if (check.H2Ping.Length > 0) writer.WriteBoolean("H2PingUseTLS", check.H2PingUseTls);
        Text(writer, "TLSServerName", check.TlsServerName);
        if (check.TlsSkipVerify) writer.WriteBoolean("TLSSkipVerify", true);
        Text(writer, "AliasNode", check.AliasNode);
        Text(writer, "AliasService", check.AliasService);
        Span(writer, "Interval", check.Interval);
        Span(writer, "Timeout", check.Timeout);
        Span(writer, "TTL", check.Ttl);
        Span(writer, "DeregisterCriticalServiceAfter", check.DeregisterCriticalServiceAfter);
        if (check.SuccessBeforePassing != 0) writer.WriteNumber("SuccessBeforePassing", check.SuccessBeforePassing);
        if (check.FailuresBeforeWarning != 0) writer.WriteNumber("FailuresBeforeWarning", check.FailuresBeforeWarning);
        if (check.FailuresBeforeCritical != 0) writer.WriteNumber("FailuresBeforeCritical", check.FailuresBeforeCritical);
        if (check.OutputMaxSize != 0) writer.WriteNumber("OutputMaxSize", check.OutputMaxSize);
        writer.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter writer, string name, string value)
    {
        if (value.Length > 0) writer.WriteString(name, value);
    }

    private static void Span(Utf8JsonWriter writer, string name, TimeSpan value)
    {
        if (value > TimeSpan.Zero) writer.WriteString(name, GoDuration.From(value).ToString());
    }

    private static void List(Utf8JsonWriter writer, string name, IReadOnlyList<string>? values)
    {
        if (values is not { Count: > 0 }) return;
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    private static void Map(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string>? values)
    {
        if (values is not { Count: > 0 }) return;
        writer.WriteStartObject(name);
        foreach (var (key, value) in values) writer.WriteString(key, value);
        writer.WriteEndObject();
    }
}
