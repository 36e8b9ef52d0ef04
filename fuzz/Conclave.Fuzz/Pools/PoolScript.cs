using System.Buffers.Binary;

namespace Conclave.Fuzz.Pools;

/// <summary>What happens to a pool in one step of a fuzzed life.</summary>
internal enum PoolStep : byte
{
    /// <summary>A packet arrives.</summary>
    Packet,

    /// <summary>A stream is opened to us, says something, and ends.</summary>
    Request,

    /// <summary>A stream is opened to us and says something in pieces.</summary>
    RequestInPieces,

    /// <summary>The oldest stream that we opened is answered.</summary>
    Answer,

    /// <summary>The oldest stream that we opened fails.</summary>
    Failure,

    /// <summary>Time passes: two bytes of milliseconds.</summary>
    Time,

    /// <summary>The user wants something: the first byte says what.</summary>
    Wish,
}

/// <summary>The form of a fuzzed life: steps, each a byte, a length of two bytes, and so many bytes. Any bytes are a script; a length beyond the end takes the rest.</summary>
internal static class PoolScript
{
    public static void Write(List<byte> script, PoolStep step, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)content.Length);
        script.Add((byte)step);
        script.AddRange(length);
        script.AddRange(content);
    }

    public static bool TryRead(ref ReadOnlySpan<byte> script, out PoolStep step, out ReadOnlySpan<byte> content)
    {
        const int HeaderBytes = 3;
        step = default;
        content = default;
        if (script.Length < HeaderBytes) return false;
        step = (PoolStep)(script[0] % ((int)PoolStep.Wish + 1));
        int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(script[1..]), script.Length - HeaderBytes);
        content = script.Slice(HeaderBytes, length);
        script = script[(HeaderBytes + length)..];
        return true;
    }
}
