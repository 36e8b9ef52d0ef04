using System.Buffers.Binary;

namespace Conclave.Rpc.Grpc;

/// <summary>What stands in front of each message of a gRPC stream: a byte that says whether it is compressed, and four of length, big-endian.</summary>
public static class GrpcFraming
{
    /// <summary>Bytes in front of a message.</summary>
    public const int PrefixBytes = 5;

    /// <summary>Finds the message at the start of the bytes; false when more are needed. Takes the length for true only up to the bound.</summary>
    /// <exception cref="RpcFormatException">It is compressed, for which nobody asked, or longer than the bound.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int messageBytesMax, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (bytes.Length < PrefixBytes) return false;
        if (bytes[0] != 0) throw new RpcFormatException(bytes[0] == 1 ? "grpc: the message is compressed, and no compression was agreed on" : "grpc: the message has an unknown flag");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        if (length > (uint)messageBytesMax) throw new RpcFormatException($"grpc: received message larger than max ({length} vs. {messageBytesMax})");
        if (length > (uint)(bytes.Length - PrefixBytes)) return false;
        message = bytes.Slice(PrefixBytes, (int)length);
        return true;
    }

    /// <summary>Begins a message with its prefix.</summary>
    public static int Begin(ProtoWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        int at = writer.Leave(PrefixBytes);
        writer.At(at, PrefixBytes).Clear();
        return at;
    }

    /// <summary>Ends the message that began there.</summary>
    public static void End(ProtoWriter writer, int begun)
    {
        ArgumentNullException.ThrowIfNull(writer);
        BinaryPrimitives.WriteUInt32BigEndian(writer.At(begun, PrefixBytes)[1..], (uint)(writer.WrittenCount - begun - PrefixBytes));
    }
}
