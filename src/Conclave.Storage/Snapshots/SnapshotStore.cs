using System.Buffers;

using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Writes the state's records (<c>state.bin</c>). Called once, by the disk's worker, on an immutable state.</summary>
public delegate void SnapshotWriter(IBufferWriter<byte> output);

/// <summary>
/// Snapshots in the data folder, each in a folder of its own in Consul's form (<c>raft/snapshots/term-index-ms/{meta.json,state.bin}</c>). The newest two are kept.
/// </summary>
public sealed class SnapshotStore
{
    /// <summary>Snapshots that stay.</summary>
    public const int Retained = 2;

    /// <summary>Lists what is there and removes what an interrupted save left. Blocks; for the time before the loop starts.</summary>
    public static SnapshotStore Open(IDisk disk) => throw new NotImplementedException();

    /// <summary>The newest snapshot that can be read, its content verified; null when there is none. A damaged newer one is named in <paramref name="damaged"/>; whether the older one will do, the log decides (<see cref="CheckLogReaches"/>).</summary>
    public StoredSnapshot? ReadNewest(out IReadOnlyList<string> damaged) => throw new NotImplementedException();

    /// <summary>Refuses to go on when the log does not continue where the snapshot ends.</summary>
    /// <exception cref="WalDamagedException">Entries between the two are missing.</exception>
    public static void CheckLogReaches(StoredSnapshot? snapshot, RecoveredLog log, IReadOnlyList<string> damaged) => throw new NotImplementedException();

    /// <summary>A job that saves a snapshot durably: temporary name, flush, rename, flush of the folder, then removal of the older ones. The log may be cut when it has completed without error.</summary>
    /// <param name="meta">What it holds; size and checksum are filled in.</param>
    /// <param name="write">Writes the state.</param>
    /// <param name="done">Called by the job's <see cref="DiskJob.Complete"/>, on the loop; the argument is the error or null.</param>
    public DiskJob Save(SnapshotMeta meta, SnapshotWriter write, Action<SnapshotMeta, DiskException?> done) => throw new NotImplementedException();
}

/// <summary>A snapshot as read back.</summary>
/// <param name="Meta">What it holds.</param>
/// <param name="State"><c>state.bin</c>, verified.</param>
public sealed record StoredSnapshot(SnapshotMeta Meta, ReadOnlySequence<byte> State);
