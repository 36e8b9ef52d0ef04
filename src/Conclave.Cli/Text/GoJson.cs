using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Conclave.Cli.Text;

/// <summary>Prints JSON as Go's encoder does with indentation: its escapes, one item per line, <c>[]</c> and <c>{}</c> when empty.</summary>
internal static class GoJson
{
    /// <summary>Deepest value printed; answers have about six levels.</summary>
    private const int DepthMax = 64;

    public static string Indent(JsonElement value, string step = "    ")
    {
        var text = new StringBuilder();
        Append(text, value, step, 0);
        return text.ToString();
    }

    public static string Quote(string value)
    {
        var text = new StringBuilder();
        AppendText(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value, string step, int depth)
    {
        if (depth > DepthMax) throw new InvalidOperationException("The value is nested too deeply.");
        switch (value.ValueKind)
        {
            case JsonValueKind.Object: AppendObject(text, value, step, depth); break;
            case JsonValueKind.Array: AppendArray(text, value, step, depth); break;
            case JsonValueKind.String: AppendText(text, value.GetString()!); break;
            default: text.Append(value.GetRawText()); break;
        }
    }

    private static void AppendObject(StringBuilder text, JsonElement value, string step, int depth)
    {
        var count = 0;
        text.Append('{');
        foreach (var field in value.EnumerateObject())
        {
            NewLine(text.Append(count++ == 0 ? "" : ","), step, depth + 1);
            AppendText(text, field.Name);
            text.Append(": ");
            Append(text, field.Value, step, depth + 1);
        }
        if (count > 0) NewLine(text, step, depth);
        text.Append('}');
    }

    private static void AppendArray(StringBuilder text, JsonElement value, string step, int depth)
    {
        var count = 0;
        text.Append('[');
        foreach (var item in value.EnumerateArray())
        {
            NewLine(text.Append(count++ == 0 ? "" : ","), step, depth + 1);
            Append(text, item, step, depth + 1);
        }
        if (count > 0) NewLine(text, step, depth);
        text.Append(']');
    }

    private static void NewLine(StringBuilder text, string step, int depth)
    {
        text.Append('\n');
        for (var i = 0; i < depth; i++) text.Append(step);
    }

    private static void AppendText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var character in value)
            switch (character)
            {
                case '"' or '\\': text.Append('\\').Append(character); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default: text.Append(character); break;
            }
        text.Append('"');
    }
}
