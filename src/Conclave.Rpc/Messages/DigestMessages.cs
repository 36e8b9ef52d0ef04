using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>
/// A method of our own, <see cref="Method"/>: a server tells what the digest of its state was behind entries of the log. Peers of another make do not have it and say that they cannot find it.
/// </summary>
public static class DigestMessages
{
    /// <summary>Digests in one answer at most.</summary>
    public const int CountMax = 1024;

    /// <summary>Its name.</summary>
    public static ReadOnlySpan<byte> Method => "Conclave.Digests"u8;

    /// <summary>Writes the argument, which says nothing.</summary>
    public static void WriteArgument(ref MsgPackWriter writer) => writer.WriteMapHeader(0);

    /// <summary>Writes the result: pairs of index and digest.</summary>
    public static void WriteResult(ref MsgPackWriter writer, IReadOnlyList<(ulong Index, ulong Digest)> digests)
    {
        writer.WriteMapHeader(1);
        writer.WriteKey("Digests"u8);
        writer.WriteArrayHeader(digests.Count * 2);
        foreach (var (index, digest) in digests)
        {
            writer.Write(index);
            writer.Write(digest);
        }
    }

    /// <summary>Reads the result.</summary>
    /// <exception cref="MsgPackException">Malformed, or more than <see cref="CountMax"/>.</exception>
    public static void ReadResult(ReadOnlySpan<byte> result, List<(ulong Index, ulong Digest)> into)
    {
        var reader = new MsgPackReader(result);
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (!reader.ReadKey().SequenceEqual("Digests"u8))
            {
                reader.Skip(acceptExtensions: true);
                continue;
            }
            int numbers = reader.ReadArrayHeader();
            if (numbers % 2 != 0 || numbers > CountMax * 2) throw new MsgPackException("a list of digests that is none", 0);
            for (; numbers > 0; numbers -= 2) into.Add((reader.ReadUInt64(), reader.ReadUInt64()));
        }
    }
}
