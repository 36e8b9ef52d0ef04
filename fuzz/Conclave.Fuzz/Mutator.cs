using System.Buffers.Binary;
using Conclave.Core;

namespace Conclave.Fuzz;

/// <summary>Makes new inputs out of old ones: mostly small damage, sometimes lengths that lie, cuts, repeats and joins. A function of its seed.</summary>
internal sealed class Mutator(Prng random)
{
    private const int InputBytesMax = 64 * 1024;

    private static readonly byte[] Interesting = [0x00, 0x01, 0x7f, 0x80, 0x8f, 0x91, 0xa0, 0xc0, 0xc1, 0xc4, 0xc6, 0xcb, 0xcf, 0xd3, 0xd9, 0xdb, 0xdd, 0xdf, 0xff, (byte)'"', (byte)'(', (byte)'%', (byte)'&', (byte)'`'];

    /// <summary>A variation of <paramref name="seed"/>, possibly with parts of <paramref name="other"/>.</summary>
    public byte[] Mutate(byte[] seed, byte[] other)
    {
        var data = new List<byte>(seed);
        long changes = 1 + random.Next(4);
        for (long i = 0; i < changes; i++) Change(data, other);
        if (data.Count > InputBytesMax) data.RemoveRange(InputBytesMax, data.Count - InputBytesMax);
        return [.. data];
    }

    private void Change(List<byte> data, byte[] other)
    {
        switch (random.Next(9))
        {
            case 0 when data.Count > 0: data[At(data.Count)] ^= (byte)(1 << At(8)); break;
            case 1 when data.Count > 0: data[At(data.Count)] = Interesting[At(Interesting.Length)]; break;
            case 2 when data.Count > 0: data[At(data.Count)] = (byte)random.Next(256); break;
            case 3: data.Insert(At(data.Count + 1), Interesting[At(Interesting.Length)]); break;
            case 4 when data.Count > 0: data.RemoveAt(At(data.Count)); break;
            case 5 when data.Count > 0: Cut(data); break;
            case 6 when data.Count > 4: OverwriteNumber(data); break;
            case 7 when data.Count > 1: Repeat(data); break;
            case 8 when other.Length > 0: Splice(data, other); break;
        }
    }

    private void Cut(List<byte> data)
    {
        int from = At(data.Count);
        data.RemoveRange(from, random.Next(2) == 0 ? data.Count - from : At(data.Count - from + 1));
    }

    private void OverwriteNumber(List<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, (uint)(random.Next(2) == 0 ? random.NextUInt64() : uint.MaxValue >> At(32)));
        int at = At(data.Count - 3);
        for (int i = 0; i < number.Length; i++) data[at + i] = number[i];
    }

    private void Repeat(List<byte> data)
    {
        int from = At(data.Count), count = 1 + At(Math.Min(data.Count - from, 64));
        var part = data.GetRange(from, count);
        for (long times = random.Next(20); times >= 0; times--) data.InsertRange(from, part);
    }

    private void Splice(List<byte> data, byte[] other)
    {
        int from = At(other.Length), count = At(other.Length - from + 1);
        data.InsertRange(At(data.Count + 1), other.AsSpan(from, count).ToArray());
    }

    private int At(int bound) => (int)random.Next(bound);
}
