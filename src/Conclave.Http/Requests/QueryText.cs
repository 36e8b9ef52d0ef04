using System.Text;
using Conclave.Http.Routing;

namespace Conclave.Http.Requests;

/// <summary>Reads query strings: pairs parted by <c>&amp;</c>, escapes and plus signs decoded; malformed pairs are skipped, as the compatible server does.</summary>
internal static class QueryText
{
    /// <summary>Most pairs a request may carry; more is refused.</summary>
    public const int PairsMax = 10_000;

    /// <summary>Decodes one name or value into <paramref name="into"/> (three bytes per character suffice).</summary>
    public static bool TryDecode(ReadOnlySpan<char> raw, Span<byte> into, out int written)
    {
        written = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c == '%')
            {
                if (i + 2 >= raw.Length) return false;
                var high = PathText.HexValue(raw[i + 1]);
                var low = PathText.HexValue(raw[i + 2]);
                if ((high | low) < 0) return false;
                into[written++] = (byte)(high << 4 | low);
                i += 2;
            }
            else if (c < 0x80) into[written++] = c == '+' ? (byte)' ' : (byte)c;
            else return false;
        }
        return true;
    }

    /// <summary>All pairs sorted by name and escaped again, as the compatible server repeats them in some error texts.</summary>
    public static string Canonical(ReadOnlySpan<char> query)
    {
        var pairs = new List<(string Name, string Value)>();
        while (TryNext(ref query, out var name, out var value))
            if (Decode(name) is { } n && Decode(value) is { } v) pairs.Add((n, v));
        var text = new StringBuilder();
        foreach (var (name, value) in pairs.OrderBy(static p => p.Name, StringComparer.Ordinal))
        {
            if (text.Length > 0) text.Append('&');
            text.Append(Escape(name)).Append('=').Append(Escape(value));
        }
        return text.ToString();
    }

    /// <summary>Takes the next pair off <paramref name="rest"/>; empty pairs are passed over.</summary>
    public static bool TryNext(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        name = value = default;
        while (rest.Length > 0)
        {
            var end = rest.IndexOf('&');
            var pair = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (pair.Length == 0) continue;
            var equals = pair.IndexOf('=');
            name = equals < 0 ? pair : pair[..equals];
            value = equals < 0 ? default : pair[(equals + 1)..];
            return true;
        }
        return false;
    }

    private static string? Decode(ReadOnlySpan<char> raw)
    {
        var bytes = new byte[raw.Length];
        return TryDecode(raw, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~') escaped.Append((char)b);
            else if (b == ' ') escaped.Append('+');
            else escaped.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return escaped.ToString();
    }
}
