using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Conclave.Core;

/// <summary>
/// A 64-bit hash (XXH64) that is the same in every process and on every machine: for digests that servers compare and for anything whose order or
/// choice must be repeatable. Not for secrets and not against adversaries who choose the input.
/// </summary>
public static class StableHash
{
    private const ulong Prime1 = 0x9e3779b185ebca87, Prime2 = 0xc2b2ae3d27d4eb4f, Prime3 = 0x165667b19e3779f9, Prime4 = 0x85ebca77c2b2ae63, Prime5 = 0x27d4eb2f165667c5;
    private const int StripeBytes = 32;

    /// <summary>Hash of bytes.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed = 0)
    {
        ulong length = (ulong)bytes.Length;
        ulong hash = bytes.Length >= StripeBytes ? HashStripes(ref bytes, seed) : seed + Prime5;
        hash += length;
        for (; bytes.Length >= 8; bytes = bytes[8..]) hash = BitOperations.RotateLeft(hash ^ Round(0, BinaryPrimitives.ReadUInt64LittleEndian(bytes)), 27) * Prime1 + Prime4;
        if (bytes.Length >= 4)
        {
            hash = BitOperations.RotateLeft(hash ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes) * Prime1, 23) * Prime2 + Prime3;
            bytes = bytes[4..];
        }
        foreach (byte b in bytes) hash = BitOperations.RotateLeft(hash ^ b * Prime5, 11) * Prime1;
        return Avalanche(hash);
    }

    /// <summary>Hash of the UTF-8 form of a text.</summary>
    public static ulong Of(string text, ulong seed = 0)
    {
        const int StackBytesMax = 256;
        int bytes = Encoding.UTF8.GetByteCount(text);
        Span<byte> utf8 = bytes <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[bytes];
        return Of(utf8[..Encoding.UTF8.GetBytes(text, utf8)], seed);
    }

    /// <summary>Hash of a number.</summary>
    public static ulong Of(ulong value, ulong seed = 0)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Of(bytes, seed);
    }

    /// <summary>Hash of two hashes; the order counts. Repeated, it makes a rolling digest.</summary>
    public static ulong Combine(ulong first, ulong second) => Avalanche(BitOperations.RotateLeft(first ^ Round(0, second), 27) * Prime1 + Prime4);

    private static ulong HashStripes(ref ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong a = seed + Prime1 + Prime2, b = seed + Prime2, c = seed, d = seed - Prime1;
        for (; bytes.Length >= StripeBytes; bytes = bytes[StripeBytes..])
        {
            a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        }
        ulong hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        return Merge(Merge(Merge(Merge(hash, a), b), c), d);
    }

    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + input * Prime2, 31) * Prime1;

    private static ulong Merge(ulong hash, ulong lane) => (hash ^ Round(0, lane)) * Prime1 + Prime4;

    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }
}
