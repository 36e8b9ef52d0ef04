using System.Buffers;

namespace Conclave.Core.Codec;

/// <summary>
/// Takes a snapshot's state stream apart without understanding the records, for listing what a snapshot holds: header first, then one record at a time.
/// The stream may arrive in pieces of any size. Not thread-safe, one stream per reader.
/// </summary>
/// <param name="recordBytesMax">Longest record accepted.</param>
public sealed class SnapshotRecordReader(long recordBytesMax)
{
    // Progress in the value at the front of the input, so that a value that comes in many pieces is not looked through from its start each time.
    private MsgPackScanner _scanner = new(recordBytesMax);

    /// <summary>Bytes of the stream taken so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Reads the header; false when more input is needed.</summary>
    /// <exception cref="MsgPackException">Malformed; nothing after it can be read.</exception>
    public bool TryReadHeader(ref ReadOnlySequence<byte> input, out ulong lastIndex)
    {
        lastIndex = 0;
        if (!TryTakeValue(ref input, prefixBytes: 0, out var header)) return false;
        var reader = new MsgPackReader(header);
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (reader.ReadKey().SequenceEqual("LastIndex"u8)) lastIndex = reader.ReadUInt64();
            else reader.Skip();
        }
        return true;
    }

    /// <summary>Takes a record off the front of the input: any type (see <see cref="SnapshotRecordTypes"/>), the value lent out of the input.
    /// False when more input is needed; at the end of the stream that means it was cut, unless no input is left.</summary>
    /// <exception cref="MsgPackException">The value is malformed.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, out byte type, out ReadOnlySequence<byte> value)
    {
        new SequenceReader<byte>(input).TryPeek(out type);
        return TryTakeValue(ref input, prefixBytes: 1, out value);
    }

    private bool TryTakeValue(ref ReadOnlySequence<byte> input, int prefixBytes, out ReadOnlySequence<byte> value)
    {
        value = default;
        long known = prefixBytes + _scanner.BytesScanned;
        if (input.Length <= known) return false;
        foreach (var piece in input.Slice(known))
            if (_scanner.Scan(piece.Span)) break;
        if (!_scanner.IsComplete) return false;

        long size = prefixBytes + _scanner.BytesScanned;
        value = input.Slice(prefixBytes, _scanner.BytesScanned);
        input = input.Slice(size);
        BytesRead += size;
        _scanner = new(recordBytesMax);
        return true;
    }
}
