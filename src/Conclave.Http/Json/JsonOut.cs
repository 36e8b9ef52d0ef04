using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Conclave.Http.Json;

/// <summary>
/// Writes JSON as UTF-8 with the compatible server's escaping (<c>&lt; &gt; &amp;</c>, U+2028/9 and control characters; malformed text becomes U+FFFD) into a rented buffer that grows.
/// Commas, colons and, when asked for, line breaks are its business; the caller names members and values in order. Reusable: <see cref="Reset"/>, write, take the bytes, <see cref="Release"/>.
/// </summary>
public sealed class JsonOut : IBufferWriter<byte>
{
    private const int DepthMax = 63;
    private const int FirstBytes = 1024;
    private const int UsualBytesMax = 1024 * 1024;

    private byte[] _buffer = [];
    private int _usualLength = FirstBytes;   // The last document's length: the next one starts with a buffer of that size instead of growing to it.
    private int _length;
    private int _depth;
    private ulong _hasItems;   // Bit d: the container at depth d has a member already.
    private bool _pretty;
    private bool _afterName;

    /// <summary>The bytes written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>The bytes written so far; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);

    /// <summary>Whether members are put on lines of their own, indented by four spaces.</summary>
    public bool Pretty => _pretty;

    /// <summary>Empties the writer.</summary>
    public void Reset(bool pretty)
    {
        _length = 0;
        _depth = 0;
        _hasItems = 0;
        _pretty = pretty;
        _afterName = false;
    }

    /// <summary>Gives the buffer back; the writer is empty and usable again afterwards.</summary>
    public void Release()
    {
        if (_length > 0) _usualLength = Math.Clamp(_length, FirstBytes, UsualBytesMax);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    /// <summary>Hands the rented buffer to the caller, who returns it to the shared pool.</summary>
    public byte[] Detach(out int length)
    {
        var buffer = _buffer;
        length = _length;
        _buffer = [];
        _length = 0;
        return buffer;
    }

    /// <summary>Ends the document: indented ones end with a line break.</summary>
    public void Finish()
    {
        if (_pretty) Put((byte)'\n');
    }

    /// <summary>Starts an object.</summary>
    public void BeginObject() => Begin((byte)'{');

    /// <summary>Ends an object.</summary>
    public void EndObject() => End((byte)'}');

    /// <summary>Starts an array.</summary>
    public void BeginArray() => Begin((byte)'[');

    /// <summary>Ends an array.</summary>
    public void EndArray() => End((byte)']');

    /// <summary>Names the next value. <paramref name="name"/> is ASCII that needs no escaping.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        Separate();
        var into = Reserve(name.Length + 4);
        into[0] = (byte)'"';
        name.CopyTo(into[1..]);
        into[name.Length + 1] = (byte)'"';
        into[name.Length + 2] = (byte)':';
        _length += name.Length + 3;
        if (_pretty) Put((byte)' ');
        _afterName = true;
    }

    /// <summary>Names the next value with text from outside.</summary>
    public void Name(string name)
    {
        String(name);
        Put((byte)':');
        if (_pretty) Put((byte)' ');
        _afterName = true;
    }

    /// <summary>Writes <c>null</c>.</summary>
    public void Null() => Literal("null"u8);

    /// <summary>Writes <c>true</c> or <c>false</c>.</summary>
    public void Bool(bool value) => Literal(value ? "true"u8 : "false"u8);

    /// <summary>Writes a whole number.</summary>
    public void Number(long value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, Reserve(20), out var written);
        _length += written;
    }

    /// <summary>Writes a whole number.</summary>
    public void Number(ulong value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, Reserve(20), out var written);
        _length += written;
    }

    /// <summary>Writes a number with the shortest digits that read back the same; exponents only below 1e-6 and from 1e21 on.</summary>
    public void Number(double value)
    {
        Separate();
        Span<char> text = stackalloc char[32];
        var length = GoFloat.Format(value, text);
        var into = Reserve(length);
        for (var i = 0; i < length; i++) into[i] = (byte)text[i];
        _length += length;
    }

    /// <summary>Writes a text.</summary>
    public void String(string value)
    {
        Separate();
        // Three bytes per UTF-16 unit hold any escape but \uXXXX, which grows below.
        var scratch = Reserve(value.Length * 3 + 2);
        scratch[0] = (byte)'"';
        var plain = PlainPrefix(value);
        Encoding.ASCII.GetBytes(value.AsSpan(0, plain), scratch[1..]);
        if (plain == value.Length)
        {
            scratch[plain + 1] = (byte)'"';
            _length += plain + 2;
            return;
        }
        _length += plain + 1;
        StringRest(value.AsSpan(plain));
    }

    /// <summary>Writes a text that is UTF-8 already; malformed bytes become U+FFFD.</summary>
    public void String(ReadOnlySpan<byte> utf8)
    {
        Separate();
        Put((byte)'"');
        Escaped(utf8);
        Put((byte)'"');
    }

    /// <summary>Writes bytes as a base64 text, straight into the output.</summary>
    public void Base64(ReadOnlySpan<byte> value)
    {
        Separate();
        var into = Reserve(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(value.Length) + 2);
        into[0] = (byte)'"';
        System.Buffers.Text.Base64.EncodeToUtf8(value, into[1..], out _, out var written);
        into[written + 1] = (byte)'"';
        _length += written + 2;
    }

    /// <summary>Writes ready-made ASCII that needs no escaping as a text.</summary>
    public void PlainString(ReadOnlySpan<byte> ascii)
    {
        Separate();
        var into = Reserve(ascii.Length + 2);
        into[0] = (byte)'"';
        ascii.CopyTo(into[1..]);
        into[ascii.Length + 1] = (byte)'"';
        _length += ascii.Length + 2;
    }

    /// <summary>Writes a ready-made value as it is.</summary>
    public void Raw(ReadOnlySpan<byte> json) => Literal(json);

    /// <inheritdoc/>
    public void Advance(int count) => _length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(_length);
    }

    private void Begin(byte bracket)
    {
        Separate();
        Put(bracket);
        if (++_depth > DepthMax) throw new InvalidOperationException("JSON nested too deeply.");
        _hasItems &= ~(1UL << _depth);
    }

    private void End(byte bracket)
    {
        var any = (_hasItems & 1UL << _depth) != 0;
        _depth--;
        if (any && _pretty) NewLine();
        Put(bracket);
    }

    private void Separate()
    {
        if (_afterName)
        {
            _afterName = false;
            return;
        }
        if (_depth == 0) return;
        var bit = 1UL << _depth;
        if ((_hasItems & bit) != 0) Put((byte)',');
        _hasItems |= bit;
        if (_pretty) NewLine();
    }

    private void NewLine()
    {
        var into = Reserve(1 + _depth * 4);
        into[0] = (byte)'\n';
        into.Slice(1, _depth * 4).Fill((byte)' ');
        _length += 1 + _depth * 4;
    }

    private void Literal(ReadOnlySpan<byte> text)
    {
        Separate();
        text.CopyTo(Reserve(text.Length));
        _length += text.Length;
    }

    private void StringRest(ReadOnlySpan<char> text)
    {
        Span<byte> chunk = stackalloc byte[256];
        while (text.Length > 0)
        {
            // Unpaired surrogates come out as U+FFFD, as malformed text does in the peer.
            Utf8.FromUtf16(text, chunk, out var read, out var written, replaceInvalidSequences: true);
            Escaped(chunk[..written]);
            text = text[read..];
        }
        Put((byte)'"');
    }

    private void Escaped(ReadOnlySpan<byte> utf8)
    {
        while (utf8.Length > 0)
        {
            var plain = utf8.IndexOfAnyExcept(PlainBytes);
            if (plain < 0) plain = utf8.Length;
            utf8[..plain].CopyTo(Reserve(plain));
            _length += plain;
            utf8 = utf8[plain..];
            if (utf8.Length == 0) return;
            utf8 = utf8[Special(utf8)..];
        }
    }

    // Writes the first character of the text, which is not plain ASCII; gives its length in bytes.
    private int Special(ReadOnlySpan<byte> utf8)
    {
        var status = Rune.DecodeFromUtf8(utf8, out var rune, out var consumed);
        if (status != OperationStatus.Done)
        {
            // One replacement for each malformed byte.
            PutText("\\ufffd"u8);
            return 1;
        }
        switch (rune.Value)
        {
            case '"': PutText("\\\""u8); break;
            case '\\': PutText("\\\\"u8); break;
            case '\n': PutText("\\n"u8); break;
            case '\r': PutText("\\r"u8); break;
            case '\t': PutText("\\t"u8); break;
            case '<' or '>' or '&' or < 0x20 or 0x2028 or 0x2029: PutUnicodeEscape(rune.Value); break;
            default: PutText(utf8[..consumed]); break;
        }
        return consumed;
    }

    private void PutUnicodeEscape(int value)
    {
        var into = Reserve(6);
        "\\u"u8.CopyTo(into);
        for (var i = 0; i < 4; i++) into[2 + i] = "0123456789abcdef"u8[value >> (12 - 4 * i) & 15];
        _length += 6;
    }

    private void PutText(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
    }

    private void Put(byte value)
    {
        Reserve(1)[0] = value;
        _length++;
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count) Grow(count);
        return _buffer.AsSpan(_length);
    }

    private void Grow(int count)
    {
        var wanted = Math.Max(Math.Max(_usualLength, _length + count), _buffer.Length <= int.MaxValue / 4 ? _buffer.Length * 2 : 0);
        var larger = ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private static int PlainPrefix(string value)
    {
        var at = value.AsSpan().IndexOfAnyExcept(PlainChars);
        return at < 0 ? value.Length : at;
    }

    private const string Plain = " !#$%'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f";
    private static readonly SearchValues<char> PlainChars = SearchValues.Create(Plain);
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(Encoding.ASCII.GetBytes(Plain));
}
