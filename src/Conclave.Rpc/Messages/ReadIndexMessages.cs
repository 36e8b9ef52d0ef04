using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>
/// A method of our own, <see cref="Method"/>: a server asks the leader up to which index it must have applied before it may answer a linearizable read itself. Peers of
/// another make do not have it and say that they cannot find it.
/// </summary>
public static class ReadIndexMessages
{
    /// <summary>Its name.</summary>
    public static ReadOnlySpan<byte> Method => "Conclave.ReadIndex"u8;

    /// <summary>Writes the argument.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="isConsistent">A quorum must confirm the leader, not its lease.</param>
    public static void WriteArgument(ref MsgPackWriter writer, bool isConsistent)
    {
        writer.WriteMapHeader(1);
        writer.WriteField("RequireConsistent"u8, isConsistent);
    }

    /// <summary>Writes the result.</summary>
    public static void WriteResult(ref MsgPackWriter writer, ulong index)
    {
        writer.WriteMapHeader(1);
        writer.WriteField("Index"u8, index);
    }

    /// <summary>Reads the result.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static ulong ReadResult(ReadOnlySpan<byte> result)
    {
        var reader = new MsgPackReader(result);
        ulong index = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
            if (reader.ReadKey().SequenceEqual("Index"u8)) index = reader.ReadUInt64();
            else reader.Skip(acceptExtensions: true);
        return index;
    }
}
