using System.Buffers.Binary;

namespace Conclave.Core.Codec;

/// <summary>
/// A moment as peers write it: seconds since 0001-01-01T00:00:00Z, nanoseconds and the writer's zone offset. It can hold the zero time of year 1,
/// which <see cref="WallTime"/> cannot.
/// </summary>
/// <param name="Seconds">Seconds since the start of year 1, UTC.</param>
/// <param name="Nanoseconds">Below 1,000,000,000.</param>
/// <param name="OffsetMinutes">East of UTC, for display only; -1 marks UTC itself.</param>
public readonly record struct MsgPackTime(long Seconds, uint Nanoseconds, short OffsetMinutes = MsgPackTime.Utc)
{
    /// <summary>Bytes on the wire: version 1, seconds, nanoseconds, offset.</summary>
    public const int Size = 15;

    /// <summary>The offset that marks UTC.</summary>
    public const short Utc = -1;

    private const byte Version = 1;
    private const long UnixEpochSeconds = 62_135_596_800;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The time that stands for "none".</summary>
    public static MsgPackTime Zero => new(0, 0);

    /// <summary>True for "none", in whatever zone it was written.</summary>
    public bool IsZero => Seconds == 0 && Nanoseconds == 0;

    /// <summary>The same moment, UTC.</summary>
    public static MsgPackTime From(WallTime time)
    {
        var (seconds, rest) = Math.DivRem(time.UnixNanoseconds, NanosecondsPerSecond);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + NanosecondsPerSecond);
        return new(seconds + UnixEpochSeconds, (uint)rest);
    }

    /// <summary>The same moment; false when it lies outside 1677 to 2262, as the zero time does.</summary>
    public bool TryToWallTime(out WallTime time)
    {
        var unix = (Int128)(Seconds - (Int128)UnixEpochSeconds) * NanosecondsPerSecond + Nanoseconds;
        bool fits = unix >= long.MinValue && unix <= long.MaxValue;
        time = fits ? new WallTime((long)unix) : default;
        return fits;
    }

    /// <summary>Reads the wire form; false when it is not one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out MsgPackTime time)
    {
        time = default;
        if (bytes.Length != Size || bytes[0] != Version) return false;
        uint nanoseconds = BinaryPrimitives.ReadUInt32BigEndian(bytes[9..]);
        if (nanoseconds >= NanosecondsPerSecond) return false;
        time = new(BinaryPrimitives.ReadInt64BigEndian(bytes[1..]), nanoseconds, BinaryPrimitives.ReadInt16BigEndian(bytes[13..]));
        return true;
    }

    /// <summary>Writes the wire form, <see cref="Size"/> bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        destination[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(destination[1..], Seconds);
        BinaryPrimitives.WriteUInt32BigEndian(destination[9..], Nanoseconds);
        BinaryPrimitives.WriteInt16BigEndian(destination[13..], OffsetMinutes);
    }
}
