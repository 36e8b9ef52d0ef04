using System.Buffers;
using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Fuzz.Targets;

/// <summary>A value of any kind: what can be read can be written, reads back equal, and is as long as the scanner says.</summary>
internal static class MsgPackTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        object? tree;
        long read;
        try
        {
            var reader = new MsgPackReader(data);
            tree = MsgPackTree.ReadValue(ref reader);
            read = reader.Offset;
        }
        catch (MsgPackException)
        {
            return;
        }
        Promise.Holds(MsgPackScanner.TryMeasure(new(data.ToArray()), data.Length, out long size) && size == read, "scanner and reader agree on the size");

        // Foreign forms become ours with the first writing; the second must not change anything.
        var first = Write(tree);
        var again = new MsgPackReader(first);
        var second = Write(MsgPackTree.ReadValue(ref again));
        Promise.Holds(again.IsAtEnd && first.AsSpan().SequenceEqual(second), "a written value reads back equal");
    }

    private static byte[] Write(object? tree)
    {
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        MsgPackTree.WriteValue(ref writer, tree);
        writer.Flush();
        return buffer.ToArray();
    }
}
