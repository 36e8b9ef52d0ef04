using System.Buffers;
using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Fuzz.Targets;

/// <summary>A snapshot's state stream: refused, incomplete, or written again it reads to the same bytes.</summary>
internal static class StateStreamTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        byte[]? first;
        try
        {
            first = Rewrite(data.ToArray());
        }
        catch (MsgPackException)
        {
            return;
        }
        if (first is null) return;
        Promise.Holds(Rewrite(first) is { } second && first.AsSpan().SequenceEqual(second), "a written state stays the same");
    }

    private static byte[]? Rewrite(byte[] state)
    {
        var rest = new ReadOnlySequence<byte>(state);
        var reader = new SnapshotRecordReader(state.Length);
        using var output = new PooledBuffer();
        if (!reader.TryReadHeader(ref rest, out ulong last)) return null;
        SnapshotRecordWriter.WriteHeader(output, last);
        while (reader.TryRead(ref rest, out var record)) SnapshotRecordWriter.Write(output, record);
        return rest.IsEmpty ? output.ToArray() : null;
    }
}
