using System.Buffers;
using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>
/// Reads a snapshot's state stream, which may arrive in pieces of any size: header first, then records. Each call takes what it understood off the front
/// of the input; what it returns holds copies. Not thread-safe, one stream per reader.
/// </summary>
/// <param name="recordBytesMax">Longest record accepted.</param>
public sealed class SnapshotRecordReader(long recordBytesMax = SnapshotRecordReader.DefaultRecordBytesMax)
{
    /// <summary>Far above any record that a server writes: keys hold at most a few megabytes, unfinished large commands a few times that.</summary>
    public const long DefaultRecordBytesMax = 256L << 20;

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

    /// <summary>Reads a record; false when more input is needed. At the end of the stream the caller must be left without input, else the stream was cut.</summary>
    /// <exception cref="MsgPackException">Malformed or of an unknown kind: refuse the whole snapshot.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, out SnapshotRecord record)
    {
        record = default;
        if (!TryReadRaw(ref input, out byte type, out var value)) return false;
        if (!SnapshotRecordTypes.IsLegal(type)) MsgPackException.Throw($"unknown snapshot record type {type}", BytesRead - value.Length - 1);
        record = Decode(type, value);
        return true;
    }

    /// <summary>Takes a record without understanding it: any type, the MessagePack value lent out of the input. False when more input is needed.</summary>
    /// <exception cref="MsgPackException">The value is malformed.</exception>
    public bool TryReadRaw(ref ReadOnlySequence<byte> input, out byte type, out ReadOnlySequence<byte> value)
    {
        new SequenceReader<byte>(input).TryPeek(out type);
        return TryTakeValue(ref input, prefixBytes: 1, out value);
    }

    private static SnapshotRecord Decode(byte type, in ReadOnlySequence<byte> value)
    {
        var reader = new MsgPackReader(value);
        switch ((CommandType)type)
        {
            case CommandType.Register: return SnapshotRecord.Of(RegisterRequestCodec.Read(ref reader));
            case CommandType.KVS: return SnapshotRecord.Of(KvEntryCodec.Read(ref reader));
            case CommandType.Session: return SnapshotRecord.Of(SessionCodec.Read(ref reader));
            case CommandType.Tombstone: return SnapshotRecord.OfTombstone(KvEntryCodec.Read(ref reader));
            case CommandType.CoordinateBatchUpdate: return SnapshotRecord.Of(CoordinateCodec.ReadBatch(ref reader));
            case CommandType.Autopilot: return SnapshotRecord.Of(AutopilotConfigCodec.Read(ref reader));
            case CommandType.Index: return ReadIndex(ref reader);
            case CommandType.ChunkingState: return SnapshotRecord.Of(ChunkStateCodec.Read(ref reader));
            default: return SnapshotRecord.OfOpaque((CommandType)type, value.ToArray());
        }
    }

    private static SnapshotRecord ReadIndex(ref MsgPackReader reader)
    {
        string key = "";
        ulong index = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var name = reader.ReadKey();
            if (name.SequenceEqual("Key"u8)) key = reader.ReadText();
            else if (name.SequenceEqual("Value"u8)) index = reader.ReadUInt64();
            else reader.Skip();
        }
        return SnapshotRecord.OfIndex(key, index);
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
