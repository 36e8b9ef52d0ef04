using System.Buffers;
using System.Globalization;
using System.Text;

namespace Conclave.Core;

/// <summary>
/// Text between double quotes as Go's <c>%q</c> prints it. Errors of the HTTP API hold such texts, and clients compare them.
/// </summary>
public static class GoQuote
{
    /// <summary>Quotes a text.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes()) Append(quoted, rune);
        return quoted.Append('"').ToString();
    }

    /// <summary>Quotes bytes that should be UTF-8; those that are not show as <c>\x..</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> utf8)
    {
        var quoted = new StringBuilder(utf8.Length + 2).Append('"');
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out int used) == OperationStatus.Done) Append(quoted, rune);
            else
                foreach (byte b in utf8[..used]) quoted.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            utf8 = utf8[used..];
        }
        return quoted.Append('"').ToString();
    }

    private static void Append(StringBuilder quoted, Rune rune)
    {
        switch (rune.Value)
        {
            case '"' or '\\': quoted.Append('\\').Append((char)rune.Value); break;
            case '\a': quoted.Append("\\a"); break;
            case '\b': quoted.Append("\\b"); break;
            case '\f': quoted.Append("\\f"); break;
            case '\n': quoted.Append("\\n"); break;
            case '\r': quoted.Append("\\r"); break;
            case '\t': quoted.Append("\\t"); break;
            case '\v': quoted.Append("\\v"); break;
            case < ' ' or 0x7f: quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"); break;
            case var _ when IsPrinted(rune): quoted.Append(rune.ToString()); break;
            case <= char.MaxValue: quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"); break;
            default: quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"); break;
        }
    }

    // Letters, marks, numbers, punctuation and symbols, and of the spaces only the common one.
    private static bool IsPrinted(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned => false,
        _ => true,
    };
}
