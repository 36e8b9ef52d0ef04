using System.Buffers;

namespace Conclave.Gossip.Compression;

/// <summary>Packs LZW; the output has the same bytes as the peers'. One instance serves any number of inputs, one at a time.</summary>
internal sealed class LzwEncoder
{
    // The code at which the table starts over: the last one is never assigned.
    private const int LastCode = LzwDecoder.Codes - 1;

    // Four slots for each code keep the chains short.
    private const int Slots = 4 * LzwDecoder.Codes;

    // Key (code and byte: 20 bits) and code (12 bits) in one number; 0 is free, since codes that are assigned start at 258.
    private readonly uint[] _table = new uint[Slots];

    // Slots in use, so that a packet clears the few hundred it took and not all of them, which would take longer than packing it.
    private readonly ushort[] _used = new ushort[LzwDecoder.Codes];
    private int _usedCount;

    private int _width;
    private int _next;

    /// <summary>Largest size of the output for an input of this size.</summary>
    public static int BytesMax(int inputBytes) => checked((int)(((long)inputBytes + inputBytes / 2048 + 4) * LzwDecoder.WidthMax / 8 + 1));

    /// <summary>Packs <paramref name="input"/>.</summary>
    public void Encode(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        var bits = new BitWriter(output.GetSpan(BytesMax(input.Length)));
        Reset();
        bits.Write(LzwDecoder.Clear, _width);
        if (!input.IsEmpty)
        {
            int code = input[0];
            foreach (byte next in input[1..])
            {
                uint key = (uint)code << 8 | next;
                int slot = Find(key);
                if (_table[slot] != 0)
                {
                    code = (int)(_table[slot] & LastCode);
                    continue;
                }
                bits.Write(code, _width);
                code = next;
                if (!TakeCode(ref bits)) continue;
                _table[slot] = key << LzwDecoder.WidthMax | (uint)_next;
                _used[_usedCount++] = (ushort)slot;
            }
            bits.Write(code, _width);
            TakeCode(ref bits);
        }
        bits.Write(LzwDecoder.End, _width);
        output.Advance(bits.Finish());
    }

    // True when the code may be assigned; false when the table has started over instead.
    private bool TakeCode(ref BitWriter bits)
    {
        _next++;
        if (_next == 1 << _width) _width++;
        if (_next != LastCode) return true;
        bits.Write(LzwDecoder.Clear, _width);
        Reset();
        return false;
    }

    private void Reset()
    {
        foreach (ushort slot in _used.AsSpan(0, _usedCount)) _table[slot] = 0;
        _usedCount = 0;
        _width = LzwDecoder.WidthMin;
        _next = LzwDecoder.End;
    }

    private int Find(uint key)
    {
        int slot = (int)((key >> LzwDecoder.WidthMax ^ key) & (Slots - 1));
        while (_table[slot] != 0 && _table[slot] >> LzwDecoder.WidthMax != key) slot = slot + 1 & Slots - 1;
        return slot;
    }

    private ref struct BitWriter(Span<byte> output)
    {
        private readonly Span<byte> _output = output;
        private int _at;
        private uint _bits;
        private int _count;

        public void Write(int code, int width)
        {
            _bits |= (uint)code << _count;
            _count += width;
            while (_count >= 8)
            {
                _output[_at++] = (byte)_bits;
                _bits >>= 8;
                _count -= 8;
            }
        }

        public int Finish()
        {
            if (_count > 0) _output[_at++] = (byte)_bits;
            return _at;
        }
    }
}
