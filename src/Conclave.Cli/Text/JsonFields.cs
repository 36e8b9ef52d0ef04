using System.Text.Json;

namespace Conclave.Cli.Text;

/// <summary>Reads fields of answers leniently: an absent field or one of another type is empty.</summary>
internal static class JsonFields
{
    public static JsonElement? Field(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null ? field : null;

    public static string Text(this JsonElement value, string name) =>
        value.Field(name) is { ValueKind: JsonValueKind.String } field ? field.GetString()! : "";

    public static long Number(this JsonElement value, string name) =>
        value.Field(name) is { ValueKind: JsonValueKind.Number } field && field.TryGetInt64(out var number) ? number : 0;

    public static ulong Unsigned(this JsonElement value, string name) =>
        value.Field(name) is { ValueKind: JsonValueKind.Number } field && field.TryGetUInt64(out var number) ? number : 0;

    public static bool Truth(this JsonElement value, string name) => value.Field(name) is { ValueKind: JsonValueKind.True };

    /// <summary>Items of an array; nothing for null and other types.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    public static IEnumerable<JsonElement> Items(this JsonElement value, string name) =>
        value.Field(name) is { ValueKind: JsonValueKind.Array } field ? field.EnumerateArray() : [];

    /// <summary>The text fields of an object in ordinal order.</summary>
    public static SortedDictionary<string, string> TextMap(this JsonElement value, string name)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (value.Field(name) is not { ValueKind: JsonValueKind.Object } field) return map;
        foreach (var entry in field.EnumerateObject())
            if (entry.Value.ValueKind == JsonValueKind.String) map[entry.Name] = entry.Value.GetString()!;
        return map;
    }
}
