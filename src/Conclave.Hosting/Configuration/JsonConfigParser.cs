using System.Globalization;
using System.Text;

namespace Conclave.Hosting.Configuration;

/// <summary>
/// Reads JSON into a tree with the error texts of the compatible engine, which operators and scripts compare
/// (<c>unexpected end of JSON input</c>, <c>invalid character 'x' looking for beginning of value</c>).
/// </summary>
internal sealed class JsonConfigParser
{
    /// <summary>Deepest nesting; configuration has about six levels.</summary>
    private const int DepthMax = 200;

    private readonly string _text;
    private int _at;
    private int _depth;

    private JsonConfigParser(string text) => _text = text;

    /// <summary>Reads a whole text; null, an empty object and an empty text are the empty object.</summary>
    /// <exception cref="ConfigSyntaxException">Malformed, or not an object.</exception>
    public static ConfigObject ParseObject(string text) =>
        ParseValue(text) switch
        {
            ConfigObject value => value,
            null => new ConfigObject(),
            var other => throw new ConfigSyntaxException($"json: cannot unmarshal {TypeName(other)} into Go value of type map[string]interface {{}}"),
        };

    /// <summary>Reads a whole text of any type.</summary>
    /// <exception cref="ConfigSyntaxException">Malformed.</exception>
    public static object? ParseValue(string text)
    {
        var parser = new JsonConfigParser(text);
        var value = parser.Value();
        parser.SkipSpace();
        if (parser._at < text.Length) throw parser.Unexpected("after top-level value");
        return value;
    }

    /// <summary>JSON's name for the type of a value of the tree.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "null",
        bool => "bool",
        long or double => "number",
        string => "string",
        ConfigObject => "object",
        _ => "array",
    };

    private object? Value()
    {
        SkipSpace();
        switch (Peek())
        {
            case '{': return Nested(Object);
            case '[': return Nested(Array);
            case '"': return Text();
            case 't': return Literal("true", true);
            case 'f': return Literal("false", false);
            case 'n': return Literal("null", null);
            case '-' or (>= '0' and <= '9'): return Number();
            default: throw Unexpected("looking for beginning of value");
        }
    }

    private object? Nested(Func<object?> read)
    {
        if (++_depth > DepthMax) throw new ConfigSyntaxException("exceeded max depth");
        _at++;
        SkipSpace();
        var value = read();
        _at++;
        _depth--;
        return value;
    }

    private ConfigObject Object()
    {
        var value = new ConfigObject();
        if (Peek() == '}') return value;
        while (true)
        {
            SkipSpace();
            if (Peek() != '"') throw Unexpected("looking for beginning of object key string");
            var key = Text();
            SkipSpace();
            if (Peek() != ':') throw Unexpected("after object key");
            _at++;
            value.Set(key, Value());
            SkipSpace();
            if (Peek() == '}') return value;
            if (_text[_at] != ',') throw Unexpected("after object key:value pair");
            _at++;
        }
    }

    private List<object?> Array()
    {
        var values = new List<object?>();
        if (Peek() == ']') return values;
        while (true)
        {
            values.Add(Value());
            SkipSpace();
            if (Peek() == ']') return values;
            if (_text[_at] != ',') throw Unexpected("after array element");
            _at++;
        }
    }

    private object? Literal(string word, object? value)
    {
        for (var i = 1; i < word.Length; i++)
        {
            _at++;
            if (Peek() != word[i]) throw Unexpected($"in literal {word} (expecting '{word[i]}')");
        }
        _at++;
        return value;
    }

    private string Text()
    {
        var text = new StringBuilder();
        for (_at++; Peek() != '"'; _at++)
        {
            if (_text[_at] < ' ') throw Unexpected("in string literal");
            text.Append(_text[_at] == '\\' ? Escape() : _text[_at]);
        }
        _at++;
        return text.ToString();
    }

    private char Escape()
    {
        _at++;
        switch (Peek())
        {
            case '"' or '\\' or '/': return _text[_at];
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u': return Hexadecimal();
            default: throw Unexpected("in string escape code");
        }
    }

    private char Hexadecimal()
    {
        var code = 0;
        for (var i = 0; i < 4; i++)
        {
            _at++;
            if (!char.IsAsciiHexDigit(Peek())) throw Unexpected("in \\u hexadecimal character escape");
            code = code * 16 + Convert.ToInt32(_text[_at].ToString(), 16);
        }
        return (char)code;
    }

    private object Number()
    {
        var start = _at;
        if (_text[_at] == '-') _at++;
        if (!char.IsAsciiDigit(Peek())) throw Unexpected("in numeric literal");
        if (_text[_at] == '0') _at++;
        else Digits();
        var whole = true;
        if (_at < _text.Length && _text[_at] == '.')
        {
            (_at, whole) = (_at + 1, false);
            if (!char.IsAsciiDigit(Peek())) throw Unexpected("after decimal point in numeric literal");
            Digits();
        }
        if (_at < _text.Length && _text[_at] is 'e' or 'E')
        {
            (_at, whole) = (_at + 1, false);
            if (Peek() is '+' or '-') _at++;
            if (!char.IsAsciiDigit(Peek())) throw Unexpected("in exponent of numeric literal");
            Digits();
        }
        var number = _text.AsSpan(start, _at - start);
        if (whole && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)) return integer;
        return double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private void Digits()
    {
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at])) _at++;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n') _at++;
    }

    private char Peek() => _at < _text.Length ? _text[_at] : throw new ConfigSyntaxException("unexpected end of JSON input");

    private ConfigSyntaxException Unexpected(string context)
    {
        var quoted = Peek() switch
        {
            '\'' => "'\\''",
            '"' => "'\"'",
            '\n' => "'\\n'",
            '\r' => "'\\r'",
            '\t' => "'\\t'",
            '\\' => "'\\\\'",
            < ' ' => $"'\\x{(int)_text[_at]:x2}'",
            var other => $"'{other}'",
        };
        return new ConfigSyntaxException($"invalid character {quoted} {context}");
    }
}
