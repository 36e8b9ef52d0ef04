using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.State;

/// <summary>Commands that came in pieces.</summary>
internal sealed partial class StateWriter
{
    /// <summary>Most pieces of one command; with the peers' 512 KiB pieces a value far above every limit.</summary>
    private const ulong ChunksMax = 1024;

    /// <summary>Keeps one piece. The whole command once the last one is there; it is applied with the index of that entry. Null before.</summary>
    /// <exception cref="MsgPackException">The piece's description is malformed.</exception>
    public byte[]? CollectChunk(in LogEntry entry)
    {
        var (operation, sequence, count) = ReadExtensions(entry.Extensions.Span);
        var pieces = new List<ChunkPiece>();
        _chunks.CollectInto([], pieces);
        // A proposer lost its leadership half-way: it will send everything again, so whatever there is will never be completed.
        if (pieces.Count > 0 && pieces[0].Term != entry.Term.Value) DropChunks();

        if (PutChunk(operation, sequence, count, entry.Term.Value, entry.Data) is { } problem) throw new MsgPackException(problem, 0);
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(prefix, operation);
        pieces.Clear();
        _chunks.CollectInto(prefix, pieces);
        if ((ulong)pieces.Count < count) return null;
        _chunks.RemovePrefix(prefix, []);
        foreach (var piece in pieces) _digest -= RowHash.Of(piece);
        return Concatenate(pieces);
    }

    /// <summary>Keeps a piece as it is; says why when it contradicts itself or others of its command.</summary>
    public string? PutChunk(ulong operation, ulong sequence, ulong count, ulong term, ReadOnlyMemory<byte> data)
    {
        if (count is 0 or > ChunksMax || sequence >= count) return "the description of a piece of a command contradicts itself";
        var key = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(key, operation);
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(8), (uint)sequence);
        foreach (var other in _chunks.Scan(key.AsSpan(0, 8)))
            if (other.Count != count) return "two pieces of one command disagree on how many there are";
        var piece = new ChunkPiece(key, operation, (uint)sequence, (uint)count, term, data);
        if (_chunks.Put(key, piece) is { } earlier) _digest -= RowHash.Of(earlier);
        _digest += RowHash.Of(piece);
        return null;
    }

    private void DropChunks()
    {
        var dropped = new List<ChunkPiece>();
        _chunks.RemovePrefix([], dropped);
        foreach (var piece in dropped) _digest -= RowHash.Of(piece);
    }

    private static byte[] Concatenate(List<ChunkPiece> pieces)
    {
        var length = 0;
        foreach (var piece in pieces) length = checked(length + piece.Data.Length);
        var whole = GC.AllocateUninitializedArray<byte>(length);
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.Data.Span.CopyTo(whole.AsSpan(at));
            at += piece.Data.Length;
        }
        return whole;
    }

    /// <summary>The three numbers of the protocol-buffers message: 1 operation, 2 sequence (absent when 0), 3 count. Field 4 is never used.</summary>
    private static (ulong Operation, ulong Sequence, ulong Count) ReadExtensions(ReadOnlySpan<byte> bytes)
    {
        ulong operation = 0, sequence = 0, count = 0;
        var at = 0;
        while (at < bytes.Length)
        {
            var tag = ReadVarint(bytes, ref at);
            switch (tag)
            {
                case 1 << 3: operation = ReadVarint(bytes, ref at); break;
                case 2 << 3: sequence = ReadVarint(bytes, ref at); break;
                case 3 << 3: count = ReadVarint(bytes, ref at); break;
                case 4 << 3 | 2:
                    var length = ReadVarint(bytes, ref at);
                    if (length > (ulong)(bytes.Length - at)) throw new MsgPackException("the description of a piece ends early", at);
                    at += (int)length;
                    break;
                default: throw new MsgPackException($"unknown field {tag} in the description of a piece", at);
            }
        }
        return (operation, sequence, count);
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length) throw new MsgPackException("a number in the description of a piece ends early", at);
            var part = bytes[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }
        throw new MsgPackException("a number in the description of a piece is too long", at);
    }
}
