using System.Buffers;

namespace Conclave.Core.Tests.Codec;

/// <summary>Sequences cut at chosen places, as a network would cut them.</summary>
internal static class Pieces
{
    /// <summary>The bytes in two pieces.</summary>
    public static ReadOnlySequence<byte> CutAt(ReadOnlyMemory<byte> bytes, int position) => Join([bytes[..position], bytes[position..]]);

    /// <summary>The bytes in pieces of this size, each followed by an empty one.</summary>
    public static ReadOnlySequence<byte> OfSize(ReadOnlyMemory<byte> bytes, int size)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (int at = 0; at < bytes.Length; at += size)
        {
            pieces.Add(bytes.Slice(at, Math.Min(size, bytes.Length - at)));
            pieces.Add(default);
        }
        return Join(pieces);
    }

    private static ReadOnlySequence<byte> Join(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        Segment? first = null, last = null;
        foreach (var piece in pieces)
        {
            last = new(piece, last);
            first ??= last;
        }
        return first is null ? ReadOnlySequence<byte>.Empty : new(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null) return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
