using Conclave.Core;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>Everything a node starts from.</summary>
/// <param name="Raft">Log, term, vote and configuration.</param>
/// <param name="Root">The state at the newest snapshot, or an empty one.</param>
/// <param name="Wal">The log on disk; null for a node in memory.</param>
/// <param name="Snapshots">Where snapshots go; null for a node in memory.</param>
/// <param name="Notes">Lines for the operator.</param>
public sealed record RecoveredNode(RecoveredRaft Raft, StateRoot Root, Wal? Wal, SnapshotStore? Snapshots, IReadOnlyList<NodeLogLine> Notes);

/// <summary>Brings a node's memory up from a data folder, or makes a new one. Blocks; for the time before the loop starts.</summary>
public static class NodeRecovery
{
    // Raft's own convention: the configuration that bootstraps a cluster is the entry at index 1 of term 1, the same on every server that writes it.
    private static readonly LogIndex BootstrapIndex = new(1);
    private static readonly Term BootstrapTerm = new(1);

    private const int PieceBytes = 256 << 10;

    /// <summary>A node that forgets everything when it stops.</summary>
    public static RecoveredNode InMemory(NodeConfig config)
    {
        var log = new RecoveredLog(default, "", default, default, [], CutBytes: 0, IsNew: true);
        return new RecoveredNode(ToRaft(log, snapshot: null, Bootstrap(config, wal: null)), new StateRoot(), Wal: null, Snapshots: null, []);
    }

    /// <summary>Reads the newest snapshot and the log behind it, and carries out a list of servers that the operator left for recovery from an outage.</summary>
    /// <param name="config">What the node is told.</param>
    /// <param name="disk">Its data folder.</param>
    /// <param name="options">Sizes of the log.</param>
    /// <param name="random">Salts new segments.</param>
    /// <param name="wall">The time now, for the name of a snapshot.</param>
    /// <exception cref="WalDamagedException">Something that was acknowledged may be missing: the node must not start.</exception>
    /// <exception cref="SnapshotException">The snapshot is intact but holds what this version cannot restore.</exception>
    /// <exception cref="OutageRecoveryException">The operator's list cannot be carried out.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static RecoveredNode FromDisk(NodeConfig config, IDisk disk, WalOptions options, Prng random, WallTime wall = default)
    {
        // Entries in front of the snapshot stay on the disk: the Raft core does not hold them in memory, so they are not read either.
        var folder = DataFolder.Recover(disk, options, trailing: 0, random.Split("wal"));
        using var newest = folder.Newest;
        var recovery = new OutageRecovery(disk, new RaftServer(config.Identity.NodeId, config.Identity.RpcAddress, Suffrage.Voter), wall, config.RecoversInOldTerms);
        var list = recovery.FindList();
        var root = newest is null ? new StateRoot() : Restore(newest);
        var notes = Notes(folder);
        var mark = RecoveryMark.Read(disk, notes);

        var (log, wal, snapshot) = (folder.Log, folder.Wal, newest?.Meta);
        var entries = log.Entries;
        if (list is not null)
        {
            var recovered = recovery.Run(list, folder, root);
            (snapshot, root, mark) = (recovered.Snapshot, recovered.Root, recovered.Recovery);
            log = log with { Term = recovered.Term, VotedFor = recovered.VotedFor };
            entries = [];
        }
        else if (snapshot is null && entries.Count == 0 && log.Term.Value == 0) entries = Bootstrap(config, wal);
        notes.AddRange(recovery.Notes);
        return new RecoveredNode(ToRaft(log, snapshot, entries, mark), root, wal, folder.Snapshots, notes);
    }

    private static StateRoot Restore(StoredSnapshot snapshot)
    {
        using var reader = new SnapshotReader();
        byte[] piece = GC.AllocateUninitializedArray<byte>(PieceBytes);
        for (int read = snapshot.Read(piece); read > 0; read = snapshot.Read(piece)) reader.Read(piece.AsSpan(0, read));
        return reader.Complete();
    }

    private static List<NodeLogLine> Notes(RecoveredFolder folder)
    {
        var notes = new List<NodeLogLine>();
        foreach (string warning in folder.Warnings) notes.Add(new NodeLogLine(NodeLogLevel.Warning, "server.raft", $"snapshot cannot be used: {warning}"));
        if (folder.Log.CutBytes > 0) notes.Add(new NodeLogLine(NodeLogLevel.Warning, "server.raft", $"cut an unfinished write off the log: bytes={folder.Log.CutBytes}"));
        notes.Add(new NodeLogLine(NodeLogLevel.Info, "server.raft", $"restored from disk: snapshot={folder.Newest?.Meta.Index ?? default} entries={folder.Log.Entries.Count}"));
        return notes;
    }

    private static List<LogEntry> Bootstrap(NodeConfig config, Wal? wal)
    {
        if (!config.Bootstrap) return [];
        var servers = new Configuration(config.InitialServers ?? [new RaftServer(config.Identity.NodeId, config.Identity.RpcAddress, Suffrage.Voter)]);
        var entry = new LogEntry(BootstrapIndex, BootstrapTerm, EntryType.Configuration, ConfigurationCodec.Encode(servers));
        wal?.SaveTerm(BootstrapTerm, "");
        wal?.Append([entry]);
        return [entry];
    }

    private static RecoveredRaft ToRaft(RecoveredLog log, SnapshotMeta? snapshot, List<LogEntry> entries, Recovery? mark = null)
    {
        var term = log.Term < BootstrapTerm && entries.Count > 0 ? BootstrapTerm : log.Term;
        // A server that has given way has no snapshot until it gets the leader's, and may be needed before.
        var configuration = snapshot is null && mark is not null ? mark.Servers : SnapshotServers.ToConfiguration(snapshot);
        return new RecoveredRaft(term, log.VotedFor, snapshot?.Index ?? default, snapshot?.Term ?? default, configuration, snapshot?.ConfigurationIndex ?? default, entries, mark);
    }
}
