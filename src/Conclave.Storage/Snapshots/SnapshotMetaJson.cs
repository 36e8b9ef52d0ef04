using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Storage;

/// <summary><c>meta.json</c>, one line, in the form that the peers write and read.</summary>
public static class SnapshotMetaJson
{
    private const int Version = 1;

    /// <summary>Writes it. The checksums, of the state and of the description itself, are part of the form on disk, not of the one in archives.</summary>
    public static byte[] Write(SnapshotMeta meta, bool withCrc)
    {
        var plain = Write(meta, withCrc, ownCrc: null);
        return withCrc ? Write(meta, withCrc, Crc64.Append(0, plain)) : plain;
    }

    /// <summary>Reads the form on disk and holds it to its own checksum, when it has one: the peers' have none.</summary>
    /// <exception cref="FormatException">As <see cref="Read"/>, or the bytes are not what was written.</exception>
    public static SnapshotMeta ReadVerified(ReadOnlyMemory<byte> json)
    {
        var meta = Read(json);
        if (json.Span.IndexOf("\"MetaCRC\""u8) >= 0 && !json.Span.SequenceEqual(Write(meta, withCrc: true))) throw new FormatException("meta.json is not what was written");
        return meta;
    }

    private static byte[] Write(SnapshotMeta meta, bool withCrc, ulong? ownCrc)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteNumber("Version"u8, Version);
            json.WriteString("ID"u8, meta.Id);
            json.WriteNumber("Index"u8, meta.Index.Value);
            json.WriteNumber("Term"u8, meta.Term.Value);
            json.WriteBase64String("Peers"u8, EncodePeers(meta));
            json.WriteStartObject("Configuration"u8);
            json.WriteStartArray("Servers"u8);
            foreach (var server in meta.Configuration)
            {
                json.WriteStartObject();
                json.WriteNumber("Suffrage"u8, server.Suffrage);
                json.WriteString("ID"u8, server.Id);
                json.WriteString("Address"u8, server.Address);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteNumber("ConfigurationIndex"u8, meta.ConfigurationIndex.Value);
            json.WriteNumber("Size"u8, meta.Size);
            if (withCrc) json.WriteBase64String("CRC"u8, CrcBytes(meta.Crc));
            if (ownCrc is { } crc) json.WriteBase64String("MetaCRC"u8, CrcBytes(crc));
            json.WriteEndObject();
        }
        output.Write("\n"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads it. A missing checksum reads as 0.</summary>
    /// <exception cref="FormatException">It is not the description of a snapshot that this program can use; the message says why.</exception>
    public static SnapshotMeta Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            int version = root.GetProperty("Version").GetInt32();
            if (version != Version) throw new FormatException($"unsupported snapshot version {version}");
            List<SnapshotServer> servers = [];
            if (root.GetProperty("Configuration").GetProperty("Servers") is { ValueKind: JsonValueKind.Array } array)
                foreach (var server in array.EnumerateArray())
                    servers.Add(new SnapshotServer(server.GetProperty("Suffrage").GetInt32(), server.GetProperty("ID").GetString() ?? "", server.GetProperty("Address").GetString() ?? ""));
            return new SnapshotMeta
            {
                Id = root.GetProperty("ID").GetString() ?? "",
                Index = new LogIndex(root.GetProperty("Index").GetUInt64()),
                Term = new Term(root.GetProperty("Term").GetUInt64()),
                Configuration = servers,
                ConfigurationIndex = new LogIndex(root.GetProperty("ConfigurationIndex").GetUInt64()),
                Size = root.GetProperty("Size").GetInt64(),
                Crc = root.TryGetProperty("CRC", out var crc) && crc.GetBytesFromBase64() is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0,
            };
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"meta.json cannot be read: {malformed.Message}");
        }
    }

    private static byte[] CrcBytes(ulong crc)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, crc);
        return bytes;
    }

    // The old form of the configuration: addresses of the voters. Nobody reads it any more, everybody writes it.
    private static ReadOnlySpan<byte> EncodePeers(SnapshotMeta meta)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        int voters = 0;
        foreach (var server in meta.Configuration)
            if (server.Suffrage == 0) voters++;
        writer.WriteArrayHeader(voters);
        foreach (var server in meta.Configuration)
            if (server.Suffrage == 0) writer.Write(server.Address);
        writer.Flush();
        return output.WrittenSpan;
    }
}
