using Conclave.Core;

namespace Conclave.Storage;

/// <summary>What stands at a place of a segment.</summary>
internal enum RecordFound
{
    /// <summary>A record whose checksums are right.</summary>
    Valid,
    /// <summary>Zeros, or the end of the file.</summary>
    Blank,
    /// <summary>Something else.</summary>
    Invalid,
}

/// <summary>Reads a segment through a window, for recovery.</summary>
internal sealed class SegmentReader(IDisk disk, int entryBytesMax)
{
    private const int WindowBytes = 256 << 10;

    private readonly byte[] _window = GC.AllocateUninitializedArray<byte>(WindowBytes);
    private Segment _segment = null!;
    private long _windowAt;
    private int _windowBytes;

    public long Length { get; private set; }

    public void Open(Segment segment)
    {
        _segment = segment;
        _windowBytes = 0;
        Length = disk.Length(segment.File);
    }

    /// <summary>Reads the record at <paramref name="offset"/>. The payload is a new array, of the exact size, without padding.</summary>
    public RecordFound Read(long offset, out WalHeader header, out byte[] payload)
    {
        payload = [];
        var bytes = Peek(offset, WalFormat.RecordHeaderBytes);
        if (bytes.Length < WalFormat.RecordHeaderBytes)
        {
            header = default;
            return bytes.ContainsAnyExcept((byte)0) ? RecordFound.Invalid : RecordFound.Blank;
        }
        if (!WalFormat.TryReadHeader(bytes, _segment.Seed, offset, out header)) return bytes.ContainsAnyExcept((byte)0) ? RecordFound.Invalid : RecordFound.Blank;
        if (header.PayloadBytes > entryBytesMax + WalFormat.ExtensionBytesMax || offset + header.RecordBytes > Length) return RecordFound.Invalid;
        payload = new byte[header.PayloadBytes];
        long at = offset + WalFormat.RecordHeaderBytes;
        Copy(at, payload);
        uint crc = Crc32C.Append(0, payload);
        crc = Crc32C.Append(crc, Peek(at + payload.Length, WalFormat.PaddingBytes(payload.Length)));
        return crc == header.PayloadCrc ? RecordFound.Valid : RecordFound.Invalid;
    }

    /// <summary>Looks for the header of a record that began a batch, or of a seal or roll, at <paramref name="offset"/> or behind it. Payloads are not looked at: whoever writes values cannot make this slow.</summary>
    public bool FindBatchStart(long offset, out long at, out WalHeader header)
    {
        for (at = offset; at + WalFormat.RecordHeaderBytes <= Length; at += 8)
        {
            var bytes = Peek(at, WalFormat.RecordHeaderBytes);
            if (bytes.Length < WalFormat.RecordHeaderBytes) break;
            if (bytes[12] != 0 && WalFormat.TryReadHeader(bytes, _segment.Seed, at, out header) && header.BatchStart) return true;
        }
        header = default;
        return false;
    }

    /// <summary>End of the last byte at or behind <paramref name="offset"/> that is not zero; <paramref name="offset"/> when all are.</summary>
    public long EndOfContent(long offset)
    {
        long end = offset;
        for (long at = offset; at < Length;)
        {
            var bytes = Peek(at, WindowBytes);
            if (bytes.IsEmpty) break;
            int last = bytes.LastIndexOfAnyExcept((byte)0);
            if (last >= 0) end = at + last + 1;
            at += bytes.Length;
        }
        return end;
    }

    // Borrowed until the next call; shorter than asked for at the end of the file only.
    private ReadOnlySpan<byte> Peek(long offset, int bytes)
    {
        if (offset < _windowAt || offset + bytes > _windowAt + _windowBytes)
        {
            _windowAt = offset;
            _windowBytes = 0;
            while (_windowBytes < _window.Length)
            {
                int read = disk.Read(_segment.File, offset + _windowBytes, _window.AsSpan(_windowBytes));
                if (read == 0) break;
                _windowBytes += read;
            }
        }
        int start = (int)(offset - _windowAt);
        return _window.AsSpan(start, Math.Min(bytes, _windowBytes - start));
    }

    private void Copy(long offset, Span<byte> into)
    {
        if (into.Length <= WindowBytes)
        {
            Peek(offset, into.Length).CopyTo(into);
            return;
        }
        for (int done = 0; done < into.Length;)
        {
            int read = disk.Read(_segment.File, offset + done, into[done..]);
            if (read == 0) return;
            done += read;
        }
    }
}
