using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Conclave.Core.Codec;

/// <summary>
/// Writes MessagePack in the old dialect that all peers read: text and bytes as fixstr, str16 or str32 (never str8 or bin), whole numbers in their
/// shortest form, unsigned when not negative, floats as 64 bits. Call <see cref="Flush"/> when done: until then the last bytes may not have reached the output.
/// </summary>
public ref partial struct MsgPackWriter
{
    private const int SegmentBytesMin = 256;

    private readonly IBufferWriter<byte>? _output;
    private Span<byte> _buffer;
    private int _at;
    private long _flushed;

    /// <summary>Writes to <paramref name="output"/>, which must not be used by others until <see cref="Flush"/>.</summary>
    public MsgPackWriter(IBufferWriter<byte> output) => _output = output;

    /// <summary>Writes to <paramref name="buffer"/>, whose size the caller has computed; writing past its end is a bug and throws.</summary>
    public MsgPackWriter(Span<byte> buffer) => _buffer = buffer;

    /// <summary>Bytes written so far, flushed or not.</summary>
    public readonly long BytesWritten => _flushed + _at;

    /// <summary>Hands everything written to the output. The writer can go on afterwards.</summary>
    public void Flush()
    {
        if (_output is null || _at == 0) return;
        _output.Advance(_at);
        _flushed += _at;
        _buffer = default;
        _at = 0;
    }

    /// <summary>Nothing.</summary>
    public void WriteNil() => WriteByte(MsgPackCode.Nil);

    /// <summary>True or false.</summary>
    public void Write(bool value) => WriteByte(value ? MsgPackCode.True : MsgPackCode.False);

    /// <summary>A whole number, in its shortest unsigned form.</summary>
    public void Write(ulong value)
    {
        switch (value)
        {
            case <= MsgPackCode.PositiveFixIntMax: WriteByte((byte)value); break;
            case <= byte.MaxValue: Put(MsgPackCode.UInt8, 1)[0] = (byte)value; break;
            case <= ushort.MaxValue: BinaryPrimitives.WriteUInt16BigEndian(Put(MsgPackCode.UInt16, 2), (ushort)value); break;
            case <= uint.MaxValue: BinaryPrimitives.WriteUInt32BigEndian(Put(MsgPackCode.UInt32, 4), (uint)value); break;
            default: BinaryPrimitives.WriteUInt64BigEndian(Put(MsgPackCode.UInt64, 8), value); break;
        }
    }

    /// <summary>A whole number: shortest unsigned form from zero on, shortest signed form below.</summary>
    public void Write(long value)
    {
        switch (value)
        {
            case >= 0: Write((ulong)value); break;
            case >= -32: WriteByte((byte)value); break;
            case >= sbyte.MinValue: Put(MsgPackCode.Int8, 1)[0] = (byte)value; break;
            case >= short.MinValue: BinaryPrimitives.WriteInt16BigEndian(Put(MsgPackCode.Int16, 2), (short)value); break;
            case >= int.MinValue: BinaryPrimitives.WriteInt32BigEndian(Put(MsgPackCode.Int32, 4), (int)value); break;
            default: BinaryPrimitives.WriteInt64BigEndian(Put(MsgPackCode.Int64, 8), value); break;
        }
    }

    /// <summary>A 64-bit float, whatever its value.</summary>
    public void Write(double value) => BinaryPrimitives.WriteDoubleBigEndian(Put(MsgPackCode.Float64, 8), value);

    /// <summary>Text; null is written as the empty text, for which peers have no null.</summary>
    public void Write(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            WriteByte(MsgPackCode.FixText);
            return;
        }
        int bytes = Encoding.UTF8.GetByteCount(text);
        WriteTextHeader(bytes);
        Reserve(bytes);
        _at += Encoding.UTF8.GetBytes(text, _buffer[_at..]);
    }

    /// <summary>Text that is UTF-8 already, or bytes: the wire knows no difference.</summary>
    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        WriteTextHeader(bytes.Length);
        WriteRaw(bytes);
    }

    /// <summary>Bytes that lie in pieces.</summary>
    public void Write(in ReadOnlySequence<byte> bytes)
    {
        WriteTextHeader(checked((int)bytes.Length));
        foreach (var piece in bytes) WriteRaw(piece.Span);
    }

    /// <summary>Name of a field. Same as text; a name of its own shows at the call what is key and what is value.</summary>
    public void WriteKey(scoped ReadOnlySpan<byte> name)
    {
        Invariant.Require(name.Length <= MsgPackCode.FixTextMax, "field names are short");
        Reserve(name.Length + 1);
        _buffer[_at] = (byte)(MsgPackCode.FixText | name.Length);
        name.CopyTo(_buffer[(_at + 1)..]);
        _at += name.Length + 1;
    }

    /// <summary>A time as peers have it: 15 bytes in a text value.</summary>
    public void Write(in MsgPackTime time)
    {
        WriteTextHeader(MsgPackTime.Size);
        Reserve(MsgPackTime.Size);
        time.CopyTo(_buffer[_at..]);
        _at += MsgPackTime.Size;
    }

    /// <summary>Starts a map; <paramref name="count"/> pairs of key and value must follow.</summary>
    public void WriteMapHeader(int count) => WriteCount(count, MsgPackCode.FixMap, MsgPackCode.Map16, MsgPackCode.Map32);

    /// <summary>Starts an array; <paramref name="count"/> values must follow.</summary>
    public void WriteArrayHeader(int count) => WriteCount(count, MsgPackCode.FixArray, MsgPackCode.Array16, MsgPackCode.Array32);

    /// <summary>Starts text or bytes of this length, which must follow through <see cref="WriteRaw"/>.</summary>
    public void WriteTextHeader(int bytes)
    {
        switch (bytes)
        {
            case <= MsgPackCode.FixTextMax: WriteByte((byte)(MsgPackCode.FixText | bytes)); break;
            case <= ushort.MaxValue: BinaryPrimitives.WriteUInt16BigEndian(Put(MsgPackCode.Text16, 2), (ushort)bytes); break;
            default: BinaryPrimitives.WriteInt32BigEndian(Put(MsgPackCode.Text32, 4), bytes); break;
        }
    }

    /// <summary>Bytes as they are: values that are encoded already, or the content after <see cref="WriteTextHeader"/>.</summary>
    public void WriteRaw(scoped ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            int fits = Math.Min(bytes.Length, _buffer.Length - _at);
            bytes[..fits].CopyTo(_buffer[_at..]);
            _at += fits;
            bytes = bytes[fits..];
            if (bytes.IsEmpty) return;
            NextSegment(SegmentBytesMin);
        }
    }

    /// <summary>A byte that is no MessagePack value, such as the type byte of a command or a snapshot record.</summary>
    public void WriteRawByte(byte value) => WriteByte(value);

    /// <summary>Size in bytes of text or bytes of this length, header included.</summary>
    public static int SizeOfText(int bytes) => bytes + bytes switch
    {
        <= MsgPackCode.FixTextMax => 1,
        <= ushort.MaxValue => 3,
        _ => 5,
    };

    /// <summary>Size in bytes of a whole number.</summary>
    public static int SizeOf(ulong value) => value switch
    {
        <= MsgPackCode.PositiveFixIntMax => 1,
        <= byte.MaxValue => 2,
        <= ushort.MaxValue => 3,
        <= uint.MaxValue => 5,
        _ => 9,
    };

    private void WriteByte(byte value)
    {
        Reserve(1);
        _buffer[_at++] = value;
    }

    private void WriteCount(int count, byte fix, byte wide16, byte wide32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        switch (count)
        {
            case <= MsgPackCode.FixCountMax: WriteByte((byte)(fix | count)); break;
            case <= ushort.MaxValue: BinaryPrimitives.WriteUInt16BigEndian(Put(wide16, 2), (ushort)count); break;
            default: BinaryPrimitives.WriteInt32BigEndian(Put(wide32, 4), count); break;
        }
    }

    private Span<byte> Put(byte code, int payloadBytes)
    {
        Reserve(payloadBytes + 1);
        _buffer[_at] = code;
        var payload = _buffer.Slice(_at + 1, payloadBytes);
        _at += payloadBytes + 1;
        return payload;
    }

    private void Reserve(int bytes)
    {
        if (bytes > _buffer.Length - _at) NextSegment(bytes);
    }

    private void NextSegment(int bytes)
    {
        if (_output is null) ThrowFixedBufferFull();
        Flush();
        _buffer = _output.GetSpan(Math.Max(bytes, SegmentBytesMin));
    }

    [DoesNotReturn]
    private static void ThrowFixedBufferFull() => throw new InvariantBrokenException("the computed size of a MessagePack value was too small");
}
