using System.Globalization;
using Conclave.Core;

namespace Conclave.Hosting.Configuration;

/// <summary>A value has the wrong type or form.</summary>
internal sealed class ConfigValueException(string message) : Exception(message);

/// <summary>A value of the tree with its path, read as what the key wants; the errors are those of the compatible engine's decoder.</summary>
internal readonly record struct ConfigValue(string Path, object? Raw)
{
    /// <summary>Longest list or map of one key.</summary>
    public const int ItemsMax = 65_536;

    public bool Bool() => Raw is bool value ? value : throw Mismatch("bool");

    public string Text() => Raw is string value ? value : throw Mismatch("string");

    public int Int()
    {
        var value = Long();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Mismatch("int");
    }

    public long Long() => Raw switch
    {
        long value => value,
        double value and >= -9.2e18 and <= 9.2e18 => (long)value,
        _ => throw Mismatch("int"),
    };

    public uint UInt() => Long() is >= 0 and <= uint.MaxValue and var value ? (uint)value : throw Mismatch("uint32");

    public double Number() => Raw switch
    {
        long value => value,
        double value => value,
        _ => throw Mismatch("float64"),
    };

    public TimeSpan Duration()
    {
        var text = Text();
        if (GoDuration.TryParse(text, out var value, out string error)) return value.ToTimeSpan();
        throw new ConfigValueException($"{Path}: invalid duration: {GoQuote.Quote(text)}: {error}");
    }

    public IReadOnlyList<string> Strings()
    {
        if (Raw is not List<object?> list) throw new ConfigValueException($"'{Path}': source data must be an array or slice, got {GoKind(Raw)}");
        RequireCount(list.Count);
        var values = new List<string>(list.Count);
        for (var i = 0; i < list.Count; i++) values.Add(new ConfigValue($"{Path}[{i}]", list[i]).Text());
        return values;
    }

    /// <summary>A map of texts in ordinal order; numbers and booleans are taken as their texts because HCL authors leave quotes out.</summary>
    public SortedDictionary<string, string> TextMap()
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Object().Fields)
            values[key] = value switch
            {
                string text => text,
                null => "",
                long or double or bool => Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant(),
                _ => new ConfigValue($"{Path}[{key}]", value).Text(),
            };
        return values;
    }

    public SortedDictionary<string, IReadOnlyList<string>> ListMap()
    {
        var values = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (key, value) in Object().Fields)
            values[key] = value is string text ? [text] : new ConfigValue($"{Path}[{key}]", value).Strings();
        return values;
    }

    /// <summary>An object; blocks that were written several times are one.</summary>
    public ConfigObject Object()
    {
        if (Raw is ConfigObject single) return single;
        if (Raw is not List<object?> list) throw new ConfigValueException($"'{Path}' expected a map, got '{GoKind(Raw)}'");
        RequireCount(list.Count);
        var merged = new ConfigObject();
        foreach (var item in list)
            foreach (var (key, value) in (item as ConfigObject ?? throw new ConfigValueException($"'{Path}' expected a map, got '{GoKind(item)}'")).Fields)
                merged.Set(key, value);
        return merged;
    }

    /// <summary>A list of objects; a single block is a list of one.</summary>
    public IReadOnlyList<ConfigValue> Objects()
    {
        if (Raw is ConfigObject) return [new ConfigValue($"{Path}[0]", Raw)];
        if (Raw is not List<object?> list) throw new ConfigValueException($"'{Path}': source data must be an array or slice, got {GoKind(Raw)}");
        RequireCount(list.Count);
        var values = new List<ConfigValue>(list.Count);
        for (var i = 0; i < list.Count; i++)
            if (list[i] is not null) values.Add(new ConfigValue($"{Path}[{i}]", list[i]));
        return values;
    }

    private void RequireCount(int count)
    {
        if (count > ItemsMax) throw new ConfigValueException($"'{Path}' has more than {ItemsMax} items");
    }

    private ConfigValueException Mismatch(string type) =>
        new($"'{Path}' expected type '{type}', got unconvertible type '{GoType(Raw)}'");

    private static string GoType(object? value) => value switch
    {
        bool => "bool",
        long => "int",
        double => "float64",
        string => "string",
        ConfigObject => "map[string]interface {}",
        null => "nil",
        _ => "[]interface {}",
    };

    private static string GoKind(object? value) => value switch
    {
        ConfigObject => "map",
        List<object?> => "slice",
        var other => GoType(other),
    };
}
