using Conclave.Core;
using Conclave.Storage;

namespace Conclave.Node.Integrity;

/// <summary>
/// Reads the log and the snapshots on disk again from time to time, slowly. What the disk has damaged is still whole in memory: the state is saved anew, twice, so that both retained snapshots
/// are good ones, and the damaged files go. Otherwise the damage would be found at the next start, when it is too late.
/// </summary>
internal sealed class ScrubDuty
{
    private readonly NodeLimits _limits;
    private readonly Wal? _wal;
    private readonly SnapshotStore? _store;
    private readonly Replica _replica;
    private readonly SnapshotCoordinator _snapshots;
    private WalScrub? _log;
    private SnapshotScrub? _files;
    private LogIndex _damageEnd;
    private int _savesAwaited;                                         // while repairing: value of SnapshotCoordinator.Saved that ends it

    public ScrubDuty(NodeLimits limits, Wal? wal, SnapshotStore? store, Replica replica, SnapshotCoordinator snapshots, Instant now)
    {
        (_limits, _wal, _store, _replica, _snapshots) = (limits, wal, store, replica, snapshots);
        // Recovery has just read everything.
        NextWake = wal is null ? Instant.Never : now + limits.ScrubInterval;
    }

    /// <summary>When <see cref="OnTick"/> has something to do.</summary>
    public Instant NextWake { get; private set; }

    /// <summary>Places of damage found since the start.</summary>
    public int Damages { get; private set; }

    /// <summary>Those of them whose content was saved anew.</summary>
    public int Repaired { get; private set; }

    public void OnTick(Instant now, Outbox outbox)
    {
        if (now < NextWake) return;
        NextWake = now + _limits.ScrubPause;
        if (_savesAwaited > 0) Repair(now, outbox);
        else Check(now, outbox);
    }

    private void Check(Instant now, Outbox outbox)
    {
        if (_log is null) (_log, _files) = (_wal!.StartScrub(), null);
        if (!_log.IsOver) Submit(_log.Next(_limits.ScrubStretchBytes), outbox);
        else if (_log.Damage is { } damage) StartRepair(damage, isLog: true, outbox);
        else if ((_files ??= _store!.StartScrub()) is { IsOver: false } files) Submit(files.Next(_limits.ScrubStretchBytes), outbox);
        else if (_files.Damage is { } damaged) StartRepair(damaged, isLog: false, outbox);
        else EndPass(now, outbox);
    }

    private static void Submit(DiskJob? job, Outbox outbox)
    {
        if (job is not null) outbox.Submit(job);
    }

    private void EndPass(Instant now, Outbox outbox)
    {
        outbox.Write(NodeLogLevel.Debug, "server.raft", $"checked what is on disk: log={_log!.Checked} snapshots={_files!.Checked}");
        _log = null;
        NextWake = now + _limits.ScrubInterval;
    }

    private void StartRepair(string damage, bool isLog, Outbox outbox)
    {
        Damages++;
        _log = null;
        _damageEnd = isLog ? _replica.LeaveLogSegment() : default;
        _savesAwaited = _snapshots.Saved + SnapshotStore.Retained;
        outbox.Write(NodeLogLevel.Error, "server.raft", $"the disk has damaged {damage.TrimEnd('.')}; nothing is lost: what was there is saved anew from memory. Check the disk");
    }

    private void Repair(Instant now, Outbox outbox)
    {
        // Entries that are not committed yet are in no snapshot.
        if (_replica.Applied < _damageEnd) return;
        if (_snapshots.Saved < _savesAwaited)
        {
            _snapshots.Request();
            return;
        }
        _savesAwaited = 0;
        Repaired++;
        _replica.DropLog(_damageEnd);
        NextWake = now + _limits.ScrubInterval;
        outbox.Write(NodeLogLevel.Info, "server.raft", "what was damaged on disk is saved anew");
    }
}
