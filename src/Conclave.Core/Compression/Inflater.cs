namespace Conclave.Core.Compression;

/// <summary>How inflating ended.</summary>
internal enum InflateResult
{
    Complete,
    Truncated,
    Corrupt,
    TooLarge,
}

/// <summary>
/// Inflates one deflate stream (RFC 1951) held in memory and knows to the byte where it ends, which the platform's streams do not tell: what follows a
/// stream decides whether an archive is accepted. Whatever the input, the work is bounded by input and output bound.
/// </summary>
internal ref struct Inflater
{
    private const int EndOfBlock = 256, LiteralSymbolsMax = 286, DistanceSymbolsMax = 30, LengthSymbols = 19;

    private readonly ReadOnlySpan<byte> _input;
    private readonly InflateOutput _output;
    private readonly int _outputStart;
    private readonly HuffmanTable _literals, _distances;
    private int _at;

    // Bits taken from the input and not used yet, the next one lowest. Bits above the count are zero.
    private ulong _bits;
    private int _bitCount;

    private Inflater(ReadOnlySpan<byte> input, InflateOutput output)
    {
        _input = input;
        _output = output;
        _outputStart = output.Length;
        (_literals, _distances) = (output.Literals, output.Distances);
    }

    private static ReadOnlySpan<ushort> LengthBase => [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static ReadOnlySpan<byte> LengthExtra => [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static ReadOnlySpan<ushort> DistanceBase =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    private static ReadOnlySpan<byte> DistanceExtra => [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    private static ReadOnlySpan<byte> LengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Inflates the stream at the start of <paramref name="input"/>, appending to <paramref name="output"/>. What was inflated before an error stays there.</summary>
    /// <param name="input">The stream and whatever follows it.</param>
    /// <param name="output">Where the bytes go.</param>
    /// <param name="consumed">Bytes of the stream, up to the error if there is one.</param>
    public static InflateResult Inflate(ReadOnlySpan<byte> input, InflateOutput output, out int consumed)
    {
        var inflater = new Inflater(input, output);
        InflateResult result;
        bool last = false;
        do result = inflater.InflateBlock(ref last);
        while (result == InflateResult.Complete && !last);
        consumed = inflater._at - inflater._bitCount / 8;
        return result;
    }

    private InflateResult InflateBlock(ref bool last)
    {
        if (!TryTake(3, out int header)) return InflateResult.Truncated;
        last = (header & 1) != 0;
        switch (header >> 1)
        {
            case 0: return CopyStored();
            case 1:
                BuildFixedTables();
                return InflateCodes();
            case 2: return ReadTables() is var result and not InflateResult.Complete ? result : InflateCodes();
            default: return InflateResult.Corrupt;
        }
    }

    private InflateResult CopyStored()
    {
        // Stored blocks start at a byte; whole bytes taken ahead go back to the input.
        _at -= _bitCount / 8;
        (_bits, _bitCount) = (0, 0);
        if (_input.Length - _at < 4) return EndInside();
        int length = _input[_at] | _input[_at + 1] << 8, complement = _input[_at + 2] | _input[_at + 3] << 8;
        if (length != (ushort)~complement) return InflateResult.Corrupt;
        _at += 4;
        int there = Math.Min(length, _input.Length - _at);
        if (!_output.TryReserve(there)) return InflateResult.TooLarge;
        _output.Add(_input.Slice(_at, there));
        _at += there;
        return there == length ? InflateResult.Complete : InflateResult.Truncated;
    }

    private InflateResult EndInside()
    {
        _at = _input.Length;
        return InflateResult.Truncated;
    }

    private readonly void BuildFixedTables()
    {
        Span<byte> lengths = stackalloc byte[288];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        _literals.TryBuild(lengths);
        lengths[..DistanceSymbolsMax].Fill(5);
        _distances.TryBuild(lengths[..DistanceSymbolsMax]);
    }

    private InflateResult ReadTables()
    {
        if (!TryTake(14, out int counts)) return InflateResult.Truncated;
        int literals = (counts & 31) + 257, distances = (counts >> 5 & 31) + 1, lengthCodes = (counts >> 10) + 4;
        if (literals > LiteralSymbolsMax || distances > DistanceSymbolsMax) return InflateResult.Corrupt;

        Span<byte> lengthLengths = stackalloc byte[LengthSymbols];
        lengthLengths.Clear();
        for (int i = 0; i < lengthCodes; i++)
        {
            if (!TryTake(3, out int length)) return InflateResult.Truncated;
            lengthLengths[LengthOrder[i]] = (byte)length;
        }
        // The table of literals serves for the code of the code lengths first.
        if (!_literals.TryBuild(lengthLengths)) return InflateResult.Corrupt;

        Span<byte> lengths = stackalloc byte[LiteralSymbolsMax + DistanceSymbolsMax];
        if (ReadLengths(lengths[..(literals + distances)]) is var result and not InflateResult.Complete) return result;
        bool valid = lengths[EndOfBlock] != 0 && _literals.TryBuild(lengths[..literals]) && _distances.TryBuild(lengths.Slice(literals, distances));
        return valid ? InflateResult.Complete : InflateResult.Corrupt;
    }

    private InflateResult ReadLengths(scoped Span<byte> lengths)
    {
        int filled = 0;
        while (filled < lengths.Length)
        {
            if (TakeSymbol(_literals, out int symbol) is var result and not InflateResult.Complete) return result;
            if (symbol < 16)
            {
                lengths[filled++] = (byte)symbol;
                continue;
            }
            var (extraBits, least) = symbol switch { 16 => (2, 3), 17 => (3, 3), _ => (7, 11) };
            if (!TryTake(extraBits, out int extra)) return InflateResult.Truncated;
            int repeat = least + extra;
            if (repeat > lengths.Length - filled || (symbol == 16 && filled == 0)) return InflateResult.Corrupt;
            lengths.Slice(filled, repeat).Fill(symbol == 16 ? lengths[filled - 1] : (byte)0);
            filled += repeat;
        }
        return InflateResult.Complete;
    }

    private InflateResult InflateCodes()
    {
        while (true)
        {
            if (TakeSymbol(_literals, out int symbol) is var result and not InflateResult.Complete) return result;
            if (symbol == EndOfBlock) return InflateResult.Complete;
            if (symbol < EndOfBlock)
            {
                if (!_output.TryReserve(1)) return InflateResult.TooLarge;
                _output.Add((byte)symbol);
            }
            else if (InflateMatch(symbol - EndOfBlock - 1) is var matched and not InflateResult.Complete) return matched;
        }
    }

    private InflateResult InflateMatch(int lengthSymbol)
    {
        if (lengthSymbol >= LengthBase.Length) return InflateResult.Corrupt;
        if (!TryTake(LengthExtra[lengthSymbol], out int lengthExtra)) return InflateResult.Truncated;
        if (TakeSymbol(_distances, out int distanceSymbol) is var result and not InflateResult.Complete) return result;
        if (!TryTake(DistanceExtra[distanceSymbol], out int distanceExtra)) return InflateResult.Truncated;

        int length = LengthBase[lengthSymbol] + lengthExtra, distance = DistanceBase[distanceSymbol] + distanceExtra;
        if (distance > _output.Length - _outputStart) return InflateResult.Corrupt;
        if (!_output.TryReserve(length)) return InflateResult.TooLarge;
        _output.Repeat(distance, length);
        return InflateResult.Complete;
    }

    private InflateResult TakeSymbol(HuffmanTable table, out int symbol)
    {
        if (_bitCount < table.IndexBits) Refill();
        int length = table.Look(_bits, out symbol);
        // Bits beyond the end of the input look like zeros: only a code that is wholly there counts.
        if (length > _bitCount) return InflateResult.Truncated;
        if (length == 0) return _bitCount < table.IndexBits ? InflateResult.Truncated : InflateResult.Corrupt;
        _bits >>= length;
        _bitCount -= length;
        return InflateResult.Complete;
    }

    private bool TryTake(int bits, out int value)
    {
        if (_bitCount < bits) Refill();
        value = (int)(_bits & (1UL << bits) - 1);
        if (_bitCount < bits) return false;
        _bits >>= bits;
        _bitCount -= bits;
        return true;
    }

    private void Refill()
    {
        while (_bitCount <= 56 && _at < _input.Length)
        {
            _bits |= (ulong)_input[_at++] << _bitCount;
            _bitCount += 8;
        }
    }
}
