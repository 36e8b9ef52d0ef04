using System.Buffers.Binary;

namespace Conclave.Core.Compression;

/// <summary>The checksum of gzip members and of gossip packets (CRC-32 of IEEE 802.3).</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320;

    // Bytes that are taken at once: each has a table of its own, for a byte with that many zero bytes behind it. Several times as fast as one table and byte after byte.
    private const int Lanes = 8, Entries = 256;

    private static readonly uint[] Tables = MakeTables();

    /// <summary>Continues a checksum; starts with 0.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint state = ~checksum;
        uint[] tables = Tables;
        for (; bytes.Length >= Lanes; bytes = bytes[Lanes..])
        {
            ulong eight = BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ state;
            state = tables[7 * Entries + (byte)eight] ^ tables[6 * Entries + (byte)(eight >> 8)] ^ tables[5 * Entries + (byte)(eight >> 16)] ^ tables[4 * Entries + (byte)(eight >> 24)]
                ^ tables[3 * Entries + (byte)(eight >> 32)] ^ tables[2 * Entries + (byte)(eight >> 40)] ^ tables[Entries + (byte)(eight >> 48)] ^ tables[(byte)(eight >> 56)];
        }
        foreach (byte b in bytes) state = tables[(byte)(state ^ b)] ^ state >> 8;
        return ~state;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[Lanes * Entries];
        for (uint i = 0; i < Entries; i++)
        {
            uint entry = i;
            for (int bit = 0; bit < 8; bit++) entry = (entry & 1) != 0 ? Polynomial ^ entry >> 1 : entry >> 1;
            tables[i] = entry;
        }
        for (int i = Entries; i < tables.Length; i++) tables[i] = tables[(byte)tables[i - Entries]] ^ tables[i - Entries] >> 8;
        return tables;
    }
}
