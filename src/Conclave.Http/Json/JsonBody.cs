using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Http.Requests;

namespace Conclave.Http.Json;

/// <summary>
/// Reads a JSON body member by member with the compatible server's manners: names without regard to case, <c>null</c> counts as absent, what follows the first value is ignored,
/// durations are texts or nanoseconds, malformed text becomes U+FFFD. Throws <see cref="RequestDecodeException"/> with the text for a 400 answer.
/// </summary>
/// <remarks>
/// The pattern: <c>if (json.EnterObject()) while (json.NextMember()) { if (json.Is("Node"u8)) node = json.Text(); else json.RefuseUnknown(); }</c>.
/// Each branch consumes exactly the member's value.
/// </remarks>
public ref struct JsonBody
{
    /// <summary>Deepest nesting that is read.</summary>
    public const int DepthMax = 64;

    private const int NameBytesMax = 128;

    private readonly string _prefix;
    private Utf8JsonReader _reader;
    private bool _atValue;

    /// <summary>Starts reading.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="errorPrefix">Put before every error text, for example <c>Request decode failed: </c>.</param>
    public JsonBody(ReadOnlySequence<byte> body, string errorPrefix = "Request decode failed: ")
    {
        _prefix = errorPrefix;
        _reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = DepthMax, CommentHandling = JsonCommentHandling.Disallow });
        if (IsBlank(body)) Refuse("EOF");
    }

    /// <summary>Name of the current member, for messages.</summary>
    public readonly string MemberName => GoText.Unescape(_reader.HasValueSequence ? _reader.ValueSequence.ToArray() : _reader.ValueSpan);

    /// <summary>Reads an opening brace. False for <c>null</c>: there is nothing to read then.</summary>
    public bool EnterObject(string what = "object")
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return false;
        if (_reader.TokenType != JsonTokenType.StartObject) RefuseType(what);
        return true;
    }

    /// <summary>Reads an opening bracket. False for <c>null</c>.</summary>
    public bool EnterArray(string what = "array")
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return false;
        if (_reader.TokenType != JsonTokenType.StartArray) RefuseType(what);
        return true;
    }

    /// <summary>Moves to the next member of the object; false behind the last one.</summary>
    public bool NextMember()
    {
        Read();
        return _reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Moves to the next element of the array; false behind the last one. The element is then read by one of the value methods.</summary>
    public bool NextElement()
    {
        Read();
        _atValue = _reader.TokenType != JsonTokenType.EndArray;
        return _atValue;
    }

    /// <summary>True when the current member has this name (ASCII, without regard to case).</summary>
    public readonly bool Is(ReadOnlySpan<byte> name)
    {
        if (!_reader.HasValueSequence && !_reader.ValueIsEscaped) return Ascii.EqualsIgnoreCase(_reader.ValueSpan, name);
        var length = _reader.HasValueSequence ? _reader.ValueSequence.Length : _reader.ValueSpan.Length;
        if (length > NameBytesMax) return false;
        return string.Equals(MemberName, Encoding.UTF8.GetString(name), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Refuses a member that the endpoint does not know.</summary>
    public readonly void RefuseUnknown() => Refuse($"json: unknown field \"{MemberName}\"");

    /// <summary>Passes over the value.</summary>
    public void Skip()
    {
        Advance();
        try
        {
            if (!_reader.TrySkip()) Refuse("unexpected EOF");
        }
        catch (JsonException broken)
        {
            RefuseSyntax(broken);
        }
    }

    /// <summary>Reads a text; empty for <c>null</c>.</summary>
    public string Text() => TextOrNull() ?? "";

    /// <summary>Reads a text; null for <c>null</c>.</summary>
    public string? TextOrNull()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return null;
        if (_reader.TokenType != JsonTokenType.String) RefuseType("string");
        return CurrentText();
    }

    /// <summary>Reads a truth value; false for <c>null</c>.</summary>
    public bool Bool()
    {
        Advance();
        if (_reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)) RefuseType("bool");
        return _reader.TokenType == JsonTokenType.True;
    }

    /// <summary>Reads a whole number; 0 for <c>null</c>.</summary>
    public long Int64()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return 0;
        if (_reader.TokenType != JsonTokenType.Number) RefuseType("int");
        if (!_reader.TryGetInt64(out var value)) RefuseNumber("int");
        return value;
    }

    /// <summary>Reads a whole number; 0 for <c>null</c>.</summary>
    public int Int32()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return 0;
        if (_reader.TokenType != JsonTokenType.Number) RefuseType("int");
        if (!_reader.TryGetInt32(out var value)) RefuseNumber("int");
        return value;
    }

    /// <summary>Reads an unsigned whole number (all 64 bits); 0 for <c>null</c>.</summary>
    public ulong UInt64()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return 0;
        if (_reader.TokenType != JsonTokenType.Number) RefuseType("uint64");
        if (!_reader.TryGetUInt64(out var value)) RefuseNumber("uint64");
        return value;
    }

    /// <summary>Reads a number; 0 for <c>null</c>.</summary>
    public double Double()
    {
        Advance();
        if (_reader.TokenType == JsonTokenType.Null) return 0;
        if (_reader.TokenType != JsonTokenType.Number) RefuseType("float64");
        if (!_reader.TryGetDouble(out var value) || !double.IsFinite(value)) RefuseNumber("float64");
        return value;
    }

    /// <summary>Reads a duration in nanoseconds: Go's text form or a number; 0 for <c>null</c> and the empty text.</summary>
    public long Duration()
    {
        Advance();
        switch (_reader.TokenType)
        {
            case JsonTokenType.Null:
                return 0;
            case JsonTokenType.Number:
                if (_reader.TryGetInt64(out var nanoseconds)) return nanoseconds;
                if (_reader.TryGetDouble(out var number) && Math.Abs(number) < 9.2e18) return (long)number;
                RefuseNumber("time.Duration");
                return 0;
            case JsonTokenType.String:
                var text = CurrentText();
                if (text.Length == 0) return 0;
                if (!GoDuration.TryParse(text, out var parsed, out var error)) Refuse(error);
                return parsed.Nanoseconds;
            default:
                RefuseType("time.Duration");
                return 0;
        }
    }

    /// <summary>Reads bytes in base64; null for <c>null</c>.</summary>
    public byte[]? Base64()
    {
        if (TextOrNull() is not { } text) return null;
        var bytes = new byte[(text.Length / 4 + 1) * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var length) || text.AsSpan().IndexOfAny(' ', '\t') >= 0) Refuse("illegal base64 data at input byte 0");
        return bytes.AsSpan(0, length).ToArray();
    }

    /// <summary>Reads a list of texts; null for <c>null</c>.</summary>
    public List<string>? TextList()
    {
        if (!EnterArray("[]string")) return null;
        var list = new List<string>();
        while (NextElement()) list.Add(Text());
        return list;
    }

    /// <summary>Reads an object of texts; null for <c>null</c>.</summary>
    public TextMap<string>? TextMap()
    {
        if (!EnterObject("map[string]string")) return null;
        var pairs = new List<KeyValuePair<string, string>>();
        while (NextMember())
        {
            var name = MemberName;
            pairs.Add(new(name, Text()));
        }
        return Core.Model.TextMap<string>.From(pairs);
    }

    /// <summary>Reads the token of the coming value without consuming it: for members that take several forms.</summary>
    public JsonTokenType Peek()
    {
        if (!_atValue)
        {
            Read();
            _atValue = true;
        }
        return _reader.TokenType;
    }

    /// <summary>Gives up with a text.</summary>
    [DoesNotReturn]
    public readonly void Refuse(string reason) => throw new RequestDecodeException(_prefix + reason);

    // Moves onto the value, unless NextElement or Peek stands on it already.
    private void Advance()
    {
        if (_atValue) _atValue = false;
        else Read();
    }

    private void Read()
    {
        try
        {
            if (!_reader.Read()) Refuse("unexpected EOF");
        }
        catch (JsonException broken)
        {
            RefuseSyntax(broken);
        }
    }

    private readonly string CurrentText()
    {
        if (_reader.HasValueSequence) return GoText.Unescape(_reader.ValueSequence.ToArray());
        return _reader.ValueIsEscaped ? GoText.Unescape(_reader.ValueSpan) : Encoding.UTF8.GetString(_reader.ValueSpan);
    }

    [DoesNotReturn]
    private readonly void RefuseType(string wanted)
    {
        var found = _reader.TokenType switch
        {
            JsonTokenType.String => "string",
            JsonTokenType.Number => "number",
            JsonTokenType.True or JsonTokenType.False => "bool",
            JsonTokenType.StartArray => "array",
            _ => "object",
        };
        Refuse($"json: cannot unmarshal {found} into Go value of type {wanted}");
    }

    [DoesNotReturn]
    private readonly void RefuseNumber(string wanted)
    {
        var digits = Encoding.UTF8.GetString(_reader.HasValueSequence ? _reader.ValueSequence.ToArray() : _reader.ValueSpan);
        Refuse(string.Create(CultureInfo.InvariantCulture, $"json: cannot unmarshal number {(digits.Length > 40 ? digits[..40] : digits)} into Go value of type {wanted}"));
    }

    [DoesNotReturn]
    private readonly void RefuseSyntax(JsonException broken)
    {
        if (_reader.CurrentDepth >= DepthMax) Refuse("exceeded max depth");
        if (broken.Message.Contains("end of the data", StringComparison.Ordinal) || broken.Message.Contains("no closing", StringComparison.OrdinalIgnoreCase)
            || broken.Message.Contains("Expected depth to be zero", StringComparison.Ordinal)) Refuse("unexpected EOF");
        Refuse(string.Create(CultureInfo.InvariantCulture, $"invalid character in JSON at byte {_reader.BytesConsumed}"));
    }

    private static bool IsBlank(ReadOnlySequence<byte> body)
    {
        foreach (var segment in body)
            if (segment.Span.IndexOfAnyExcept(" \t\r\n"u8) >= 0) return false;
        return true;
    }
}
