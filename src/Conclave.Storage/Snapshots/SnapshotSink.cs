using System.Buffers;

namespace Conclave.Storage;

/// <summary>Takes the state's records and writes them to a file in large pieces, with length and checksum on the way.</summary>
internal sealed class SnapshotSink(IDisk disk, FileId file) : IBufferWriter<byte>
{
    private const int BufferBytes = 256 << 10;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private int _used;

    public long Size { get; private set; }

    public ulong Crc { get; private set; }

    /// <summary>Bytes taken so far, written or not.</summary>
    public long Length => Size + _used;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_buffer.Length - _used));
        _used += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_used);
    }

    public void Write()
    {
        if (_used == 0) return;
        var bytes = _buffer.AsSpan(0, _used);
        disk.Write(file, Size, bytes);
        Crc = Crc64.Append(Crc, bytes);
        Size += _used;
        _used = 0;
    }

    private void MakeRoom(int sizeHint)
    {
        if (_buffer.Length - _used >= Math.Max(sizeHint, 1)) return;
        Write();
        if (_buffer.Length < sizeHint) _buffer = new byte[sizeHint];
    }
}
