using System.Buffers;

namespace Conclave.Core.Codec;

/// <summary>
/// Finds the end of one MessagePack value in a stream that arrives in pieces. It remembers where it stopped, so that a value of n bytes costs n
/// steps however it is cut. It checks form and size, not meaning: a <see cref="MsgPackReader"/> over the bytes found never runs out of input.
/// </summary>
/// <param name="valueBytesMax">Longest value accepted; a longer one, or one that announces more parts than fit in it, is malformed.</param>
/// <param name="acceptExtensions">Whether extension values are passed over instead of refused: gossip has fields of newer senders skipped, whatever they hold.</param>
public struct MsgPackScanner(long valueBytesMax, bool acceptExtensions = false)
{
    // Offset of the value's first byte in the whole input, for messages only.
    private readonly long _origin;

    // Values still to come, before this one is complete. Always at most the bytes left under the bound, since each value has one at least.
    private long _valuesLeft = 1;

    // Bytes of text or numbers still to pass over.
    private long _payloadLeft;

    // Bytes of a length field still to read, and what it says so far.
    private int _lengthBytesLeft;
    private long _length;
    private MsgPackKind _lengthOf;

    internal MsgPackScanner(long valueBytesMax, long origin, bool acceptExtensions) : this(valueBytesMax, acceptExtensions) => _origin = origin;

    /// <summary>Bytes seen so far that belong to the value.</summary>
    public long BytesScanned { get; private set; }

    /// <summary>True when the value is complete; <see cref="BytesScanned"/> is its size then.</summary>
    public readonly bool IsComplete => _valuesLeft == 0 && _payloadLeft == 0 && _lengthBytesLeft == 0;

    /// <summary>Looks at the bytes that follow those seen before; true when the value ends within them.</summary>
    /// <exception cref="MsgPackException">No value of this dialect, or one that is too large.</exception>
    public bool Scan(ReadOnlySpan<byte> bytes)
    {
        while (!IsComplete && !bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                int passed = (int)Math.Min(_payloadLeft, bytes.Length);
                _payloadLeft -= passed;
                bytes = Consume(bytes, passed);
            }
            else if (_lengthBytesLeft > 0)
            {
                _length = _length << 8 | bytes[0];
                bytes = Consume(bytes, 1);
                if (--_lengthBytesLeft == 0) OnLength(_lengthOf, _length);
            }
            else
            {
                byte code = bytes[0];
                bytes = Consume(bytes, 1);
                OnCode(code);
            }
        }
        return IsComplete;
    }

    /// <summary>Size of the value that <paramref name="input"/> starts with; false when it is not complete yet.</summary>
    /// <exception cref="MsgPackException">No value of this dialect, or one above <paramref name="valueBytesMax"/>.</exception>
    public static bool TryMeasure(in ReadOnlySequence<byte> input, long valueBytesMax, out long size)
    {
        var scanner = new MsgPackScanner(valueBytesMax);
        foreach (var piece in input)
            if (scanner.Scan(piece.Span)) break;
        size = scanner.BytesScanned;
        return scanner.IsComplete;
    }

    private void OnCode(byte code)
    {
        _valuesLeft--;
        switch (code)
        {
            case MsgPackCode.Nil or MsgPackCode.False or MsgPackCode.True or <= MsgPackCode.PositiveFixIntMax or >= MsgPackCode.NegativeFixInt: break;
            case < MsgPackCode.FixArray: OnLength(MsgPackKind.Map, code & 0x0f); break;
            case < MsgPackCode.FixText: OnLength(MsgPackKind.Array, code & 0x0f); break;
            case < MsgPackCode.Nil: OnLength(MsgPackKind.Text, code & 0x1f); break;
            case >= MsgPackCode.Bin8 and <= MsgPackCode.Bin32: ExpectLength(MsgPackKind.Text, 1 << (code - MsgPackCode.Bin8)); break;
            case >= MsgPackCode.Text8 and <= MsgPackCode.Text32: ExpectLength(MsgPackKind.Text, 1 << (code - MsgPackCode.Text8)); break;
            case MsgPackCode.Array16 or MsgPackCode.Array32: ExpectLength(MsgPackKind.Array, code == MsgPackCode.Array16 ? 2 : 4); break;
            case MsgPackCode.Map16 or MsgPackCode.Map32: ExpectLength(MsgPackKind.Map, code == MsgPackCode.Map16 ? 2 : 4); break;
            case MsgPackCode.Float32: AddPayload(4); break;
            case MsgPackCode.Float64: AddPayload(8); break;
            case >= MsgPackCode.UInt8 and <= MsgPackCode.UInt64: AddPayload(1 << (code - MsgPackCode.UInt8)); break;
            case >= MsgPackCode.Int8 and <= MsgPackCode.Int64: AddPayload(1 << (code - MsgPackCode.Int8)); break;
            case >= MsgPackCode.FixExtension1 and <= MsgPackCode.FixExtension16 when acceptExtensions: OnLength(MsgPackKind.Unknown, 1 << (code - MsgPackCode.FixExtension1)); break;
            case >= MsgPackCode.Extension8 and <= MsgPackCode.Extension32 when acceptExtensions: ExpectLength(MsgPackKind.Unknown, 1 << (code - MsgPackCode.Extension8)); break;
            default: MsgPackException.Throw($"0x{code:x2} starts no value of this dialect", _origin + BytesScanned - 1); break;
        }
    }

    private void ExpectLength(MsgPackKind kind, int lengthBytes)
    {
        (_lengthOf, _lengthBytesLeft, _length) = (kind, lengthBytes, 0);
    }

    private void OnLength(MsgPackKind kind, long length)
    {
        if (kind == MsgPackKind.Text) AddPayload(length);
        else if (kind == MsgPackKind.Unknown) AddPayload(length + 1);          // an extension: its length does not count its type byte
        else AddValues(kind == MsgPackKind.Map ? length * 2 : length);
    }

    private void AddPayload(long bytes)
    {
        _payloadLeft = bytes;
        CheckBound();
    }

    private void AddValues(long count)
    {
        _valuesLeft += count;
        CheckBound();
    }

    private readonly void CheckBound()
    {
        if (BytesScanned + _payloadLeft + _valuesLeft > valueBytesMax) MsgPackException.Throw($"a value longer than {valueBytesMax} bytes", _origin + BytesScanned);
    }

    private ReadOnlySpan<byte> Consume(ReadOnlySpan<byte> bytes, int count)
    {
        BytesScanned += count;
        return bytes[count..];
    }
}
