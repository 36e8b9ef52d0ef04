using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>The first difference between what was recorded and what was answered.</summary>
internal sealed record Mismatch(string Path, string Expected, string Got, string Note = "")
{
    private const int ShownCharsMax = 600;

    public static Mismatch At(string path, JsonElement expected, JsonElement got, string note = "") => new(path, Show(expected), Show(got), note);

    public static Mismatch At(string path, string expected, JsonElement got, string note = "") => new(path, expected, Show(got), note);

    public static string Show(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.Undefined ? "<nothing>" : value.GetRawText();
        return text.Length <= ShownCharsMax ? text : $"{text[..ShownCharsMax]}...({text.Length} chars)";
    }

    public override string ToString() => $"{Path}: expected {Expected}, got {Got}" + (Note.Length > 0 ? $" ({Note})" : "");
}
