using System.Buffers;
using System.Globalization;
using System.Text;

namespace Conclave.Node.Filters;

/// <summary>Quoted texts of filter expressions: Go's string literals.</summary>
internal static class FilterText
{
    /// <summary>True for a letter followed by letters, digits and underscores (ASCII).</summary>
    public static bool IsIdentifier(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !char.IsAsciiLetter(text[0])) return false;
        foreach (char c in text)
            if (!IsIdentifierPart(c)) return false;
        return true;
    }

    public static bool IsIdentifierPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>A literal that reads back as <paramref name="text"/>. A double quote is written as \x22: within the language it always ends the literal.</summary>
    public static string Quote(string text)
    {
        var literal = new StringBuilder(text.Length + 2).Append('"');
        foreach (char c in text)
        {
            if (c is '"' or < ' ') literal.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else if (c == '\\') literal.Append("\\\\");
            else literal.Append(c);
        }
        return literal.Append('"').ToString();
    }

    /// <summary>Content of a literal between double quotes; false for escapes that do not exist and for line breaks.</summary>
    public static bool TryUnescape(ReadOnlySpan<char> content, out string text)
    {
        text = "";
        if (content.Contains('\n')) return false;
        if (!content.Contains('\\'))
        {
            text = content.ToString();
            return true;
        }

        // Escapes may denote single bytes of UTF-8 characters, hence bytes first.
        var bytes = new ArrayBufferWriter<byte>(content.Length);
        while (!content.IsEmpty)
        {
            int plain = content.IndexOf('\\');
            if (plain < 0) plain = content.Length;
            Encoding.UTF8.GetBytes(content[..plain], bytes);
            content = content[plain..];
            if (!content.IsEmpty && !TryUnescapeOne(ref content, bytes)) return false;
        }
        text = Encoding.UTF8.GetString(bytes.WrittenSpan);
        return true;
    }

    private static bool TryUnescapeOne(ref ReadOnlySpan<char> content, ArrayBufferWriter<byte> bytes)
    {
        if (content.Length < 2) return false;
        char kind = content[1];
        switch (kind)
        {
            case 'x': return TryByte(ref content, digitsAt: 2, digits: 2, bitsEach: 4, bytes);
            case >= '0' and <= '7': return TryByte(ref content, digitsAt: 1, digits: 3, bitsEach: 3, bytes);
            case 'u': return TryRune(ref content, digits: 4, bytes);
            case 'U': return TryRune(ref content, digits: 8, bytes);
        }
        int position = @"abfnrtv\".IndexOf(kind);
        if (position < 0) return false;
        Append(bytes, "\a\b\f\n\r\t\v\\"u8[position]);
        content = content[2..];
        return true;
    }

    private static bool TryByte(ref ReadOnlySpan<char> content, int digitsAt, int digits, int bitsEach, ArrayBufferWriter<byte> bytes)
    {
        if (!TryNumber(content, digitsAt, digits, bitsEach, out uint value) || value > byte.MaxValue) return false;
        Append(bytes, (byte)value);
        content = content[(digitsAt + digits)..];
        return true;
    }

    private static bool TryRune(ref ReadOnlySpan<char> content, int digits, ArrayBufferWriter<byte> bytes)
    {
        if (!TryNumber(content, digitsAt: 2, digits, bitsEach: 4, out uint value) || !Rune.TryCreate(value, out var rune)) return false;
        bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
        content = content[(2 + digits)..];
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> content, int digitsAt, int digits, int bitsEach, out uint value)
    {
        value = 0;
        if (content.Length < digitsAt + digits) return false;
        foreach (char c in content.Slice(digitsAt, digits))
        {
            if (!char.IsAsciiHexDigit(c)) return false;
            uint digit = (uint)(char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
            if (digit >= 1u << bitsEach) return false;
            value = value << bitsEach | digit;
        }
        return true;
    }

    private static void Append(ArrayBufferWriter<byte> bytes, byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }
}
