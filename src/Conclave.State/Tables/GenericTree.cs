using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Comparing, hashing and reading values that are kept without being understood. Their depth is bounded by the reader that made them.</summary>
internal static class GenericTree
{
    public static bool Same(MsgPackMap? a, MsgPackMap? b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || a.Fields.Count != b.Fields.Count) return false;
        for (var i = 0; i < a.Fields.Count; i++)
        {
            var (name, value) = a.Fields[i];
            // Peers write maps in any order, structures mostly in the same: look at the same place first.
            if (b.Fields[i].Key == name ? !SameValue(value, b.Fields[i].Value) : !TryGet(b, name, out var other) || !SameValue(value, other)) return false;
        }
        return true;
    }

    public static bool TryGet(MsgPackMap map, string name, out object? value)
    {
        foreach (var field in map.Fields)
        {
            if (field.Key != name) continue;
            value = field.Value;
            return true;
        }
        value = null;
        return false;
    }

    /// <summary>A text field, or "" when it is missing or not text.</summary>
    public static string Text(MsgPackMap map, string name) =>
        TryGet(map, name, out var value) ? AsText(value) : "";

    /// <summary>Text, or "" when the value is something else.</summary>
    public static string AsText(object? value) => value is ReadOnlyMemory<byte> bytes ? System.Text.Encoding.UTF8.GetString(bytes.Span) : "";

    /// <summary>A whole number, or 0.</summary>
    public static ulong Number(MsgPackMap map, string name) => TryGet(map, name, out var value) ? AsNumber(value) : 0;

    /// <summary>True for true and for numbers other than 0.</summary>
    public static bool Flag(MsgPackMap map, string name) => TryGet(map, name, out var value) && (value is true || AsNumber(value) != 0);

    /// <summary>A nested map, or null.</summary>
    public static MsgPackMap? Map(MsgPackMap map, string name) => TryGet(map, name, out var value) ? value as MsgPackMap : null;

    /// <summary>A nested list, or an empty one.</summary>
    public static IReadOnlyList<object?> List(MsgPackMap map, string name) => TryGet(map, name, out var value) && value is IReadOnlyList<object?> list ? list : [];

    /// <summary>The same map with some fields replaced or added at the end.</summary>
    public static MsgPackMap With(MsgPackMap map, params ReadOnlySpan<(string Name, object? Value)> changes)
    {
        var fields = new List<KeyValuePair<string, object?>>(map.Fields);
        foreach (var (name, value) in changes)
        {
            var at = fields.FindIndex(field => field.Key == name);
            if (at >= 0) fields[at] = new(name, value);
            else fields.Add(new(name, value));
        }
        return new MsgPackMap { Fields = fields };
    }

    public static void Hash(ref StateHash hash, MsgPackMap? map)
    {
        hash.Add(map is null ? ulong.MaxValue : (ulong)map.Fields.Count);
        if (map is null) return;
        ulong sum = 0;
        foreach (var (name, value) in map.Fields)
        {
            var field = new StateHash(2);
            field.Add(name);
            HashValue(ref field, value);
            sum += field.Value;
        }
        hash.Add(sum);
    }

    private static ulong AsNumber(object? value) => value switch
    {
        ulong number => number,
        long number => unchecked((ulong)number),
        _ => 0,
    };

    private static bool SameValue(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span),
        (MsgPackMap x, MsgPackMap y) => Same(x, y),
        (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => SameItems(x, y),
        (long or ulong, long or ulong) => AsNumber(a) == AsNumber(b),
        _ => a.Equals(b),
    };

    private static bool SameItems(IReadOnlyList<object?> a, IReadOnlyList<object?> b)
    {
        if (a.Count != b.Count) return false;
        for (var i = 0; i < a.Count; i++)
            if (!SameValue(a[i], b[i])) return false;
        return true;
    }

    private static void HashValue(ref StateHash hash, object? value)
    {
        switch (value)
        {
            case null: hash.Add(0UL); break;
            case bool flag: hash.Add(flag); break;
            case double number: hash.Add(number); break;
            case long or ulong: hash.Add(AsNumber(value)); break;
            case ReadOnlyMemory<byte> bytes: hash.Add(bytes.Span); break;
            case MsgPackMap map: Hash(ref hash, map); break;
            case IReadOnlyList<object?> list:
                hash.Add((ulong)list.Count);
                foreach (var item in list) HashValue(ref hash, item);
                break;
            default: throw new ArgumentException($"A generic tree cannot hold a {value.GetType()}.", nameof(value));
        }
    }
}
