using System.Globalization;
using System.Text;

namespace Conclave.State;

/// <summary>Texts in errors that the peers' clients may compare: quoted the way their language quotes.</summary>
internal static class GoText
{
    /// <summary>A string in double quotes with escapes.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes()) Append(quoted, rune);
        return quoted.Append('"').ToString();
    }

    /// <summary>A key's bytes as quoted text; bytes that are not UTF-8 show as <c>\x..</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> utf8)
    {
        var quoted = new StringBuilder(utf8.Length + 2).Append('"');
        while (!utf8.IsEmpty)
        {
            if (System.Text.Rune.DecodeFromUtf8(utf8, out var rune, out var used) == System.Buffers.OperationStatus.Done) Append(quoted, rune);
            else
                foreach (var b in utf8[..used]) quoted.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            utf8 = utf8[used..];
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>A character the way hexadecimal decoders complain about it.</summary>
    public static string Rune(char c) => c is >= ' ' and <= '~'
        ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4} '{c}'")
        : string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4}");

    private static void Append(StringBuilder quoted, System.Text.Rune rune)
    {
        switch (rune.Value)
        {
            case '"': quoted.Append("\\\""); break;
            case '\\': quoted.Append("\\\\"); break;
            case '\a': quoted.Append("\\a"); break;
            case '\b': quoted.Append("\\b"); break;
            case '\f': quoted.Append("\\f"); break;
            case '\n': quoted.Append("\\n"); break;
            case '\r': quoted.Append("\\r"); break;
            case '\t': quoted.Append("\\t"); break;
            case '\v': quoted.Append("\\v"); break;
            case < ' ' or 0x7f: quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"); break;
            default: quoted.Append(rune.ToString()); break;
        }
    }
}
