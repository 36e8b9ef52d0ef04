using System.Buffers;

namespace Conclave.Storage;

/// <summary>
/// A snapshot that is being written under a temporary name. <see cref="Open"/>, writing to <see cref="Sink"/>, <see cref="Place"/> and <see cref="Discard"/> block and belong into
/// <see cref="DiskJob"/>s; <see cref="Settle"/> is called on the loop when <see cref="Place"/> has run.
/// </summary>
public sealed class SnapshotDraft
{
    private readonly SnapshotStore _store;
    private readonly SnapshotName _name;
    private readonly List<SnapshotName> _contradicted, _obsolete, _removed = [];
    private SnapshotSink? _sink;
    private FileId _state;
    private bool _placing, _placed;

    internal SnapshotDraft(SnapshotStore store, SnapshotName name, SnapshotMeta meta)
    {
        (_store, _name, Meta) = (store, name, meta);
        _contradicted = store.ContradictedBy(name);
        _obsolete = store.ObsoleteWith(name);
    }

    /// <summary>What it holds; size and checksum count after <see cref="Place"/>.</summary>
    public SnapshotMeta Meta { get; private set; }

    /// <summary>Takes the state's records.</summary>
    public IBufferWriter<byte> Sink => _sink ?? throw new InvalidOperationException("The snapshot is not open.");

    /// <summary>Bytes written so far.</summary>
    public long Size => _sink?.Length ?? 0;

    private string Temporary => _name.Folder + DiskLayout.TemporarySuffix;

    /// <summary>Makes the files.</summary>
    public void Open(IDisk disk)
    {
        disk.Delete(Temporary);
        disk.CreateDirectory(Temporary);
        _state = disk.Open($"{Temporary}/{SnapshotName.StateFile}", FileOpening.Replace);
        _sink = new SnapshotSink(disk, _state);
    }

    /// <summary>Makes all of it durable and gives it its name; then older snapshots go.</summary>
    public void Place(IDisk disk)
    {
        var sink = _sink!;
        sink.Write();
        disk.Flush(_state);
        disk.Close(_state);
        Meta = Meta with { Size = sink.Size, Crc = sink.Crc };
        var description = disk.Open($"{Temporary}/{SnapshotName.MetaFile}", FileOpening.Replace);
        disk.Write(description, 0, SnapshotMetaJson.Write(Meta, withCrc: true));
        disk.Flush(description);
        disk.Close(description);
        disk.FlushDirectory(Temporary);
        _placing = true;
        disk.Rename(Temporary, _name.Folder);
        disk.FlushDirectory(DiskLayout.Snapshots);
        // A start would take them for the newest: it is not in its place before they are gone.
        RemoveAll(disk, _contradicted);
        _placed = true;
        RemoveAll(disk, _obsolete);
    }

    /// <summary>Removes what was written, instead of placing it.</summary>
    public void Discard(IDisk disk)
    {
        if (_sink is null) return;
        disk.Close(_state);
        disk.Delete(Temporary);
    }

    /// <summary>On the loop, when <see cref="Place"/> has ended: whether the snapshot is in its place.</summary>
    /// <param name="error">Why it failed, or null.</param>
    public bool Settle(DiskException? error)
    {
        if (_placed) _store.OnPlaced(_name, _removed);
        else if (_placing) _store.OnPlaceUnknown(error);
        return _placed;
    }

    private void RemoveAll(IDisk disk, List<SnapshotName> names)
    {
        foreach (var name in names)
        {
            Remove(disk, name);
            _removed.Add(name);
        }
    }

    // Renamed first: a removal that is cut off in the middle must not look like a damaged snapshot.
    internal static void Remove(IDisk disk, SnapshotName old)
    {
        disk.Rename(old.Folder, old.Folder + DiskLayout.TemporarySuffix);
        disk.FlushDirectory(DiskLayout.Snapshots);
        disk.Delete(old.Folder + DiskLayout.TemporarySuffix);
    }
}
