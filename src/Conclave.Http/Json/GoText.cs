using System.Globalization;
using System.Text;

namespace Conclave.Http.Json;

/// <summary>Texts of JSON bodies, read without ever failing: broken UTF-8 and unpaired surrogates become U+FFFD.</summary>
internal static class GoText
{
    /// <summary>Resolves the escapes of the inside of a JSON string (already checked for well-formed escapes).</summary>
    public static string Unescape(ReadOnlySpan<byte> inside)
    {
        var escape = inside.IndexOf((byte)'\\');
        if (escape < 0) return Encoding.UTF8.GetString(inside);
        var text = new StringBuilder(inside.Length);
        while (escape >= 0)
        {
            text.Append(Encoding.UTF8.GetString(inside[..escape]));
            inside = inside[escape..];
            inside = inside[AppendEscape(inside, text)..];
            escape = inside.IndexOf((byte)'\\');
        }
        text.Append(Encoding.UTF8.GetString(inside));
        return text.ToString();
    }

    private static int AppendEscape(ReadOnlySpan<byte> escape, StringBuilder text)
    {
        switch (escape[1])
        {
            case (byte)'n': text.Append('\n'); return 2;
            case (byte)'t': text.Append('\t'); return 2;
            case (byte)'r': text.Append('\r'); return 2;
            case (byte)'b': text.Append('\b'); return 2;
            case (byte)'f': text.Append('\f'); return 2;
            case (byte)'u': return AppendUnicode(escape, text);
            default: text.Append((char)escape[1]); return 2;
        }
    }

    private static int AppendUnicode(ReadOnlySpan<byte> escape, StringBuilder text)
    {
        var first = (char)Hex(escape[2..6]);
        if (!char.IsSurrogate(first))
        {
            text.Append(first);
            return 6;
        }
        if (char.IsHighSurrogate(first) && escape.Length >= 12 && escape[6] == (byte)'\\' && escape[7] == (byte)'u' && char.IsLowSurrogate((char)Hex(escape[8..12])))
        {
            text.Append(first).Append((char)Hex(escape[8..12]));
            return 12;
        }
        text.Append('\ufffd');
        return 6;
    }

    private static ushort Hex(ReadOnlySpan<byte> digits) => ushort.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
