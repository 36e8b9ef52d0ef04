using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conclave.Conformance.Genesis;

/// <summary>What a strict JVM client accepts in one place of an answer. Null means that it decodes, else why it does not.</summary>
internal abstract partial class Shape
{
    public static Shape Text { get; } = new Leaf("text", value => value.ValueKind == JsonValueKind.String);

    public static Shape Number { get; } = new Leaf("an integer", value => value.ValueKind == JsonValueKind.Number && !value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'));

    public static Shape Real { get; } = new Leaf("a number", value => value.ValueKind == JsonValueKind.Number);

    public static Shape Flag { get; } = new Leaf("true or false", value => value.ValueKind is JsonValueKind.True or JsonValueKind.False);

    public static Shape Base64 { get; } = new Leaf("base64", value => value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out _));

    public static Shape Anything { get; } = new Leaf("anything", _ => true);

    /// <summary>Nanoseconds, or digits followed by letters: <c>1.5s</c> does not decode.</summary>
    public static Shape LockDelay { get; } = new Leaf("an integer or digits with a unit",
        value => Number.Check(value, "") is null || (value.ValueKind == JsonValueKind.String && DigitsWithUnit().IsMatch(value.GetString()!)));

    public static Shape ListOf(Shape item) => new Many(item, JsonValueKind.Array);

    public static Shape MapOf(Shape item) => new Many(item, JsonValueKind.Object);

    public abstract string? Check(JsonElement value, string path);

    private sealed class Leaf(string what, Predicate<JsonElement> fits) : Shape
    {
        public override string? Check(JsonElement value, string path) => fits(value) ? null : $"{path} is not {what}: {value}";
    }

    /// <summary>Lists and maps may be null: they become empty. The answer as a whole is checked by the test.</summary>
    private sealed class Many(Shape item, JsonValueKind kind) : Shape
    {
        public override string? Check(JsonElement value, string path)
        {
            if (value.ValueKind == JsonValueKind.Null) return null;
            if (value.ValueKind != kind) return $"{path} is {value.ValueKind} instead of {kind}";
            return kind == JsonValueKind.Array
                ? value.EnumerateArray().Select((element, i) => item.Check(element, $"{path}[{i}]")).FirstOrDefault(problem => problem is not null)
                : value.EnumerateObject().Select(property => item.Check(property.Value, $"{path}.{property.Name}")).FirstOrDefault(problem => problem is not null);
        }
    }

    [GeneratedRegex(@"\A\d+[a-z]+\z")]
    private static partial Regex DigitsWithUnit();
}
