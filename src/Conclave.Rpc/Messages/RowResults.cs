using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>Writes one row of a result.</summary>
/// <typeparam name="T">What a row is.</typeparam>
public delegate void RowWriter<in T>(ref MsgPackWriter writer, T row);

/// <summary>Results that are a list under a name, among the fields of a read.</summary>
public static class RowResults
{
    /// <summary>Writes the list; an empty one as nil, as peers have it.</summary>
    public static void Write<T>(ref MsgPackWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<T> rows, RowWriter<T> write, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 1);
        fields.Begin(ref writer);
        fields.Key(ref writer, name);
        WriteList(ref writer, rows, write);
        fields.End(ref writer);
    }

    /// <summary>Reads a list under a name; nil is an empty one.</summary>
    /// <param name="result">The result. Rows may hold slices of it.</param>
    /// <param name="name">Name of the list.</param>
    /// <param name="read">Reads a row.</param>
    /// <param name="into">Where rows are added.</param>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static QueryMeta Read<T>(ReadOnlyMemory<byte> result, ReadOnlySpan<byte> name, MsgPackCollections.Element<T> read, List<T> into)
    {
        var reader = new MsgPackReader(result);
        var meta = default(QueryMeta);
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual(name)) ReadList(ref reader, read, into);
            else if (!QueryMeta.TryTake(ref reader, key, ref meta)) reader.Skip(acceptExtensions: true);
        }
        return meta;
    }

    /// <summary>Reads the fields of a read, whatever stands beside them.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static QueryMeta ReadMeta(ReadOnlySpan<byte> result)
    {
        var reader = new MsgPackReader(result);
        var meta = default(QueryMeta);
        for (int left = reader.ReadMapHeader(); left > 0; left--)
            if (!QueryMeta.TryTake(ref reader, reader.ReadKey(), ref meta)) reader.Skip(acceptExtensions: true);
        return meta;
    }

    /// <summary>Reads a text alone.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static string ReadText(ReadOnlySpan<byte> result)
    {
        var reader = new MsgPackReader(result);
        return reader.TryReadNil() ? "" : reader.ReadText();
    }

    /// <summary>Reads a list of texts alone.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static IReadOnlyList<string> ReadTexts(ReadOnlySpan<byte> result)
    {
        var reader = new MsgPackReader(result);
        return MsgPackCollections.ReadTexts(ref reader) ?? [];
    }

    internal static void ReadList<T>(ref MsgPackReader reader, MsgPackCollections.Element<T> read, List<T> into)
    {
        if (reader.TryReadNil()) return;
        // A list grows as its rows arrive: a count alone takes no memory.
        for (int left = reader.ReadArrayHeader(); left > 0; left--) into.Add(read(ref reader));
    }

    /// <summary>Writes a list of nothing under <paramref name="name"/>, for features that this server does not have.</summary>
    public static void WriteNothing(ref MsgPackWriter writer, ReadOnlySpan<byte> name, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 1);
        fields.Begin(ref writer);
        fields.Key(ref writer, name);
        writer.WriteNil();
        fields.End(ref writer);
    }

    /// <summary>Writes the fields of a read alone.</summary>
    public static void WriteMeta(ref MsgPackWriter writer, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 0);
        fields.Begin(ref writer);
        fields.End(ref writer);
    }

    internal static void WriteList<T>(ref MsgPackWriter writer, IReadOnlyList<T> rows, RowWriter<T> write)
    {
        if (rows.Count == 0)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(rows.Count);
        for (int i = 0; i < rows.Count; i++) write(ref writer, rows[i]);
    }
}
