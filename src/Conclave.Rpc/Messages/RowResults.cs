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
