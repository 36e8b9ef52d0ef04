using System.Buffers;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>Reads the next chunk of a snapshot that is sent.</summary>
internal sealed class ReadChunkJob(SnapshotUpload upload, int chunkBytes, Action<SnapshotUpload, DiskException?> done) : DiskJob(DiskLane.Snapshots)
{
    private int _read;

    public override void Complete()
    {
        upload.Chunk = upload.Buffer.AsMemory(0, _read);
        done(upload, Error);
    }

    protected override void Execute(IDisk disk)
    {
        if (upload.Buffer.Length == 0) upload.Buffer = new byte[(int)Math.Min(chunkBytes, Math.Max(upload.Offer.Size, 1))];
        while (_read < upload.Buffer.Length && upload.Stored!.Read(upload.Buffer.AsSpan(_read)) is > 0 and var read) _read += read;
    }
}

/// <summary>Closes a snapshot that was sent.</summary>
internal sealed class CloseStoredJob(StoredSnapshot stored) : DiskJob(DiskLane.Snapshots)
{
    public override void Complete()
    {
    }

    protected override void Execute(IDisk disk) => stored.Dispose();
}

/// <summary>Takes a chunk of a snapshot that is received: into the file, and decoded into a state of its own. After the last one the state is complete, or the snapshot is refused.</summary>
internal sealed class TakeChunkJob(SnapshotDownload download, ReadOnlyMemory<byte> chunk, bool isLast, Action<SnapshotDownload, DiskException?> done) : DiskJob(DiskLane.Snapshots)
{
    public override void Complete() => done(download, Error);

    protected override void Execute(IDisk disk)
    {
        if (download.Received == 0) download.Draft?.Open(disk);
        try
        {
            download.Reader.Read(chunk.Span);
            if (isLast) download.Root = download.Reader.Complete();
        }
        catch (SnapshotException refusal)
        {
            download.Problem = $"failed to restore snapshot: {refusal.Message}";
            return;
        }
        download.Draft?.Sink.Write(chunk.Span);
    }
}

/// <summary>Puts a snapshot in its place.</summary>
internal sealed class PlaceJob(SnapshotDraft draft, Action<bool, DiskException?> done) : DiskJob(DiskLane.Snapshots)
{
    public override void Complete() => done(draft.Settle(Error), Error);

    protected override void Execute(IDisk disk) => draft.Place(disk);
}

/// <summary>Removes what a broken transfer left.</summary>
internal sealed class DiscardJob(SnapshotDraft draft, Action done) : DiskJob(DiskLane.Snapshots)
{
    public override void Complete() => done();

    protected override void Execute(IDisk disk) => draft.Discard(disk);
}
