using System.Buffers.Binary;

namespace Conclave.Rpc.Mux;

/// <summary>What a frame of the multiplexer is.</summary>
public enum MuxFrameType : byte
{
    /// <summary>Bytes of a stream follow the header.</summary>
    Data = 0,

    /// <summary>Lets the other side send more on a stream; also carries flags alone.</summary>
    WindowUpdate = 1,

    /// <summary>Asks whether the other side is there, or answers.</summary>
    Ping = 2,

    /// <summary>No new streams; the length is a <see cref="MuxGoAway"/>.</summary>
    GoAway = 3,
}

/// <summary>Marks of a frame; unknown ones are kept and mean nothing.</summary>
[Flags]
public enum MuxFlags : ushort
{
    /// <summary>No mark.</summary>
    None = 0,

    /// <summary>Opens a stream, or marks a ping as question.</summary>
    Syn = 1,

    /// <summary>Accepts a stream, or marks a ping as answer.</summary>
    Ack = 2,

    /// <summary>The sender sends no more on the stream.</summary>
    Fin = 4,

    /// <summary>The stream is over at once.</summary>
    Rst = 8,
}

/// <summary>Why a connection goes away.</summary>
public enum MuxGoAway : uint
{
    /// <summary>As a matter of course.</summary>
    Normal = 0,

    /// <summary>The other side broke the protocol.</summary>
    ProtocolError = 1,

    /// <summary>The sender failed.</summary>
    InternalError = 2,
}

/// <summary>The 12 bytes before every frame: version 0, type, flags, stream, length; big-endian.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Flags">Marks.</param>
/// <param name="Stream">Stream it belongs to; 0 is the connection itself.</param>
/// <param name="Length">Bytes that follow (data), bytes granted (window update), the counter (ping) or the reason (go-away).</param>
public readonly record struct MuxHeader(MuxFrameType Type, MuxFlags Flags, uint Stream, uint Length)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 12;

    /// <summary>Bytes a side may send on a stream before more is granted; the largest grant, and so the longest data frame and the largest update too.</summary>
    public const uint WindowBytes = 262_144;

    private const byte Version = 0;

    /// <summary>Bytes that follow the header.</summary>
    public int PayloadBytes => Type == MuxFrameType.Data ? (int)Length : 0;

    /// <summary>Reads the header that <paramref name="bytes"/> start with; false when fewer than <see cref="Size"/> are there.</summary>
    /// <exception cref="RpcFormatException">Another version or type, a stream's frame without a stream, or more than a window at once.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MuxHeader header)
    {
        header = default;
        if (bytes.Length < Size) return false;
        if (bytes[0] != Version) throw new RpcFormatException($"version {bytes[0]} of the multiplexer");
        if (bytes[1] > (byte)MuxFrameType.GoAway) throw new RpcFormatException($"{bytes[1]} is no type of a frame");
        header = new((MuxFrameType)bytes[1], (MuxFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));
        header.Check();
        return true;
    }

    /// <summary>Writes <see cref="Size"/> bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        destination[0] = Version;
        destination[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Stream);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Length);
    }

    private void Check()
    {
        if (Type is not (MuxFrameType.Data or MuxFrameType.WindowUpdate)) return;
        if (Stream == 0) throw new RpcFormatException("a stream's frame without a stream");
        if (Length > WindowBytes) throw new RpcFormatException($"a frame over {Length} bytes, more than a window");
    }
}
