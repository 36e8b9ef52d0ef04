using System.Text.Json;

namespace Conclave.Cli.Commands.Watch;

/// <summary>
/// Gives answers the shape in which handlers have always got them: that of the client library's types, which show a check's definition in full and order a
/// service's fields in their own way, whereas the server leaves out what is empty.
/// </summary>
internal static class WatchJson
{
    private static readonly string[] CheckFields =
        ["Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "ServiceTags", "Type", "Definition", "CreateIndex", "ModifyIndex"];

    private static readonly string[] ServiceFields =
        ["Kind", "ID", "Service", "Tags", "Meta", "Port", "Address", "SocketPath", "TaggedAddresses", "Weights", "EnableTagOverride", "CreateIndex", "ModifyIndex", "Proxy", "Connect"];

    /// <summary>The value as the handlers' JSON.</summary>
    public static byte[] Complete(WatchKind kind, JsonElement value)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            if (kind == WatchKind.Checks) WriteList(writer, value, WriteCheck);
            else if (kind == WatchKind.Instances) WriteList(writer, value, WriteInstance);
            else value.WriteTo(writer);
        }
        return buffer.ToArray();
    }

    private static void WriteList(Utf8JsonWriter writer, JsonElement list, Action<Utf8JsonWriter, JsonElement> item)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            list.WriteTo(writer);
            return;
        }
        writer.WriteStartArray();
        foreach (var entry in list.EnumerateArray()) item(writer, entry);
        writer.WriteEndArray();
    }

    private static void WriteInstance(Utf8JsonWriter writer, JsonElement instance)
    {
        writer.WriteStartObject();
        foreach (var field in instance.EnumerateObject())
        {
            writer.WritePropertyName(field.Name);
            if (field.NameEquals("Service")) WriteService(writer, field.Value);
            else if (field.NameEquals("Checks")) WriteList(writer, field.Value, WriteCheck);
            else field.Value.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    private static void WriteService(Utf8JsonWriter writer, JsonElement service)
    {
        writer.WriteStartObject();
        foreach (var name in ServiceFields)
        {
            if (!service.TryGetProperty(name, out var value) || (name is "Kind" or "SocketPath" or "TaggedAddresses" && IsEmpty(value))) continue;
            writer.WritePropertyName(name);
            if (name == "Proxy") WriteFilled(writer, value);
            else value.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    /// <summary>An object without its empty texts.</summary>
    private static void WriteFilled(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            value.WriteTo(writer);
            return;
        }
        writer.WriteStartObject();
        foreach (var field in value.EnumerateObject())
            if (field.Value.ValueKind != JsonValueKind.String || !IsEmpty(field.Value)) field.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static void WriteCheck(Utf8JsonWriter writer, JsonElement check)
    {
        writer.WriteStartObject();
        foreach (var name in CheckFields)
        {
            if (!check.TryGetProperty(name, out var value)) continue;
            writer.WritePropertyName(name);
            if (name == "Definition") WriteDefinition(writer, value);
            else value.WriteTo(writer);
        }
        writer.WriteEndObject();
    }

    private static void WriteDefinition(Utf8JsonWriter writer, JsonElement definition)
    {
        writer.WriteStartObject();
        foreach (var name in (string[])["Interval", "Timeout", "DeregisterCriticalServiceAfter"]) Write(name, "0s");
        Write("HTTP", "");
        Write("Header", null);
        foreach (var name in (string[])["Method", "Body", "TLSServerName"]) Write(name, "");
        Write("TLSSkipVerify", false);
        foreach (var name in (string[])["TCP", "GRPC"]) Write(name, "");
        Write("GRPCUseTLS", false);
        writer.WriteEndObject();

        void Write(string name, object? standard)
        {
            writer.WritePropertyName(name);
            if (definition.ValueKind == JsonValueKind.Object && definition.TryGetProperty(name, out var value)) value.WriteTo(writer);
            else if (standard is bool flag) writer.WriteBooleanValue(flag);
            else if (standard is string text) writer.WriteStringValue(text);
            else writer.WriteNullValue();
        }
    }

    private static bool IsEmpty(JsonElement value) =>
        value.ValueKind is JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.ValueEquals(""))
        || (value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any());
}
