namespace Conclave.Storage;

/// <summary>A snapshot on disk whose content was found to be what was written. Reads <c>state.bin</c> from its beginning, piece by piece; for the time before the loop starts, or in a job.</summary>
public sealed class StoredSnapshot : IDisposable
{
    private readonly IDisk _disk;
    private readonly FileId _file;
    private long _offset;
    private ulong _crc;

    internal StoredSnapshot(IDisk disk, FileId file, SnapshotMeta meta)
    {
        _disk = disk;
        _file = file;
        Meta = meta;
    }

    /// <summary>What it holds.</summary>
    public SnapshotMeta Meta { get; }

    /// <summary>Reads the next bytes of the state; 0 at its end.</summary>
    /// <exception cref="DiskException">The disk failed.</exception>
    public int Read(Span<byte> into)
    {
        int wanted = (int)Math.Min(into.Length, Meta.Size - _offset);
        int read = wanted == 0 ? 0 : _disk.Read(_file, _offset, into[..wanted]);
        if (wanted > 0 && read == 0) throw new DiskException(DiskError.Failed, "read", $"{DiskLayout.Snapshots}/{Meta.Id}/state.bin", "the file became shorter");
        _offset += read;
        // It was right when it was opened, but may have changed since; whoever sends it has nothing else that would tell.
        _crc = Crc64.Append(_crc, into[..read]);
        if (_offset == Meta.Size && _crc != Meta.Crc) throw new DiskException(DiskError.Failed, "read", $"{DiskLayout.Snapshots}/{Meta.Id}/state.bin", "the content is not what was written");
        return read;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _disk.Close(_file);
}
