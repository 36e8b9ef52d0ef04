using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// Puts an archive's state in the place of the replicated one. The leader saves it as a snapshot above everything in the log and goes on behind it; followers miss what lies before and get the
/// snapshot. From the choice of the index until the end of the save nothing may enter the log: the node takes no proposals while <see cref="IsRunning"/>.
/// </summary>
internal sealed class RestoreDuty(SnapshotStore? store, Replica replica, SnapshotCoordinator coordinator, Outbox outbox)
{
    // Far above any real log, far below where indexes would run out.
    private const ulong IndexMax = 1UL << 62;

    private NodeRequest? _request;
    private Term _term;
    private LogIndex _index;
    private Term _installedIn;                                 // not 0: in force here, until a majority has it

    /// <summary>The log must not grow.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The state was replaced: what was in flight is lost, duties begin anew. Read once.</summary>
    public bool TakeReplaced() => (_replaced, _replaced = false).Item1;

    private bool _replaced;

    /// <summary>Begins, when this server leads and nothing like it is under way.</summary>
    public void Begin(NodeRequest request, WallTime wall)
    {
        var raft = replica.Raft;
        if (_request is not null)
        {
            End(request, "another snapshot is being restored");
        }
        else if (request.RestoredRoot is not { } root || request.RestoredIndex > IndexMax || root.LastIndex > IndexMax)
        {
            End(request, $"the archive's index {Math.Max(request.RestoredIndex, request.RestoredRoot?.LastIndex ?? 0)} is out of range");
        }
        else if (!coordinator.TryReserve())
        {
            End(request, "a snapshot is being saved, try again");
        }
        else
        {
            (_request, _term, IsRunning) = (request, raft.Term, true);
            _index = raft.RestoreIndex(new LogIndex(Math.Max(request.RestoredIndex, root.LastIndex)));
            outbox.Write(NodeLogLevel.Info, "server.raft", $"restoring state of a snapshot: index={_index}");
            var applier = new CommandApplier(root);
            applier.Skip(_index);
            Save(applier.Publish(out _), wall);
        }
    }

    /// <summary>An entry of the leader's own was applied: with the first one behind the snapshot a majority has it.</summary>
    public void OnNoop(in LogEntry entry)
    {
        if (_installedIn.Value > 0 && entry.Term == _installedIn && entry.Index > _index) Finish("");
    }

    /// <summary>This server leads no longer. What is being saved goes on until it is known whether it must be taken back.</summary>
    public void Resign()
    {
        if (_installedIn.Value > 0) Finish(ErrorTexts.LeadershipLost);
    }

    private void Save(StateRoot root, WallTime wall)
    {
        var raft = replica.Raft;
        if (store is null)
        {
            Install(root);
            return;
        }
        var end = new SnapshotPoint(_index, _term);
        var meta = new SnapshotMeta { Id = store.NewId(end, wall), Index = _index, Term = _term, Configuration = SnapshotServers.From(raft.Configuration), ConfigurationIndex = _index };
        outbox.Submit(store.Save(meta, output => SnapshotCoordinator.Write(root, output), (saved, error) => OnSaved(saved, root, error)));
    }

    private void OnSaved(SnapshotMeta meta, StateRoot root, DiskException? error)
    {
        if (error is not null)
        {
            Finish($"failed to store the snapshot: {error.Message}");
        }
        else if (replica.Raft.Term == _term && Install(root))
        {
            coordinator.OnPlaced(meta);
        }
        else
        {
            // Another leads: the snapshot must not be found by the next start, as it holds what the cluster does not.
            outbox.Submit(store!.Withdraw(meta, OnWithdrawn));
        }
    }

    private bool Install(StateRoot root)
    {
        if (!replica.Raft.OnRestored(_index)) return false;
        replica.Replace(root, new LogReset(_index, _term), outbox);
        coordinator.Release();
        (_installedIn, IsRunning, _replaced) = (_term, false, true);
        outbox.Write(NodeLogLevel.Info, "server.raft", $"restored state of a snapshot: index={_index}");
        return true;
    }

    private void OnWithdrawn(DiskException? error)
    {
        if (error is not null) outbox.Fatal = $"A snapshot that was to be restored did not come into force and cannot be removed, the server stops: {error.Message}";
        Finish(ErrorTexts.LeadershipLost);
    }

    private void Finish(string error)
    {
        if (IsRunning) coordinator.Release();
        (IsRunning, _installedIn) = (false, default);
        if (_request is not { } request) return;
        _request = null;
        End(request, error);
    }

    private void End(NodeRequest request, string error)
    {
        request.RestoredRoot = null;
        request.Result = error.Length > 0 ? ApplyResult.Error(error) : ApplyResult.None.At(_index.Value);
        outbox.Complete(request);
    }
}
