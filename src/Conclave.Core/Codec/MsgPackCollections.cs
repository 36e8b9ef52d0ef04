using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Reads the lists and maps that messages are made of.</summary>
public static class MsgPackCollections
{
    // Lists grow as their elements arrive: a count alone, however large, allocates next to nothing.
    private const int InitialCapacityMax = 16;

    /// <summary>Reads one element of a list or one value of a map.</summary>
    /// <typeparam name="T">Type of the element.</typeparam>
    /// <param name="reader">Stands at the element.</param>
    public delegate T Element<out T>(ref MsgPackReader reader);

    /// <summary>A list of texts, or null for nil.</summary>
    public static IReadOnlyList<string>? ReadTexts(ref MsgPackReader reader) => ReadList(ref reader, static (ref MsgPackReader r) => r.ReadText());

    /// <summary>A map of texts, or null for nil.</summary>
    public static TextMap<string>? ReadTextMap(ref MsgPackReader reader) => ReadMap(ref reader, static (ref MsgPackReader r) => r.ReadText());

    /// <summary>A list of anything, or null for nil.</summary>
    public static IReadOnlyList<T>? ReadList<T>(ref MsgPackReader reader, Element<T> element)
    {
        if (reader.TryReadNil()) return null;
        int count = reader.ReadArrayHeader();
        if (count == 0) return [];
        if (count == 1) return [element(ref reader)];
        var list = new List<T>(Math.Min(count, InitialCapacityMax));
        for (int i = 0; i < count; i++) list.Add(element(ref reader));
        return list.ToArray();
    }

    /// <summary>A map from text to anything, or null for nil.</summary>
    public static TextMap<T>? ReadMap<T>(ref MsgPackReader reader, Element<T> value)
    {
        if (reader.TryReadNil()) return null;
        int count = reader.ReadMapHeader();
        if (count == 0) return TextMap<T>.Empty;
        var keys = new List<string>(Math.Min(count, InitialCapacityMax));
        var values = new List<T>(Math.Min(count, InitialCapacityMax));
        for (int i = 0; i < count; i++)
        {
            keys.Add(reader.ReadText());
            values.Add(value(ref reader));
        }
        return TextMap<T>.Build(keys, values);
    }
}
