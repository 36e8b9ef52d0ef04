using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Everything that is recovered from a data folder when a server starts.</summary>
/// <param name="Snapshots">The snapshots.</param>
/// <param name="Newest">The newest readable one, opened, or null; the caller restores the state from it and disposes it.</param>
/// <param name="Wal">The log.</param>
/// <param name="Log">What the log held.</param>
/// <param name="Warnings">Damage that could be made good, for the operator.</param>
public sealed record RecoveredFolder(SnapshotStore Snapshots, StoredSnapshot? Newest, Wal Wal, RecoveredLog Log, IReadOnlyList<string> Warnings);

/// <summary>Opens a data folder in the right order: lock, snapshots, log, and whether the two meet. The same code runs in simulation.</summary>
public static class DataFolder
{
    /// <summary>Opens it, making it when it is new. Blocks.</summary>
    /// <param name="disk">The folder.</param>
    /// <param name="options">Sizes of the log.</param>
    /// <param name="trailing">How many entries up to the snapshot's end are wanted in memory, for followers that lag.</param>
    /// <param name="random">Salts new segments.</param>
    /// <exception cref="WalDamagedException">Acknowledged entries may be missing: the server must not start.</exception>
    /// <exception cref="DiskException">The disk failed, or another process uses the folder (<see cref="DiskError.Locked"/>).</exception>
    public static RecoveredFolder Recover(IDisk disk, WalOptions options, ulong trailing, Prng random)
    {
        disk.CreateDirectory(DiskLayout.Raft);
        disk.Lock(DiskLayout.LockFile);
        RefuseForeignLog(disk);
        var snapshots = SnapshotStore.Open(disk);
        var newest = snapshots.OpenNewest(disk, out var damaged);
        try
        {
            var wal = Wal.Recover(disk, options, newest?.Meta.End ?? default, trailing, random, out var log);
            return new RecoveredFolder(snapshots, newest, wal, log, damaged);
        }
        catch (WalDamagedException refusal)
        {
            newest?.Dispose();
            if (damaged.Count == 0) throw;
            throw new WalDamagedException(refusal.File, refusal.Offset, refusal.What, $" A damaged snapshot was passed over: {string.Join("; ", damaged)}.");
        }
    }

    // To start empty beside a log that holds data would look like losing it.
    private static void RefuseForeignLog(IDisk disk)
    {
        foreach (string name in disk.List(DiskLayout.Raft))
        {
            if (name != DiskLayout.ForeignLogName) continue;
            throw new DiskException(DiskError.Forbidden, "use", $"{DiskLayout.Raft}/{name}",
                "this data folder belongs to a Consul server, whose log this program does not read. Use an empty data folder and let the server join the cluster, or restore a snapshot into it.");
        }
    }
}
