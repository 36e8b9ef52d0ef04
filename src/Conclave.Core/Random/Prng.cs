using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Conclave.Core;

/// <summary>
/// The only source of chance below the hosting layer: xoshiro256** seeded through SplitMix64. Deterministic per seed, the same in every process.
/// Streams are split by name, so that one more draw in one place does not shift the draws of another. Not for secrets. Not thread-safe.
/// </summary>
public sealed class Prng
{
    private ulong _a, _b, _c, _d;

    /// <summary>A stream that is a function of <paramref name="seed"/> alone.</summary>
    public Prng(ulong seed)
    {
        _a = Mix(ref seed);
        _b = Mix(ref seed);
        _c = Mix(ref seed);
        _d = Mix(ref seed);
    }

    /// <summary>A stream of its own for <paramref name="name"/>; takes one draw from this stream.</summary>
    public Prng Split(string name)
    {
        ulong hash = 0xcbf29ce484222325;                       // FNV-1a: stable between processes, unlike string.GetHashCode
        foreach (byte b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 0x100000001b3;
        return new Prng(hash ^ NextUInt64());
    }

    /// <summary>64 uniformly distributed bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9, t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number in [0, <paramref name="bound"/>); <paramref name="bound"/> must be positive.</summary>
    public long Next(long bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (long)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>A number in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A duration in [<see cref="TimeSpan.Zero"/>, <paramref name="bound"/>); zero when the bound is not positive.</summary>
    public TimeSpan NextTimeSpan(TimeSpan bound) => bound <= TimeSpan.Zero ? TimeSpan.Zero : new(Next(bound.Ticks));

    /// <summary>A random (version 4) UUID in lower-case text form.</summary>
    public string NextUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, NextUInt64());
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], NextUInt64());
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    private static ulong Mix(ref ulong state)
    {
        ulong z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
