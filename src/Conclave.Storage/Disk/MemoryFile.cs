using Conclave.Core;

namespace Conclave.Storage;

/// <summary>A file of <see cref="MemoryDisk"/>: what is durable, and the writes since the last flush.</summary>
internal sealed class MemoryFile
{
    private readonly record struct Unflushed(long Offset, byte[] Bytes);

    private readonly List<Unflushed> _unflushed = [];
    private byte[] _durable = [], _current = [];
    private int _durableLength, _length;

    public long Length => _length;

    public byte[] Content() => _current[.._length];

    public int Read(long offset, Span<byte> into)
    {
        if (offset >= _length) return 0;
        int bytes = (int)Math.Min(into.Length, _length - offset);
        _current.AsSpan((int)offset, bytes).CopyTo(into);
        return bytes;
    }

    public void Write(long offset, byte[] bytes)
    {
        Put(ref _current, ref _length, offset, bytes);
        _unflushed.Add(new(offset, bytes));
    }

    /// <summary>Only some sectors of the write happen.</summary>
    public void WriteTorn(long offset, byte[] bytes, Prng random)
    {
        foreach (var (at, length) in Sectors(offset, bytes.Length))
            if (random.Next(2) == 0) Write(at, bytes[(int)(at - offset)..(int)(at - offset + length)]);
    }

    public void Flush()
    {
        foreach (var write in _unflushed) Put(ref _durable, ref _durableLength, write.Offset, write.Bytes);
        _unflushed.Clear();
    }

    /// <summary>Each sector of each unflushed write is kept or lost; some power cuts lose all, some nothing.</summary>
    public void LosePower(Prng random)
    {
        long mood = random.Next(4);
        if (mood > 0)
        {
            foreach (var write in _unflushed)
                foreach (var (at, length) in Sectors(write.Offset, write.Bytes.Length))
                    if (mood == 1 || random.Next(2) == 0) Put(ref _durable, ref _durableLength, at, write.Bytes.AsSpan((int)(at - write.Offset), length));
        }
        _unflushed.Clear();
        _current = _durable[.._durableLength];
        _length = _durableLength;
    }

    public void Damage(long offset, byte mask)
    {
        _current[offset] ^= mask;
        if (offset < _durableLength) _durable[offset] ^= mask;
    }

    private static IEnumerable<(long At, int Length)> Sectors(long offset, int bytes)
    {
        for (long at = offset, end = offset + bytes; at < end;)
        {
            int length = (int)Math.Min(end - at, MemoryDisk.SectorBytes - at % MemoryDisk.SectorBytes);
            yield return (at, length);
            at += length;
        }
    }

    private static void Put(ref byte[] content, ref int length, long offset, ReadOnlySpan<byte> bytes)
    {
        int end = checked((int)(offset + bytes.Length));
        if (end > content.Length) Array.Resize(ref content, Math.Max(end, content.Length * 2));
        bytes.CopyTo(content.AsSpan((int)offset));
        length = Math.Max(length, end);
    }
}
