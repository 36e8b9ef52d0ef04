using System.Buffers;
using Conclave.Core;
using Conclave.State;
using Conclave.Storage;
using SnapshotWriter = Conclave.State.SnapshotWriter;

namespace Conclave.Node;

/// <summary>Decides when to take a snapshot of the state and cuts the log behind it. The encoding runs elsewhere, on an immutable state, while the loop goes on.</summary>
internal sealed class SnapshotCoordinator(NodeLimits limits, SnapshotStore? store, Replica replica)
{
    private Instant _nextCheck = Instant.Never;
    private long _appliedBytesSaved, _lastSize;
    private long _bytesAtNewest, _bytesBetween;                // applied when the newest snapshot was taken, and since the one before that
    private bool _isSaving, _isWanted;
    private ulong _threshold = limits.SnapshotThreshold;
    private TimeSpan _interval = limits.SnapshotInterval;
    private WallTime _wall;

    /// <summary>Last entry covered by the newest snapshot.</summary>
    public LogIndex LastIndex { get; private set; }

    /// <summary>Its term.</summary>
    public Term LastTerm { get; private set; }

    /// <summary>Snapshots saved since the start.</summary>
    public int Saved { get; private set; }

    public Instant NextWake => _nextCheck;

    /// <summary>Takes a snapshot at the next tick at which none is being saved, whether or not one is due.</summary>
    public void Request() => _isWanted = true;

    /// <summary>Begins with what was recovered.</summary>
    public void Start(LogIndex index, Term term, Instant now)
    {
        (LastIndex, LastTerm) = (index, term);
        if (store is not null) _nextCheck = now + _interval;   // in memory nothing outlives the process
    }

    /// <summary>From now on a snapshot is due after this many entries, looked for this often.</summary>
    public void Reconfigure(ulong threshold, TimeSpan interval, Instant now)
    {
        (_threshold, _interval) = (threshold, interval);
        if (store is not null && now + interval < _nextCheck) _nextCheck = now + interval;
    }

    /// <summary>Keeps ordinary snapshots away until <see cref="Release"/>, because another one is about to take its place; false while one is being saved.</summary>
    public bool TryReserve()
    {
        if (_isSaving) return false;
        return _isSaving = true;
    }

    /// <summary>Ends what <see cref="TryReserve"/> began.</summary>
    public void Release() => _isSaving = false;

    /// <summary>There is no snapshot any more.</summary>
    public void Forget() => (LastIndex, LastTerm, _lastSize) = (default, default, 0);

    /// <summary>A snapshot from elsewhere is durable and in its place.</summary>
    public void OnPlaced(SnapshotMeta meta)
    {
        if (meta.Index < LastIndex) return;
        (LastIndex, LastTerm, _lastSize) = (meta.Index, meta.Term, meta.Size);
        _appliedBytesSaved = _bytesAtNewest = replica.AppliedBytes;
    }

    /// <summary>Cuts the log behind the newest snapshot, which the state contains.</summary>
    public void Compact()
    {
        bool isLogShort = _bytesBetween <= Math.Max(limits.CatchUpLogBytes, 2 * _lastSize);
        replica.Compact(LastIndex, store!.LogNeededAfter, isLogForFollowers: isLogShort);
    }

    /// <summary>A follower needs a snapshot, and the newest one cannot be read or is too old: the state is here, so there will be another.</summary>
    public void Demand(Outbox outbox)
    {
        if (store is not null && !_isSaving) Save(_wall, outbox);
    }

    /// <summary>Looks whether a snapshot is due.</summary>
    public void OnTick(Instant now, WallTime wall, Outbox outbox)
    {
        if (store is null) return;
        _wall = wall;
        bool isDue = IsDueByBytes || _isWanted;
        if (now >= _nextCheck)
        {
            _nextCheck = now + _interval;
            isDue |= replica.Applied.Value - LastIndex.Value >= _threshold;
        }
        if (isDue && !_isSaving) Save(wall, outbox);
    }

    private bool IsDueByBytes => replica.AppliedBytes - _appliedBytesSaved >= Math.Max(limits.SnapshotBytes, _lastSize);

    private void Save(WallTime wall, Outbox outbox)
    {
        var root = replica.Root;
        var meta = new SnapshotMeta
        {
            Id = store!.NewId(new SnapshotPoint(replica.Applied, replica.AppliedTerm), wall),
            Index = replica.Applied,
            Term = replica.AppliedTerm,
            Configuration = SnapshotServers.From(replica.Raft.CommittedConfiguration),
            ConfigurationIndex = replica.Raft.CommittedConfigurationIndex,
        };
        _isSaving = true;
        _isWanted = false;
        _appliedBytesSaved = replica.AppliedBytes;             // also when saving fails: the next attempt is not made at once
        outbox.Write(NodeLogLevel.Info, "server.raft", $"starting snapshot up to: index={meta.Index}");
        outbox.Submit(store.Save(meta, output => Write(root, output), (saved, error) => OnSaved(saved, error, outbox)));
    }

    private void OnSaved(SnapshotMeta meta, DiskException? error, Outbox outbox)
    {
        _isSaving = false;
        if (error is not null)
        {
            // The log still holds everything, so this is not the end; but it grows until a later attempt succeeds.
            outbox.Write(NodeLogLevel.Error, "server.raft", $"failed to take snapshot: error=\"{error.Message}\"");
            return;
        }
        (LastIndex, LastTerm, _lastSize) = (meta.Index, meta.Term, meta.Size);
        (_bytesBetween, _bytesAtNewest) = (_appliedBytesSaved - _bytesAtNewest, _appliedBytesSaved);
        Saved++;
        Compact();
        outbox.Write(NodeLogLevel.Info, "server.raft", $"snapshot complete up to: index={meta.Index}");
    }

    /// <summary>Writes the state in the form of a snapshot.</summary>
    public static void Write(StateRoot root, IBufferWriter<byte> output)
    {
        var writer = new SnapshotWriter(root);
        while (writer.Write(output)) { }
    }
}
