using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conclave.Conformance.Player;

/// <summary>The kinds of the <c>$any</c> matcher.</summary>
internal static partial class ValueKinds
{
    public static bool Fits(string kind, JsonElement value) => kind switch
    {
        "any" => true,
        "string" => value.ValueKind == JsonValueKind.String,
        "nonempty" => value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0,
        "int" => IsInteger(value),
        "uint" => IsInteger(value) && Number(value) >= 0,
        "number" => value.ValueKind == JsonValueKind.Number,
        "bool" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "uuid" => IsText(value, Uuid()),
        "time" => IsText(value, Time()),
        "duration" => IsText(value, Duration()),
        "hex" => IsText(value, Hex()),
        "base64" => value.ValueKind == JsonValueKind.String && IsBase64(value.GetString()!),
        "intstring" => IsText(value, Digits()),
        "index" => IsIndex(value),
        _ => throw new InvalidDataException($"unknown kind {kind}"),
    };

    public static bool IsIndex(JsonElement value) => (IsInteger(value) && Number(value) > 0) || IsText(value, PositiveDigits());

    /// <summary>A JSON number without fraction or exponent, of any length.</summary>
    public static bool IsInteger(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    /// <summary>Value of a number, or of a text that holds one.</summary>
    public static decimal Number(JsonElement value) =>
        decimal.Parse(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static bool IsText(JsonElement value, Regex pattern) => value.ValueKind == JsonValueKind.String && pattern.IsMatch(value.GetString()!);

    private static bool IsBase64(string text) => !text.Any(char.IsWhiteSpace) && Base64.IsValid(text);

    [GeneratedRegex(@"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\z")]
    private static partial Regex Time();

    [GeneratedRegex(@"\A-?(\d+(\.\d+)?(h|m|s|ms|us|\u00b5s|ns))+\z")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\A[0-9a-f]+\z")]
    private static partial Regex Hex();

    [GeneratedRegex(@"\A\d+\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\A[1-9]\d*\z")]
    private static partial Regex PositiveDigits();
}
