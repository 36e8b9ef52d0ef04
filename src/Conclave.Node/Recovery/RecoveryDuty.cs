using Conclave.Core;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// What a server that was recovered by a list of peers does until it is one of the cluster again: it removes its mark when something was committed, and gives up what it has when the others went on without it.
/// </summary>
internal sealed class RecoveryDuty(bool isMarked, SnapshotStore? store, Replica replica, SnapshotCoordinator coordinator, Outbox outbox)
{
    private bool _isMarked = isMarked, _awaitsReset;
    private ulong? _resetTicket;

    /// <summary>Takes the next step, if it can be taken now. In each turn, before the log is written.</summary>
    public void Advance()
    {
        if (!_isMarked) return;
        var raft = replica.Raft;
        if (_awaitsReset) AwaitReset();
        if (raft.MustGiveWay && coordinator.TryReserve()) GiveWay();
        if (!raft.IsRecovering && !raft.IsGivingWay)
        {
            _isMarked = false;
            outbox.Submit(new RemoveMarkJob(outbox));
        }
    }

    private void GiveWay()
    {
        outbox.Write(NodeLogLevel.Warning, "server.raft", $"the others of peers.json went on without this server: what it had recovered is given up, and the leader's data taken: leader={replica.Raft.LeaderId} index={replica.Applied}");
        replica.GiveWay(outbox);
        (_awaitsReset, _resetTicket) = (true, null);
    }

    // The snapshots go when the log begins anew for sure: without them the rest of it would look like damage.
    private void AwaitReset()
    {
        if (!replica.IsDurable(_resetTicket ??= replica.LogTicket)) return;
        _awaitsReset = false;
        outbox.Submit(store!.RemoveAll(OnRemoved));
    }

    private void OnRemoved(DiskException? error)
    {
        coordinator.Forget();
        coordinator.Release();
        if (error is null) replica.Raft.OnGaveWay();
        else outbox.Fatal = $"Snapshots that were given up cannot be removed, the server stops: {error.Message}";
    }

    // When it fails, the next start finds it, and the first commit removes it again.
    private sealed class RemoveMarkJob(Outbox outbox) : DiskJob(DiskLane.Snapshots)
    {
        public override void Complete()
        {
            if (Error is not null) outbox.Write(NodeLogLevel.Warning, "server.raft", $"failed to remove {DiskLayout.Recovery}: error=\"{Error.Message}\"");
        }

        protected override void Execute(IDisk disk) => RecoveryMark.Remove(disk);
    }
}
