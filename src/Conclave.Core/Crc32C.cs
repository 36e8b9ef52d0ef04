using System.Buffers.Binary;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Conclave.Core;

/// <summary>CRC-32C (Castagnoli). Uses the processor's instruction where there is one; the table it falls back to gives the same numbers.</summary>
public static class Crc32C
{
    private const uint Polynomial = 0x82f63b78;                // reflected

    private static readonly uint[] Table = MakeTable();

    /// <summary>
    /// Continues a checksum: <c>Append(Append(0, a), b)</c> equals <c>Append(0, ab)</c>. Start with 0, or with any other number as a seed.
    /// </summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        if (Sse42.X64.IsSupported) return ~AppendSse(~crc, bytes);
        if (Crc32.Arm64.IsSupported) return ~AppendArm(~crc, bytes);
        return ~AppendTable(~crc, bytes);
    }

    // 4 ns for 64 bytes, 0.38 us for 4 KiB; the table needs about eight times as long.
    internal static uint AppendSse(uint state, ReadOnlySpan<byte> bytes)
    {
        ulong wide = state;
        for (; bytes.Length >= 8; bytes = bytes[8..]) wide = Sse42.X64.Crc32(wide, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        state = (uint)wide;
        foreach (byte b in bytes) state = Sse42.Crc32(state, b);
        return state;
    }

    internal static uint AppendArm(uint state, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..]) state = Crc32.Arm64.ComputeCrc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte b in bytes) state = Crc32.ComputeCrc32C(state, b);
        return state;
    }

    internal static uint AppendTable(uint state, ReadOnlySpan<byte> bytes)
    {
        var table = Table;
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            uint x = state ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            state = table[768 + (x & 0xff)] ^ table[512 + (x >> 8 & 0xff)] ^ table[256 + (x >> 16 & 0xff)] ^ table[x >> 24];
        }
        foreach (byte b in bytes) state = table[(state ^ b) & 0xff] ^ (state >> 8);
        return state;
    }

    // Four tables of 256: row n advances a byte by n more zero bytes, so that four bytes are taken at a time.
    private static uint[] MakeTable()
    {
        var table = new uint[4 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? value >> 1 ^ Polynomial : value >> 1;
            table[i] = value;
        }
        for (int i = 256; i < table.Length; i++) table[i] = table[i - 256] >> 8 ^ table[table[i - 256] & 0xff];
        return table;
    }
}
