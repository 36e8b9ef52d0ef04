using System.Text;
using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Reads and writes the generic tree of <see cref="MsgPackMap"/>: parts of messages that are kept and shown but not acted on.</summary>
public static class MsgPackTree
{
    /// <summary>Deepest nesting accepted. Peers' own structures need less than ten levels; the rest is for opaque settings.</summary>
    public const int DepthMax = 64;

    // Lists grow as their elements arrive: a count alone, however large, allocates next to nothing.
    private const int InitialCapacityMax = 16;

    /// <summary>Reads a map whose keys are text, or null for nil. Nothing in it refers to the input.</summary>
    /// <exception cref="MsgPackException">Malformed, or nested deeper than <see cref="DepthMax"/>.</exception>
    public static MsgPackMap? ReadMap(ref MsgPackReader reader) => reader.TryReadNil() ? null : ReadFields(ref reader, depthLeft: DepthMax);

    /// <summary>Reads any value. Nothing in it refers to the input.</summary>
    /// <exception cref="MsgPackException">Malformed, or nested deeper than <see cref="DepthMax"/>.</exception>
    public static object? ReadValue(ref MsgPackReader reader) => ReadValue(ref reader, DepthMax);

    /// <summary>Writes a map, nil when null.</summary>
    public static void Write(ref MsgPackWriter writer, MsgPackMap? map)
    {
        if (map is null) writer.WriteNil();
        else WriteFields(ref writer, map, DepthMax);
    }

    /// <summary>Writes a value of a tree.</summary>
    /// <exception cref="ArgumentException">A value of a type that trees do not have, or a tree deeper than <see cref="DepthMax"/>.</exception>
    public static void WriteValue(ref MsgPackWriter writer, object? value) => WriteValue(ref writer, value, DepthMax);

    /// <summary>True when every part is zero: nil, false, 0, empty text or a map of such parts. An empty inner map or list is something, for JSON shows it.</summary>
    public static bool IsZero(MsgPackMap map)
    {
        foreach (var field in map.Fields)
            if (!IsZeroValue(field.Value)) return false;
        return true;
    }

    private static bool IsZeroValue(object? value) => value switch
    {
        null or false or 0L or 0UL => true,
        double number => number == 0,
        ReadOnlyMemory<byte> text => text.IsEmpty,
        MsgPackMap inner => inner.Fields.Count > 0 && IsZero(inner),
        _ => false,
    };

    private static object? ReadValue(ref MsgPackReader reader, int depthLeft)
    {
        switch (reader.NextKind)
        {
            case MsgPackKind.Nil: reader.TryReadNil(); return null;
            case MsgPackKind.Bool: return reader.ReadBool();
            case MsgPackKind.Integer: return ReadInteger(ref reader);
            case MsgPackKind.Float: return reader.ReadDouble();
            case MsgPackKind.Map: return ReadFields(ref reader, depthLeft);
            case MsgPackKind.Array: return ReadList(ref reader, depthLeft);
            default: return new ReadOnlyMemory<byte>(reader.ReadBytesSpan().ToArray());
        }
    }

    private static object ReadInteger(ref MsgPackReader reader)
    {
        if (reader.IsNextSigned) return reader.ReadInt64();
        ulong value = reader.ReadUInt64();
        return value <= long.MaxValue ? (long)value : value;
    }

    private static MsgPackMap ReadFields(ref MsgPackReader reader, int depthLeft)
    {
        CheckDepth(depthLeft, reader.Offset);
        int count = reader.ReadMapHeader();
        var fields = new List<KeyValuePair<string, object?>>(Math.Min(count, InitialCapacityMax));
        for (int i = 0; i < count; i++)
        {
            string name = Encoding.UTF8.GetString(reader.ReadKey());
            fields.Add(new(name, ReadValue(ref reader, depthLeft - 1)));
        }
        return new MsgPackMap { Fields = fields };
    }

    private static List<object?> ReadList(ref MsgPackReader reader, int depthLeft)
    {
        CheckDepth(depthLeft, reader.Offset);
        int count = reader.ReadArrayHeader();
        var values = new List<object?>(Math.Min(count, InitialCapacityMax));
        for (int i = 0; i < count; i++) values.Add(ReadValue(ref reader, depthLeft - 1));
        return values;
    }

    private static void CheckDepth(int depthLeft, long offset)
    {
        if (depthLeft == 0) MsgPackException.Throw($"nested deeper than {DepthMax} levels", offset);
    }

    private static void WriteValue(ref MsgPackWriter writer, object? value, int depthLeft)
    {
        switch (value)
        {
            case null: writer.WriteNil(); break;
            case bool flag: writer.Write(flag); break;
            case long number: writer.Write(number); break;
            case ulong number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            case ReadOnlyMemory<byte> text: writer.Write(text.Span); break;
            case MsgPackMap map: WriteFields(ref writer, map, depthLeft); break;
            case IReadOnlyList<object?> list: WriteList(ref writer, list, depthLeft); break;
            default: throw new ArgumentException($"A tree holds no {value.GetType().Name}.", nameof(value));
        }
    }

    private static void WriteFields(ref MsgPackWriter writer, MsgPackMap map, int depthLeft)
    {
        if (depthLeft == 0) throw new ArgumentException($"A tree is nested deeper than {DepthMax} levels.", nameof(map));
        writer.WriteMapHeader(map.Fields.Count);
        foreach (var (name, value) in map.Fields)
        {
            writer.Write(name);
            WriteValue(ref writer, value, depthLeft - 1);
        }
    }

    private static void WriteList(ref MsgPackWriter writer, IReadOnlyList<object?> list, int depthLeft)
    {
        if (depthLeft == 0) throw new ArgumentException($"A tree is nested deeper than {DepthMax} levels.", nameof(list));
        writer.WriteArrayHeader(list.Count);
        foreach (var value in list) WriteValue(ref writer, value, depthLeft - 1);
    }
}
