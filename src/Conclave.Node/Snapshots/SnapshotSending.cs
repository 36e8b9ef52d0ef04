using System.Buffers;
using Conclave.Core;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>Sends snapshots to followers that are too far behind, one chunk at a time, each follower at its own pace.</summary>
internal sealed class SnapshotSending(NodeLimits limits, SnapshotStore? store, Replica replica, SnapshotCoordinator coordinator, Outbox outbox)
{
    private readonly List<SnapshotUpload> _uploads = [];

    /// <summary>Raft wants a follower to get the newest snapshot.</summary>
    public void Begin(in RaftMessage wanted)
    {
        var request = wanted;
        if (store is null) BeginFromMemory(request);
        else outbox.Submit(store.OpenToSend(stored => OnOpened(request, stored)));
    }

    /// <summary>The chunk has left.</summary>
    public void OnSent(SnapshotUpload upload)
    {
        if (!_uploads.Contains(upload) || upload.IsLast) return;         // the answer ends it, and may come before its time
        upload.Offset += upload.Chunk.Length;
        Next(upload);
    }

    /// <summary>It cannot be sent.</summary>
    public void OnFailed(SnapshotUpload upload)
    {
        if (!_uploads.Contains(upload)) return;
        End(upload);
        Refuse(upload.Offer.Message);
    }

    /// <summary>The follower has answered.</summary>
    public void OnAnswered(in RaftMessage reply)
    {
        foreach (var upload in _uploads)
        {
            if (upload.Offer.Message.To != reply.From || upload.Offer.Message.RequestId != reply.RequestId) continue;
            End(upload);
            return;
        }
    }

    /// <summary>Nobody wants them any more: this server leads no longer, or in another term.</summary>
    public void AbortAll()
    {
        foreach (var upload in _uploads.ToArray()) Abort(upload);
    }

    /// <summary>The server cannot be reached: what was on its way to it is lost.</summary>
    public void Abort(string serverId)
    {
        foreach (var upload in _uploads.ToArray())
            if (upload.Offer.Message.To == serverId) Abort(upload);
    }

    private void Abort(SnapshotUpload upload)
    {
        End(upload);
        upload.IsAborted = true;
        outbox.Upload(upload);
    }

    private void OnOpened(in RaftMessage request, StoredSnapshot? stored)
    {
        var raft = replica.Raft;
        if (stored is null)
        {
            outbox.Write(NodeLogLevel.Error, "server.raft", $"there is no readable snapshot to send: peer={request.To}");
            coordinator.Demand(outbox);
            Refuse(request);
        }
        else if (raft.Role != RaftRole.Leader || raft.Term != request.Term || stored.Meta.Index < request.LogIndex)
        {
            outbox.Submit(new CloseStoredJob(stored));
            if (stored.Meta.Index < request.LogIndex) coordinator.Demand(outbox);
            Refuse(request);
        }
        else
        {
            var meta = stored.Meta;
            var message = request with { From = raft.ServerId, LogIndex = meta.Index, LogTerm = meta.Term };
            Start(new SnapshotUpload(new SnapshotOffer(message, SnapshotServers.ToConfiguration(meta), meta.ConfigurationIndex, meta.Size), stored, default));
        }
    }

    // Nothing is kept on a disk: the state itself is written out. Such servers are for development, and small.
    private void BeginFromMemory(in RaftMessage request)
    {
        var raft = replica.Raft;
        var state = new ArrayBufferWriter<byte>();
        SnapshotCoordinator.Write(replica.Root, state);
        var message = request with { From = raft.ServerId, LogIndex = replica.Applied, LogTerm = replica.AppliedTerm };
        Start(new SnapshotUpload(new SnapshotOffer(message, raft.CommittedConfiguration, raft.CommittedConfigurationIndex, state.WrittenCount), null, state.WrittenMemory));
    }

    private void Start(SnapshotUpload upload)
    {
        _uploads.Add(upload);
        outbox.Write(NodeLogLevel.Info, "server.raft", $"sending snapshot: peer={upload.Offer.Message.To} index={upload.Offer.Message.LogIndex} size={upload.Offer.Size}");
        Next(upload);
    }

    private void Next(SnapshotUpload upload)
    {
        if (upload.Stored is null)
        {
            int length = (int)Math.Min(limits.SnapshotChunkBytes, upload.Memory.Length - upload.Offset);
            upload.Chunk = upload.Memory.Slice((int)upload.Offset, length);
            outbox.Upload(upload);
            return;
        }
        upload.IsReading = true;
        outbox.Submit(new ReadChunkJob(upload, limits.SnapshotChunkBytes, OnRead));
    }

    private void OnRead(SnapshotUpload upload, DiskException? error)
    {
        upload.IsReading = false;
        if (!_uploads.Contains(upload))
        {
            Close(upload);
            return;
        }
        if (error is null && !upload.Chunk.IsEmpty)
        {
            outbox.Upload(upload);
            return;
        }
        outbox.Write(NodeLogLevel.Error, "server.raft", $"failed to read the snapshot to send: error=\"{error?.Message ?? "it is empty"}\"");
        Abort(upload);
        Refuse(upload.Offer.Message);
    }

    private void End(SnapshotUpload upload)
    {
        _uploads.Remove(upload);
        if (!upload.IsReading) Close(upload);
    }

    private void Close(SnapshotUpload upload)
    {
        if (upload.Stored is { } stored) outbox.Submit(new CloseStoredJob(stored));
    }

    // What Raft hears when a snapshot did not arrive: it tries again a little later.
    private void Refuse(in RaftMessage request) =>
        replica.Raft.Step(new RaftMessage { Kind = RaftMessageKind.SnapshotReply, From = request.To, To = request.From, Term = request.Term, RequestId = request.RequestId, Success = false });
}
