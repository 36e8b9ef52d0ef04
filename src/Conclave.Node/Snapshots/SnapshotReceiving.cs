using Conclave.Core;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// Receives a snapshot from the leader: into a file and into a state of its own, and only when both are whole and durable does it take the place of what is there. One at a time.
/// </summary>
internal sealed class SnapshotReceiving(SnapshotStore? store, Replica replica, SnapshotCoordinator coordinator, Outbox outbox)
{
    private SnapshotDownload? _active;

    /// <summary>A leader offers a snapshot.</summary>
    public void OnOffered(SnapshotDownload download, WallTime wall)
    {
        var offer = download.Offer;
        if (_active is { } other)
        {
            // The leader has begun anew, or is another one: the old transfer is given up, and this one may come again when its remains are gone.
            other.IsBroken = true;
            if (!other.IsBusy) Discard(other);
            Refuse(download, "");
        }
        else if (!replica.Raft.OfferSnapshot(offer.Message)) Over(download);   // Raft has answered
        else if (offer.Size <= 0 || offer.Configuration.VoterCount == 0) Refuse(download, "failed to restore snapshot: it is empty");
        else if (!coordinator.TryReserve()) Refuse(download, "");
        else
        {
            _active = download;
            outbox.Write(NodeLogLevel.Info, "server.raft", $"receiving snapshot: leader={offer.Message.From} index={offer.Message.LogIndex} size={offer.Size}");
            if (store is not null) download.Draft = store.Begin(MetaOf(offer, wall));
            outbox.Download(download);
        }
    }

    /// <summary>The next bytes; they belong to the node until the next chunk is wanted.</summary>
    public void OnChunk(SnapshotDownload download, ReadOnlyMemory<byte> chunk)
    {
        if (download.IsOver || download != _active || download.IsBusy) return;
        long left = download.Offer.Size - download.Received;
        if (chunk.Length > left) chunk = chunk[..(int)left];
        if (chunk.IsEmpty) return;
        download.IsBusy = true;
        replica.Submit(new TakeChunkJob(download, chunk, chunk.Length == left, (taken, error) => OnTaken(taken, chunk.Length, error)), outbox);
    }

    /// <summary>The stream has ended before its time.</summary>
    public void OnBroken(SnapshotDownload download)
    {
        if (download.IsOver || download != _active) return;
        download.IsBroken = true;
        if (!download.IsBusy) Discard(download);
    }

    private void OnTaken(SnapshotDownload download, int bytes, DiskException? error)
    {
        download.IsBusy = false;
        download.Received += bytes;
        if (error is not null) outbox.Write(NodeLogLevel.Error, "server.raft", $"failed to store the leader's snapshot: error=\"{error.Message}\"");
        if (download.Root is { } root && root.LastIndex > download.Offer.Message.LogIndex.Value) download.Problem = "failed to restore snapshot: it goes beyond the index that it claims";
        if (download.IsBroken || download.Problem.Length > 0 || error is not null) Discard(download);
        else if (download.Root is null) outbox.Download(download);
        else if (!IsWanted(download)) Discard(download);
        else if (download.Draft is not { } draft) Install(download);
        else
        {
            download.IsBusy = true;
            replica.Submit(new PlaceJob(draft, (placed, failure) => OnPlaced(download, draft, placed, failure)), outbox);
        }
    }

    private void OnPlaced(SnapshotDownload download, SnapshotDraft draft, bool placed, DiskException? error)
    {
        download.IsBusy = false;
        if (placed)
        {
            coordinator.OnPlaced(draft.Meta);
            Install(download);
            return;
        }
        outbox.Write(NodeLogLevel.Error, "server.raft", $"failed to store the leader's snapshot: error=\"{error?.Message}\"");
        coordinator.Release();
        _active = null;
        Refuse(download, "");
    }

    // What is committed beyond it meanwhile came from a leader that has it, too.
    private bool IsWanted(SnapshotDownload download) => download.Offer.Message.LogIndex > replica.Raft.CommitIndex;

    private void Install(SnapshotDownload download)
    {
        coordinator.Release();
        _active = null;
        var offer = download.Offer;
        if (IsWanted(download))
        {
            replica.Install(offer, download.Root!, outbox);
            outbox.Write(NodeLogLevel.Info, "server.raft", $"installed remote snapshot: index={offer.Message.LogIndex}");
        }
        else replica.Raft.OnSnapshotFailed(offer.Message);
        if (download.Draft is not null) coordinator.Compact();
        Over(download);
    }

    private void Discard(SnapshotDownload download)
    {
        if (download.Draft is not { } draft)
        {
            OnDiscarded(download);
            return;
        }
        download.IsBusy = true;
        replica.Submit(new DiscardJob(draft, () => OnDiscarded(download)), outbox);
    }

    private void OnDiscarded(SnapshotDownload download)
    {
        coordinator.Release();
        _active = null;
        Refuse(download, download.Problem);
    }

    private void Refuse(SnapshotDownload download, string problem)
    {
        download.Problem = problem;
        if (problem.Length > 0) outbox.Write(NodeLogLevel.Error, "server.raft", $"refused the snapshot of {download.Offer.Message.From}: {problem}");
        replica.Raft.OnSnapshotFailed(download.Offer.Message);
        Over(download);
    }

    private void Over(SnapshotDownload download)
    {
        download.IsOver = true;
        download.Reader.Dispose();
        outbox.Download(download);
    }

    private SnapshotMeta MetaOf(SnapshotOffer offer, WallTime wall)
    {
        var end = new SnapshotPoint(offer.Message.LogIndex, offer.Message.LogTerm);
        return new SnapshotMeta
        {
            Id = store!.NewId(end, wall),
            Index = end.Index,
            Term = end.Term,
            Configuration = SnapshotServers.From(offer.Configuration),
            ConfigurationIndex = offer.ConfigurationIndex,
        };
    }
}
