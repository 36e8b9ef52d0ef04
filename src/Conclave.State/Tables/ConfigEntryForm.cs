using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>
/// The wire's form of configuration entries: one byte string that holds the kind and a request; in the request of a proxy-defaults entry the entry is a
/// byte string once more.
/// </summary>
internal static class ConfigEntryForm
{
    private const string DoublyWrapped = "proxy-defaults";

    /// <summary>Reads the outer byte string. The request comes without its entry.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static (string Kind, MsgPackMap Request, MsgPackMap Entry) Read(ref MsgPackReader reader)
    {
        var inner = new MsgPackReader(reader.ReadBytesSpan());
        var kind = inner.ReadText();
        var request = MsgPackTree.ReadMap(ref inner) ?? throw new MsgPackException("a configuration entry has no request", inner.Offset);
        GenericTree.TryGet(request, "Entry", out var value);
        var entry = value switch
        {
            MsgPackMap map => map,
            ReadOnlyMemory<byte> bytes => ReadWrapped(bytes),
            _ => throw new MsgPackException("a configuration entry is missing", inner.Offset),
        };
        return (kind, request, entry);
    }

    /// <summary>Writes an entry as snapshots hold it.</summary>
    public static void Write(ref MsgPackWriter writer, string kind, MsgPackMap entry)
    {
        object? value = entry;
        if (kind == DoublyWrapped)
        {
            using var wrapped = new PooledBuffer();
            var wrappedWriter = new MsgPackWriter(wrapped);
            MsgPackTree.Write(ref wrappedWriter, entry);
            wrappedWriter.Flush();
            value = new ReadOnlyMemory<byte>(wrapped.ToArray());
        }
        using var buffer = new PooledBuffer();
        var inner = new MsgPackWriter(buffer);
        inner.Write(kind);
        MsgPackTree.Write(ref inner, new MsgPackMap
        {
            Fields = [new("Datacenter", ReadOnlyMemory<byte>.Empty), new("Entry", value), new("Op", ReadOnlyMemory<byte>.Empty), new("Token", ReadOnlyMemory<byte>.Empty)],
        });
        inner.Flush();
        writer.Write(buffer.WrittenSpan);
    }

    private static MsgPackMap ReadWrapped(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MsgPackReader(bytes.Span);
        return MsgPackTree.ReadMap(ref reader) ?? throw new MsgPackException("a configuration entry is nil", 0);
    }
}
