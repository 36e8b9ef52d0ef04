namespace Conclave.Gossip.Compression;

/// <summary>
/// Unpacks LZW as the peers pack it: codes from the least significant bit on, 8-bit literals, 9 to 12 bits wide, wider when the next code no longer fits. One
/// instance serves any number of inputs, one at a time.
/// </summary>
/// <remarks>
/// Each table entry is a piece of the output that was written before, so the table needs no chains to follow; the length of the output can be had without
/// writing it, which is how its bound is checked before anything is set aside for it.
/// </remarks>
internal sealed class LzwDecoder
{
    internal const int Clear = 256, End = 257, WidthMin = 9, WidthMax = 12, Codes = 1 << WidthMax;

    private const int None = -1;

    private readonly int[] _starts = new int[Codes];
    private readonly int[] _lengths = new int[Codes];

    /// <summary>Size of the output in bytes.</summary>
    /// <exception cref="GossipFormatException">Malformed, or more than <paramref name="bytesMax"/>.</exception>
    public int Measure(ReadOnlySpan<byte> input, int bytesMax) => Run(input, default, bytesMax, isWriting: false);

    /// <summary>Unpacks into a buffer of the size measured.</summary>
    public void Decode(ReadOnlySpan<byte> input, Span<byte> output) => Run(input, output, output.Length, isWriting: true);

    private int Run(ReadOnlySpan<byte> input, Span<byte> output, int bytesMax, bool isWriting)
    {
        var bits = new BitReader(input);
        int width = WidthMin, next = End, written = 0;
        int lastStart = None, lastLength = 0;
        while (true)
        {
            int code = bits.Read(width);
            if (code == End) return written;
            if (code == Clear)
            {
                (width, next, lastStart) = (WidthMin, End, None);
                continue;
            }
            if (lastStart != None) (_starts[next], _lengths[next]) = (lastStart, lastLength + 1);
            if (code > next) GossipFormatException.Throw("an LZW code from nowhere");

            int length = code < Clear ? 1 : _lengths[code];
            if (length > bytesMax - written) GossipFormatException.Throw("unpacks to more than the bound");
            if (isWriting) Write(output, written, code, length);
            (lastStart, lastLength) = (written, length);
            written += length;
            if (++next < 1 << width) continue;
            if (width < WidthMax) width++;
            else (next, lastStart) = (Codes - 1, None);              // the table is full: no new entries until it is cleared
        }
    }

    // Source and target may overlap: the newest entry ends with the byte that is written first.
    private void Write(Span<byte> output, int at, int code, int length)
    {
        if (code < Clear)
        {
            output[at] = (byte)code;
            return;
        }
        int from = _starts[code];
        for (int i = 0; i < length; i++) output[at + i] = output[from + i];
    }

    private ref struct BitReader(ReadOnlySpan<byte> input)
    {
        private readonly ReadOnlySpan<byte> _input = input;
        private int _at;
        private uint _bits;
        private int _count;

        public int Read(int width)
        {
            while (_count < width)
            {
                if (_at == _input.Length) GossipFormatException.Throw("LZW without an end");
                _bits |= (uint)_input[_at++] << _count;
                _count += 8;
            }
            int code = (int)(_bits & ((1u << width) - 1));
            _bits >>= width;
            _count -= width;
            return code;
        }
    }
}
