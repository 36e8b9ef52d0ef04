using System.Globalization;
using System.Text;

namespace Conclave.Hosting.Configuration;

internal enum HclTokenKind { End, Word, Text, Number, Assign, Comma, OpenBrace, CloseBrace, OpenBracket, CloseBracket }

/// <summary>A token; <paramref name="Number"/> is a long or a double.</summary>
internal readonly record struct HclToken(HclTokenKind Kind, string Text = "", object? Number = null);

/// <summary>Splits HCL text into tokens; line ends are space.</summary>
internal sealed class HclLexer
{
    private readonly string _text;
    private int _at;

    public HclLexer(string text)
    {
        _text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        Next();
    }

    public HclToken Current { get; private set; }

    public void Next()
    {
        SkipSpaceAndComments();
        Current = _at >= _text.Length ? new HclToken(HclTokenKind.End) : Token();
    }

    public ConfigSyntaxException Fail(string reason)
    {
        var (line, column) = (1, 1);
        for (var i = 0; i < _at && i < _text.Length; i++) (line, column) = _text[i] == '\n' ? (line + 1, 1) : (line, column + 1);
        return new ConfigSyntaxException($"At {line}:{column}: {reason}");
    }

    private HclToken Token()
    {
        var first = _text[_at];
        switch (first)
        {
            case '=': return Sign(HclTokenKind.Assign);
            case ',': return Sign(HclTokenKind.Comma);
            case '{': return Sign(HclTokenKind.OpenBrace);
            case '}': return Sign(HclTokenKind.CloseBrace);
            case '[': return Sign(HclTokenKind.OpenBracket);
            case ']': return Sign(HclTokenKind.CloseBracket);
            case '"': return new HclToken(HclTokenKind.Text, Quoted());
            case '<': return new HclToken(HclTokenKind.Text, Heredoc());
            case '-' or '.' or (>= '0' and <= '9'): return new HclToken(HclTokenKind.Number, "", Number());
        }
        if (!IsWordStart(first)) throw Fail($"illegal character '{first}'");
        var start = _at;
        while (_at < _text.Length && IsWordPart(_text[_at])) _at++;
        return new HclToken(HclTokenKind.Word, _text[start.._at]);
    }

    private HclToken Sign(HclTokenKind kind)
    {
        _at++;
        return new HclToken(kind);
    }

    private static bool IsWordStart(char character) => char.IsLetter(character) || character == '_';

    private static bool IsWordPart(char character) => char.IsLetterOrDigit(character) || character is '_' or '-' or '.';

    private void SkipSpaceAndComments()
    {
        while (_at < _text.Length)
        {
            if (char.IsWhiteSpace(_text[_at]) || _text[_at] == '\uFEFF') _at++;
            else if (_text[_at] == '#' || Starts("//")) SkipTo("\n");
            else if (Starts("/*")) SkipTo("*/");
            else return;
        }
    }

    private bool Starts(string sign) => string.CompareOrdinal(_text, _at, sign, 0, sign.Length) == 0;

    private void SkipTo(string end)
    {
        var at = _text.IndexOf(end, _at, StringComparison.Ordinal);
        if (at < 0 && end != "\n") throw Fail("comment not terminated");
        _at = at < 0 ? _text.Length : at + end.Length;
    }

    /// <summary>A quoted text. Inside <c>${…}</c> quotes and line ends are ordinary characters, as in the original syntax.</summary>
    private string Quoted()
    {
        var text = new StringBuilder();
        var braces = 0;
        for (_at++; ; _at++)
        {
            if (_at >= _text.Length || (_text[_at] == '\n' && braces == 0)) throw Fail("literal not terminated");
            var character = _text[_at];
            if (character == '"' && braces == 0) break;
            if (braces > 0 ? character == '{' : Starts("${")) braces++;
            if (braces > 0 && character == '}') braces--;
            if (character == '\\' && braces == 0) AppendEscape(text);
            else if (braces == 1 && character == '$' && Starts("${"))
            {
                text.Append("${");
                _at++;
            }
            else text.Append(character);
        }
        _at++;
        return text.ToString();
    }

    private void AppendEscape(StringBuilder text)
    {
        _at++;
        var character = _at < _text.Length ? _text[_at] : '\0';
        switch (character)
        {
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'a': text.Append('\a'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'v': text.Append('\v'); break;
            case '\\' or '"': text.Append(character); break;
            case 'x': text.Append(Code(2)); break;
            case 'u': text.Append(Code(4)); break;
            case 'U': text.Append(Code(8)); break;
            default: throw Fail("illegal char escape");
        }
    }

    private string Code(int digits)
    {
        if (_at + digits >= _text.Length || !int.TryParse(_text.AsSpan(_at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            throw Fail("illegal char escape");
        _at += digits;
        if (digits == 4) return ((char)code).ToString();
        return Rune.IsValid(code) ? new Rune(code).ToString() : throw Fail("illegal char escape");
    }

    /// <summary><c>&lt;&lt;NAME</c> to the line that holds NAME alone; with <c>&lt;&lt;-</c> the indentation of that line is taken from all lines.</summary>
    private string Heredoc()
    {
        var indented = Starts("<<-");
        if (!indented && !Starts("<<")) throw Fail("heredoc expected second '<'");
        var lineEnd = _text.IndexOf('\n', _at);
        if (lineEnd < 0) throw Fail("heredoc not terminated");
        var name = _text[(_at + (indented ? 3 : 2))..lineEnd].Trim();
        if (name.Length == 0) throw Fail("zero-length heredoc anchor");
        var lines = new List<string>();
        for (var at = lineEnd + 1; ;)
        {
            if (at >= _text.Length) throw Fail("heredoc not terminated");
            var end = _text.IndexOf('\n', at);
            var line = end < 0 ? _text[at..] : _text[at..end];
            at = end < 0 ? _text.Length : end + 1;
            if (line.Trim() != name || (!indented && line.TrimEnd() != name))
            {
                lines.Add(line);
                continue;
            }
            _at = at;
            return Unindent(lines, indented ? line[..line.IndexOf(name[0])] : "");
        }
    }

    private static string Unindent(List<string> lines, string indentation)
    {
        var text = new StringBuilder();
        var all = lines.TrueForAll(line => line.StartsWith(indentation, StringComparison.Ordinal));
        foreach (var line in lines) text.Append(all ? line[indentation.Length..] : line).Append('\n');
        return text.ToString();
    }

    private object Number()
    {
        var start = _at;
        if (_text[_at] == '-') _at++;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '.' || (_text[_at] is '+' or '-' && _text[_at - 1] is 'e' or 'E'))) _at++;
        var number = _text.AsSpan(start, _at - start);
        var negative = number is ['-', ..];
        var digits = negative ? number[1..] : number;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && long.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            return negative ? -hex : hex;
        if (digits.Length > 1 && digits[0] == '0' && TryOctal(digits, out var octal)) return negative ? -octal : octal;
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)) return integer;
        if (double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)) return real;
        throw Fail($"illegal number {number}");
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out long value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7' || value > long.MaxValue / 8) return false;
            value = value * 8 + (digit - '0');
        }
        return true;
    }
}
