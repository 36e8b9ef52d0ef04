using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>Copies of the node's numbers, written by its loop each turn and read by anybody: each is whole, together they may be from two turns.</summary>
internal sealed class RaftNumbers
{
    private volatile string _state = "Follower";
    private ulong _term, _lastIndex, _lastTerm, _commit, _applied, _snapshotIndex, _snapshotTerm;
    private volatile int _pending;

    public void Take(Node.Node node)
    {
        var now = node.Progress;
        _state = now.State;
        Volatile.Write(ref _term, now.Term);
        Volatile.Write(ref _lastIndex, now.LastLogIndex);
        Volatile.Write(ref _lastTerm, now.LastLogTerm);
        Volatile.Write(ref _commit, now.CommitIndex);
        Volatile.Write(ref _applied, now.AppliedIndex);
        Volatile.Write(ref _snapshotIndex, now.SnapshotIndex);
        Volatile.Write(ref _snapshotTerm, now.SnapshotTerm);
        _pending = now.PendingProposals;
    }

    public RaftStatus Read() => new(
        _state,
        Volatile.Read(ref _term),
        Volatile.Read(ref _lastIndex),
        Volatile.Read(ref _lastTerm),
        Volatile.Read(ref _commit),
        Volatile.Read(ref _applied),
        Volatile.Read(ref _snapshotIndex),
        Volatile.Read(ref _snapshotTerm),
        _pending);
}
