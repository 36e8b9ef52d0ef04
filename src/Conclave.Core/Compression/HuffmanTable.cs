namespace Conclave.Core.Compression;

/// <summary>A canonical Huffman code as one table: the next bits of the input are the index, symbol and length the entry.</summary>
internal sealed class HuffmanTable
{
    /// <summary>Longest code of the format.</summary>
    public const int CodeBitsMax = 15;

    private const int LengthBits = 4;

    private readonly ushort[] _entries = new ushort[1 << CodeBitsMax];
    private int _indexBits;

    /// <summary>Bits that an index has: as many as the longest code.</summary>
    public int IndexBits => _indexBits;

    /// <summary>Code length of the symbol that starts with these bits; 0 when no code does.</summary>
    public int Look(ulong bits, out int symbol)
    {
        int entry = _entries[(int)bits & (1 << _indexBits) - 1];
        symbol = entry >> LengthBits;
        return entry & (1 << LengthBits) - 1;
    }

    /// <summary>Builds the code from the length of each symbol's code, 0 for unused symbols; false when there are more codes than fit.</summary>
    public bool TryBuild(ReadOnlySpan<byte> lengths)
    {
        Span<int> countOf = stackalloc int[CodeBitsMax + 1];
        Span<int> nextOf = stackalloc int[CodeBitsMax + 1];
        countOf.Clear();
        _indexBits = 1;
        foreach (byte length in lengths)
        {
            if (length == 0) continue;
            countOf[length]++;
            _indexBits = Math.Max(_indexBits, length);
        }
        int code = 0;
        for (int bits = 1; bits <= CodeBitsMax; bits++)
        {
            code = code + countOf[bits - 1] << 1;
            if (code + countOf[bits] > 1 << bits) return false;
            nextOf[bits] = code;
        }
        _entries.AsSpan(0, 1 << _indexBits).Clear();
        for (int symbol = 0; symbol < lengths.Length; symbol++)
            if (lengths[symbol] != 0) Fill(symbol, lengths[symbol], nextOf[lengths[symbol]]++);
        return true;
    }

    // Codes come with their first bit lowest, so a code of n bits stands at every index whose low n bits are the code reversed.
    private void Fill(int symbol, int length, int code)
    {
        int reversed = 0;
        for (int bit = 0; bit < length; bit++) reversed |= (code >> bit & 1) << (length - 1 - bit);
        var entry = (ushort)(symbol << LengthBits | length);
        for (int index = reversed; index < 1 << _indexBits; index += 1 << length) _entries[index] = entry;
    }
}
