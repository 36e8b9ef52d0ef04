namespace Conclave.Core.Compression;

/// <summary>The checksum of gzip members (CRC-32 of IEEE 802.3).</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320;

    private static readonly uint[] Table = MakeTable();

    /// <summary>Continues a checksum; starts with 0.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint state = ~checksum;
        foreach (byte b in bytes) state = Table[(byte)(state ^ b)] ^ state >> 8;
        return ~state;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint entry = i;
            for (int bit = 0; bit < 8; bit++) entry = (entry & 1) != 0 ? Polynomial ^ entry >> 1 : entry >> 1;
            table[i] = entry;
        }
        return table;
    }
}
