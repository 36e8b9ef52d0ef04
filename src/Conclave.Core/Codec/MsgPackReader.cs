using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Conclave.Core.Codec;

/// <summary>
/// Reads MessagePack of the old and the newer dialect, one value at a time. The input is complete and borrowed: whoever reads from a stream finds the
/// value's end with <see cref="MsgPackScanner"/> first. Each length is compared with the bytes that are there before anything is allocated.
/// Nil stands for the zero value of every type, as it does for the peers.
/// </summary>
/// <remarks>Every method throws <see cref="MsgPackException"/> when the input ends early or holds another kind of value; the reader is of no use afterwards.</remarks>
public ref struct MsgPackReader
{
    private readonly ReadOnlySequence<byte> _sequence;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly long _length;

    // The piece being read, the position in it, and how many bytes lie in the pieces before it.
    private ReadOnlySpan<byte> _span;
    private int _at;
    private long _before;
    private SequencePosition _next;

    /// <summary>Reads contiguous bytes.</summary>
    public MsgPackReader(ReadOnlySpan<byte> input)
    {
        _span = input;
        _length = input.Length;
    }

    /// <summary>Reads contiguous bytes; <see cref="TryReadMemory"/> gives slices of them.</summary>
    public MsgPackReader(ReadOnlyMemory<byte> input) : this(input.Span) => _memory = input;

    /// <summary>Reads bytes that may lie in pieces.</summary>
    public MsgPackReader(in ReadOnlySequence<byte> input)
    {
        _length = input.Length;
        if (input.IsSingleSegment)
        {
            _span = input.FirstSpan;
            return;
        }
        _sequence = input;
        _next = input.Start;
        if (_sequence.TryGet(ref _next, out var first)) _span = first.Span;
    }

    /// <summary>Bytes read so far.</summary>
    public readonly long Offset => _before + _at;

    /// <summary>Bytes not read yet.</summary>
    public readonly long Remaining => _length - Offset;

    /// <summary>True when everything has been read.</summary>
    public readonly bool IsAtEnd => Remaining == 0;

    /// <summary>Kind of the next value, which stays unread.</summary>
    public MsgPackKind NextKind => MsgPackCode.KindOf(PeekByte());

    /// <summary>True when a whole number in a signed form comes next.</summary>
    internal bool IsNextSigned => PeekByte() is >= MsgPackCode.NegativeFixInt or (>= MsgPackCode.Int8 and <= MsgPackCode.Int64);

    /// <summary>Reads nil if it comes next.</summary>
    public bool TryReadNil()
    {
        if (PeekByte() != MsgPackCode.Nil) return false;
        _at++;
        return true;
    }

    /// <summary>True or false.</summary>
    public bool ReadBool()
    {
        byte code = ReadByte();
        return code switch
        {
            MsgPackCode.True => true,
            MsgPackCode.False or MsgPackCode.Nil => false,
            _ => throw Unexpected(code, "a truth value"),
        };
    }

    /// <summary>A whole number that is not negative, in any form.</summary>
    public ulong ReadUInt64()
    {
        byte code = ReadByte();
        if (code <= MsgPackCode.PositiveFixIntMax) return code;
        long signed;
        switch (code)
        {
            case MsgPackCode.UInt8: return ReadByte();
            case MsgPackCode.UInt16: return BinaryPrimitives.ReadUInt16BigEndian(Take(2));
            case MsgPackCode.UInt32: return BinaryPrimitives.ReadUInt32BigEndian(Take(4));
            case MsgPackCode.UInt64: return BinaryPrimitives.ReadUInt64BigEndian(Take(8));
            case MsgPackCode.Nil: return 0;
            case MsgPackCode.Int8: signed = (sbyte)ReadByte(); break;
            case MsgPackCode.Int16: signed = BinaryPrimitives.ReadInt16BigEndian(Take(2)); break;
            case MsgPackCode.Int32: signed = BinaryPrimitives.ReadInt32BigEndian(Take(4)); break;
            case MsgPackCode.Int64: signed = BinaryPrimitives.ReadInt64BigEndian(Take(8)); break;
            case >= MsgPackCode.NegativeFixInt: signed = (sbyte)code; break;
            default: throw Unexpected(code, "a whole number");
        }
        if (signed < 0) MsgPackException.Throw($"{signed} where a number from 0 on is due", Offset);
        return (ulong)signed;
    }

    /// <summary>A whole number, in any form.</summary>
    public long ReadInt64()
    {
        byte code = PeekByte();
        switch (code)
        {
            case >= MsgPackCode.NegativeFixInt: _at++; return (sbyte)code;
            case MsgPackCode.Int8: _at++; return (sbyte)ReadByte();
            case MsgPackCode.Int16: _at++; return BinaryPrimitives.ReadInt16BigEndian(Take(2));
            case MsgPackCode.Int32: _at++; return BinaryPrimitives.ReadInt32BigEndian(Take(4));
            case MsgPackCode.Int64: _at++; return BinaryPrimitives.ReadInt64BigEndian(Take(8));
        }
        ulong value = ReadUInt64();
        if (value > long.MaxValue) MsgPackException.Throw($"{value} does not fit 63 bits", Offset);
        return (long)value;
    }

    /// <summary>A whole number of 32 bits, in any form.</summary>
    public int ReadInt32()
    {
        long value = ReadInt64();
        if (value != (int)value) MsgPackException.Throw($"{value} does not fit 32 bits", Offset);
        return (int)value;
    }

    /// <summary>A whole number of 32 bits from 0 on, in any form.</summary>
    public uint ReadUInt32()
    {
        ulong value = ReadUInt64();
        if (value > uint.MaxValue) MsgPackException.Throw($"{value} does not fit 32 bits", Offset);
        return (uint)value;
    }

    /// <summary>A floating point number; whole numbers count too.</summary>
    public double ReadDouble()
    {
        byte code = PeekByte();
        if (code is not (MsgPackCode.Float32 or MsgPackCode.Float64)) return ReadInt64();
        _at++;
        return code == MsgPackCode.Float64 ? BinaryPrimitives.ReadDoubleBigEndian(Take(8)) : BinaryPrimitives.ReadSingleBigEndian(Take(4));
    }

    /// <summary>Text. Bytes that are not UTF-8 become U+FFFD. The bin family is refused, as the peers refuse it.</summary>
    public string ReadText()
    {
        var utf8 = ReadTextSpan();
        return utf8.IsEmpty ? "" : Encoding.UTF8.GetString(utf8);
    }

    /// <summary>UTF-8 of a text, lent from the input where it is contiguous; valid until the input is released.</summary>
    public ReadOnlySpan<byte> ReadTextSpan()
    {
        byte code = ReadByte();
        return code == MsgPackCode.Nil ? default : Take(ReadTextLength(code, acceptBinary: false));
    }

    /// <summary>Name of the next field of a map. Same as <see cref="ReadTextSpan"/>; nil is refused.</summary>
    public ReadOnlySpan<byte> ReadKey() => Take(ReadTextLength(ReadByte(), acceptBinary: false));

    /// <summary>Bytes of the text or the bin family, lent from the input where they are contiguous; empty for nil.</summary>
    public ReadOnlySpan<byte> ReadBytesSpan()
    {
        byte code = ReadByte();
        return code == MsgPackCode.Nil ? default : Take(ReadTextLength(code, acceptBinary: true));
    }

    /// <summary>Bytes in an array of their own, or null for nil.</summary>
    public byte[]? ReadBytes() => TryReadNil() ? null : ReadBytesSpan().ToArray();

    /// <summary>Bytes as a slice of the input when the reader was made over memory, else a copy. False for nil, which differs from no bytes.</summary>
    public bool TryReadMemory(out ReadOnlyMemory<byte> bytes)
    {
        if (TryReadNil())
        {
            bytes = default;
            return false;
        }
        var span = ReadBytesSpan();
        bytes = _memory.IsEmpty ? span.ToArray() : _memory.Slice(_at - span.Length, span.Length);
        return true;
    }

    /// <summary>A time; nil is the zero time.</summary>
    public MsgPackTime ReadTime()
    {
        if (TryReadNil()) return MsgPackTime.Zero;
        var bytes = ReadBytesSpan();
        if (!MsgPackTime.TryParse(bytes, out var time)) MsgPackException.Throw("no time", Offset - bytes.Length);
        return time;
    }

    /// <summary>Number of pairs of the map that starts here, at most what the rest of the input can hold; 0 for nil.</summary>
    public int ReadMapHeader()
    {
        byte code = ReadByte();
        uint count = code switch
        {
            >= MsgPackCode.FixMap and < MsgPackCode.FixArray => (uint)(code & 0x0f),
            MsgPackCode.Map16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MsgPackCode.Map32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            MsgPackCode.Nil => 0,
            _ => throw Unexpected(code, "a map"),
        };
        return CheckCount(count, bytesEach: 2);
    }

    /// <summary>Number of values of the array that starts here, at most what the rest of the input can hold; 0 for nil.</summary>
    public int ReadArrayHeader()
    {
        byte code = ReadByte();
        uint count = code switch
        {
            >= MsgPackCode.FixArray and < MsgPackCode.FixText => (uint)(code & 0x0f),
            MsgPackCode.Array16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MsgPackCode.Array32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            MsgPackCode.Nil => 0,
            _ => throw Unexpected(code, "an array"),
        };
        return CheckCount(count, bytesEach: 1);
    }

    /// <summary>A byte that is no MessagePack value, such as the type byte of a snapshot record.</summary>
    public byte ReadRawByte() => ReadByte();

    /// <summary>What was read since <see cref="Offset"/> was <paramref name="offset"/>, lent from the input, which must be contiguous.</summary>
    internal readonly ReadOnlySpan<byte> ReadSince(long offset)
    {
        Invariant.Require(_before == 0, "the input is contiguous");
        return _span[(int)offset.._at];
    }

    /// <summary>Passes over <paramref name="expected"/> if exactly these bytes come next in one piece; a shortcut for common values.</summary>
    internal bool TryReadRaw(ReadOnlySpan<byte> expected)
    {
        if (!_span[_at..].StartsWith(expected)) return false;
        _at += expected.Length;
        return true;
    }

    /// <summary>Passes over one value of any kind and any depth, without recursion.</summary>
    /// <param name="acceptExtensions">Whether extension values may be part of it; they are malformed otherwise.</param>
    public void Skip(bool acceptExtensions = false)
    {
        var scanner = new MsgPackScanner(Remaining, origin: Offset, acceptExtensions);
        while (true)
        {
            long before = scanner.BytesScanned;
            bool complete = scanner.Scan(_span[_at..]);
            _at += (int)(scanner.BytesScanned - before);
            if (complete) return;
            if (!MoveToNextPiece()) ThrowEnd();
        }
    }

    private int ReadTextLength(byte code, bool acceptBinary)
    {
        if (code is >= MsgPackCode.FixText and < MsgPackCode.Nil) return CheckCount((uint)(code & 0x1f), bytesEach: 1);
        uint length = code switch
        {
            MsgPackCode.Text8 => ReadByte(),
            MsgPackCode.Text16 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MsgPackCode.Text32 => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            MsgPackCode.Bin8 when acceptBinary => ReadByte(),
            MsgPackCode.Bin16 when acceptBinary => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            MsgPackCode.Bin32 when acceptBinary => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            _ => throw Unexpected(code, acceptBinary ? "bytes" : "text"),
        };
        return CheckCount(length, bytesEach: 1);
    }

    // A count is believed only as far as the input could hold that many parts.
    private readonly int CheckCount(uint count, int bytesEach)
    {
        if (count > Math.Min(Remaining / bytesEach, int.MaxValue)) ThrowEnd();
        return (int)count;
    }

    private byte PeekByte()
    {
        while (_at == _span.Length)
            if (!MoveToNextPiece()) ThrowEnd();
        return _span[_at];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte ReadByte()
    {
        byte value = PeekByte();
        _at++;
        return value;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count <= _span.Length - _at)
        {
            var taken = _span.Slice(_at, count);
            _at += count;
            return taken;
        }
        return TakeFromPieces(count);
    }

    private ReadOnlySpan<byte> TakeFromPieces(int count)
    {
        if (count > Remaining) ThrowEnd();
        var gathered = new byte[count];
        int filled = 0;
        while (true)
        {
            int fits = Math.Min(count - filled, _span.Length - _at);
            _span.Slice(_at, fits).CopyTo(gathered.AsSpan(filled));
            _at += fits;
            filled += fits;
            if (filled == count) return gathered;
            if (!MoveToNextPiece()) ThrowEnd();
        }
    }

    private bool MoveToNextPiece()
    {
        while (!_sequence.IsEmpty && _sequence.TryGet(ref _next, out var piece))
        {
            _before += _span.Length;
            _span = piece.Span;
            _at = 0;
            if (!_span.IsEmpty) return true;
        }
        return false;
    }

    private readonly void ThrowEnd() => MsgPackException.Throw("the input ends inside a value", Offset);

    private readonly MsgPackException Unexpected(byte code, string due) => new($"0x{code:x2} where {due} is due", Offset - 1);
}
