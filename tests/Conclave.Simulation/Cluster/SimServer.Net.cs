using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

// Messages travel as datagrams, so that all that can happen to them does; snapshots as streams.
internal sealed partial class SimServer
{
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<SnapshotUpload, SimStreamEnd> _uploads = [];
    private readonly Dictionary<SimStreamEnd, SnapshotUpload> _uploadOf = [];
    private readonly Dictionary<SimStreamEnd, SnapshotStream> _downloads = [];

    public override void OnDatagram(int from, ReadOnlySpan<byte> bytes)
    {
        if (Node is not { } node) return;
        var message = RaftEnvelope.Decode(bytes, ServerId, node.Replica.Raft.Term);
        if (!_cluster.Flaws.Arrives(this, ref message)) return;
        if (message.Kind == RaftMessageKind.PreVote && _cluster.Settings.IsOld(Id))
        {
            World.Mark("pre-vote not known");
            Network.Send(Id, from, _envelope.Encode(RaftWire.PreVoteUnknown(message), World.Now));
            return;
        }
        if (message is { Kind: RaftMessageKind.Append, Heartbeat: false }) Promises.OnAsked(message);
        Post(new ServerInput(InputKind.Message) { Message = message, SentAt = RaftEnvelope.SentAt(bytes) });
    }

    public override bool OnAccept(SimStreamEnd end, int from)
    {
        _downloads.Add(end, new SnapshotStream());
        return true;
    }

    public override void OnStreamBytes(SimStreamEnd end, ReadOnlySpan<byte> bytes)
    {
        if (!_downloads.TryGetValue(end, out var stream)) return;
        if (stream.Take(bytes, ServerId) is { } offered) Post(new ServerInput(InputKind.Offered) { Download = offered });
        GiveChunk(stream);
    }

    public override void OnStreamEnded(SimStreamEnd end, string? error)
    {
        if (_downloads.Remove(end, out var stream) && stream.Download is { } download) Post(new ServerInput(InputKind.Broken) { Download = download });
        if (!_uploadOf.Remove(end, out var upload)) return;
        _uploads.Remove(upload);
        Post(new ServerInput(InputKind.UploadFailed) { Upload = upload });
    }

    private void Send(in RaftMessage sent)
    {
        var message = sent;
        if (!_cluster.Flaws.Leaves(this, ref message)) return;
        Promises.OnSent(message);
        if (message is { Kind: RaftMessageKind.AppendReply, Heartbeat: false }) NoteClaim(message);
        int slot = _cluster.SlotOf(message.To);
        if (slot < 0) return;
        Network.Send(Id, slot, _envelope.Encode(message, World.Now));
        // A connection that cannot be made is noticed.
        if (!_cluster.Servers[slot].IsUp && Chance.Next(4) == 0) Post(new ServerInput(InputKind.Unreachable) { ServerId = message.To });
    }

    // The answer says that everything up to the end of what was asked is here and durable. What a newer leader has replaced since it was made is not claimed any more.
    private void NoteClaim(in RaftMessage reply)
    {
        if (!Promises.TryTakeAsked(reply, out ulong index) || !reply.Success) return;
        if (_shadow.TermAt(index) is > 0 and var term && term <= reply.Term.Value) Promises.OnClaimed(index, term);
    }

    private void CarryOut(SnapshotUpload upload)
    {
        if (upload.IsAborted)
        {
            if (!_uploads.Remove(upload, out var dead)) return;
            _uploadOf.Remove(dead);
            Network.Close(dead);
            return;
        }
        if (!_uploads.TryGetValue(upload, out var end))
        {
            int slot = _cluster.SlotOf(upload.Offer.Message.To);
            if (slot < 0)
            {
                Post(new ServerInput(InputKind.UploadFailed) { Upload = upload });
                return;
            }
            end = Network.Dial(Id, slot);
            _uploads.Add(upload, end);
            _uploadOf.Add(end, upload);
            Network.Write(end, SnapshotStream.Announce(upload.Offer));
            World.Mark("snapshot sent");
        }
        Network.Write(end, upload.Chunk.Span);
        World.At(World.Now + Chance.NextTimeSpan(TimeSpan.FromMilliseconds(2)), this, Sent, _life, item: upload);
        if (upload.IsLast) GiveUpLater(upload);
    }

    // Nothing tells that a machine which had taken everything has lost its power: whoever waits for an answer must give up some time.
    private void GiveUpLater(SnapshotUpload upload) => World.After(AnswerPatience, () =>
    {
        if (!_uploads.Remove(upload, out var end)) return;
        _uploadOf.Remove(end);
        Network.Close(end);
        Post(new ServerInput(InputKind.UploadFailed) { Upload = upload });
    });

    private void CarryOut(SnapshotDownload download)
    {
        foreach (var (end, stream) in _downloads)
        {
            if (stream.Download != download) continue;
            if (!download.IsOver)
            {
                stream.IsWanted = true;
                GiveChunk(stream);
                return;
            }
            _downloads.Remove(end);
            Network.Close(end);
            return;
        }
    }

    private void GiveChunk(SnapshotStream stream)
    {
        if (!stream.IsWanted || stream.TakeChunk(_cluster.Settings.Limits.SnapshotChunkBytes) is not { Length: > 0 } chunk) return;
        stream.IsWanted = false;
        Post(new ServerInput(InputKind.Chunk) { Download = stream.Download, Chunk = chunk });
    }

    private void ForgetStreams()
    {
        _uploads.Clear();
        _uploadOf.Clear();
        _downloads.Clear();
    }
}
