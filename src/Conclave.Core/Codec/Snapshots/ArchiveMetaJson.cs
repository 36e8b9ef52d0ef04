using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Conclave.Core.Codec;

/// <summary>Reads and writes <c>meta.json</c>: one line in the order and spelling of the peers.</summary>
internal static class ArchiveMetaJson
{
    public static void Write(IBufferWriter<byte> output, ArchiveMeta meta)
    {
        using (var json = new Utf8JsonWriter(output, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("Version", meta.Version);
            json.WriteString("ID", meta.Id);
            json.WriteNumber("Index", meta.Index);
            json.WriteNumber("Term", meta.Term);
            json.WriteBase64String("Peers", EncodePeers(meta.Servers));
            json.WriteStartObject("Configuration");
            json.WriteStartArray("Servers");
            foreach (var server in meta.Servers) Write(json, server);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteNumber("ConfigurationIndex", meta.ConfigurationIndex);
            json.WriteNumber("Size", meta.Size);
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    /// <exception cref="JsonException">Not the JSON that is due.</exception>
    public static ArchiveMeta Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message);
        }
    }

    private static ArchiveMeta Read(JsonElement root) => new()
    {
        Version = root.TryGetProperty("Version", out var version) ? version.GetInt64() : 0,
        Id = Text(root, "ID"),
        Index = Number(root, "Index"),
        Term = Number(root, "Term"),
        Servers = root.TryGetProperty("Configuration", out var configuration) ? ReadServers(configuration) : [],
        ConfigurationIndex = Number(root, "ConfigurationIndex"),
        Size = root.TryGetProperty("Size", out var size) ? size.GetInt64() : 0,
    };

    private static ArchiveServer[] ReadServers(JsonElement configuration)
    {
        if (!configuration.TryGetProperty("Servers", out var servers) || servers.ValueKind == JsonValueKind.Null) return [];
        var list = new List<ArchiveServer>();
        foreach (var server in servers.EnumerateArray()) list.Add(new((int)Number(server, "Suffrage"), Text(server, "ID"), Text(server, "Address")));
        return [.. list];
    }

    private static ulong Number(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetUInt64() : 0;

    private static string Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static void Write(Utf8JsonWriter json, ArchiveServer server)
    {
        json.WriteStartObject();
        json.WriteNumber("Suffrage", server.Suffrage);
        json.WriteString("ID", server.Id);
        json.WriteString("Address", server.Address);
        json.WriteEndObject();
    }

    // The form that servers had before ids: addresses of the voters only. Still written, read by nobody.
    private static byte[] EncodePeers(IReadOnlyList<ArchiveServer> servers)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        var voters = servers.Where(server => server.Suffrage == 0).ToList();
        writer.WriteArrayHeader(voters.Count);
        foreach (var voter in voters) writer.Write(voter.Address);
        writer.Flush();
        return buffer.ToArray();
    }
}
