namespace Conclave.Core.Compression;

/// <summary>Where inflated bytes go, one array that grows up to a bound, and the scratch tables of the streams that follow each other.</summary>
/// <param name="bytesMax">Most bytes accepted.</param>
internal sealed class InflateOutput(int bytesMax)
{
    private const int InitialBytes = 64 * 1024;

    private byte[] _bytes = [];

    public int Length { get; private set; }

    // Kept here because many small streams may be inflated into one output, and each table is 64 KiB.
    public HuffmanTable Literals { get; } = new();

    public HuffmanTable Distances { get; } = new();

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Makes room for <paramref name="count"/> more bytes; false when the bound would be passed.</summary>
    public bool TryReserve(int count)
    {
        if (count <= _bytes.Length - Length) return true;
        if (count > bytesMax - Length) return false;
        long doubled = Math.Max(InitialBytes, _bytes.Length * 2L);
        Array.Resize(ref _bytes, (int)Math.Min(bytesMax, Math.Max(doubled, Length + (long)count)));
        return true;
    }

    // The methods below need the room reserved before.

    public void Add(byte value) => _bytes[Length++] = value;

    public void Add(ReadOnlySpan<byte> values)
    {
        values.CopyTo(_bytes.AsSpan(Length));
        Length += values.Length;
    }

    /// <summary>Repeats what was written <paramref name="distance"/> bytes ago; the two may overlap.</summary>
    public void Repeat(int distance, int count)
    {
        if (distance >= count)
        {
            _bytes.AsSpan(Length - distance, count).CopyTo(_bytes.AsSpan(Length));
            Length += count;
            return;
        }
        for (int i = 0; i < count; i++, Length++) _bytes[Length] = _bytes[Length - distance];
    }
}
