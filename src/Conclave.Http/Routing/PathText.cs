using System.Buffers;
using System.Text;

namespace Conclave.Http.Routing;

/// <summary>Turns raw request paths into decoded bytes and decides, as the compatible server's web library does, whether they are clean and printable.</summary>
internal static class PathText
{
    private static readonly SearchValues<byte> PlainPrintable = SearchValues.Create(MakeAsciiPrintable());

    /// <summary>Decodes percent escapes of <paramref name="raw"/> into <paramref name="into"/> (as long as the text). False when an escape is malformed or a character is not ASCII.</summary>
    public static bool TryDecode(ReadOnlySpan<char> raw, Span<byte> into, out int written)
    {
        written = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c == '%')
            {
                if (i + 2 >= raw.Length) return false;
                var high = HexValue(raw[i + 1]);
                var low = HexValue(raw[i + 2]);
                if ((high | low) < 0) return false;
                into[written++] = (byte)(high << 4 | low);
                i += 2;
            }
            else if (c < 0x80) into[written++] = (byte)c;
            else return false;
        }
        return true;
    }

    /// <summary>Value of a hexadecimal digit, or -1.</summary>
    public static int HexValue(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => -1,
    };

    /// <summary>True when every character is a letter, mark, number, punctuation, symbol or the ASCII space.</summary>
    public static bool IsPrintable(ReadOnlySpan<byte> path)
    {
        var at = path.IndexOfAnyExcept(PlainPrintable);
        if (at < 0) return true;
        path = path[at..];
        while (path.Length > 0)
        {
            // Malformed bytes count as U+FFFD, which is printable.
            Rune.DecodeFromUtf8(path, out var rune, out var consumed);
            if (!IsPrintable(rune)) return false;
            path = path[consumed..];
        }
        return true;
    }

    /// <summary>True when the path has no empty segment (but a trailing one) and no dot segment.</summary>
    public static bool IsClean(ReadOnlySpan<byte> path)
    {
        if (path.Length == 0 || path[0] != (byte)'/') return false;
        for (var at = path.IndexOf((byte)'/'); at >= 0;)
        {
            var rest = path[(at + 1)..];
            var length = rest.IndexOf((byte)'/');
            var segment = length < 0 ? rest : rest[..length];
            if (segment.Length == 0 ? length >= 0 : segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8)) return false;
            at = length < 0 ? -1 : at + 1 + length;
        }
        return true;
    }

    /// <summary>The path with empty and dot segments resolved; a trailing slash is kept.</summary>
    public static byte[] Clean(ReadOnlySpan<byte> path)
    {
        var segments = new List<Range>();
        for (var start = 0; start <= path.Length;)
        {
            var length = path[start..].IndexOf((byte)'/');
            var end = length < 0 ? path.Length : start + length;
            var segment = path[start..end];
            if (segment.SequenceEqual(".."u8))
            {
                if (segments.Count > 0) segments.RemoveAt(segments.Count - 1);
            }
            else if (segment.Length > 0 && !segment.SequenceEqual("."u8)) segments.Add(start..end);
            start = end + 1;
        }
        var clean = new ArrayBufferWriter<byte>(path.Length + 1);
        foreach (var segment in segments)
        {
            clean.Write("/"u8);
            clean.Write(path[segment]);
        }
        if (segments.Count == 0 || path[^1] == (byte)'/') clean.Write("/"u8);
        return clean.WrittenSpan.ToArray();
    }

    /// <summary>Escapes a decoded path for the header <c>Location</c>.</summary>
    public static string Escape(ReadOnlySpan<byte> path)
    {
        var text = new StringBuilder(path.Length);
        foreach (var b in path)
        {
            if (char.IsAsciiLetterOrDigit((char)b) || "-_.~$&+,/:;=@"u8.Contains(b)) text.Append((char)b);
            else text.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) switch
    {
        System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.Surrogate
            or System.Globalization.UnicodeCategory.PrivateUse or System.Globalization.UnicodeCategory.OtherNotAssigned or System.Globalization.UnicodeCategory.SpaceSeparator
            or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator => false,
        _ => true,
    };

    private static byte[] MakeAsciiPrintable()
    {
        var bytes = new byte[0x7f - 0x20];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(0x20 + i);
        return bytes;
    }
}
