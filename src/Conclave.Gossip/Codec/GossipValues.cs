using Conclave.Core.Codec;

namespace Conclave.Gossip.Codec;

/// <summary>Values as gossip senders write them, where they differ from what the rest of the wire has.</summary>
internal static class GossipValues
{
    /// <summary>Bytes: text, bin, nil, or an array with a number for each byte.</summary>
    public static GossipBytes ReadBytes(scoped ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return default;
        return reader.NextKind == MsgPackKind.Array ? ReadNumbers(ref reader) : reader.ReadBytesSpan();
    }

    /// <summary>A truth value; the numbers 0 and 1 stand for one too.</summary>
    public static bool ReadBool(scoped ref MsgPackReader reader)
    {
        if (reader.NextKind != MsgPackKind.Integer) return reader.ReadBool();
        ulong number = reader.ReadUInt64();
        if (number > 1) GossipFormatException.Throw("a number that is no truth value");
        return number == 1;
    }

    public static byte ReadByte(scoped ref MsgPackReader reader) => (byte)ReadBounded(ref reader, byte.MaxValue);

    public static ushort ReadUInt16(scoped ref MsgPackReader reader) => (ushort)ReadBounded(ref reader, ushort.MaxValue);

    /// <summary>A count or length that peers declare as a signed number.</summary>
    public static int ReadLength(scoped ref MsgPackReader reader, int max) => (int)ReadBounded(ref reader, (ulong)max);

    public static void Write(ref MsgPackWriter writer, scoped ReadOnlySpan<byte> name, scoped GossipBytes value)
    {
        writer.WriteKey(name);
        Write(ref writer, value);
    }

    public static void Write(ref MsgPackWriter writer, scoped GossipBytes value)
    {
        if (value.IsNil) writer.WriteNil();
        else writer.Write(value.Span);
    }

    private static ulong ReadBounded(scoped ref MsgPackReader reader, ulong max)
    {
        ulong value = reader.ReadUInt64();
        if (value > max) GossipFormatException.Throw("a number out of range");
        return value;
    }

    private static GossipBytes ReadNumbers(scoped ref MsgPackReader reader)
    {
        // The header was compared with the bytes that are there: each number has one at least.
        var bytes = new byte[reader.ReadArrayHeader()];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = ReadByte(ref reader);
        return new(bytes);
    }
}
