using System.Text;
using Conclave.Core;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Node;

/// <summary>
/// Gives a server whose cluster has lost its majority a new configuration, from a list that the operator left in <see cref="DiskLayout.PeersJson"/>. Everything in the log becomes
/// state, committed or not, because nobody is left to ask; a snapshot at its end carries the new configuration, and the log goes on behind it.
/// </summary>
/// <remarks>
/// When others are listed, what this server knows may be more or less than what they know: the log goes on in a term far above, and a mark (<see cref="RecoveryMark"/>) says that nothing is committed yet.
/// Can be cut off anywhere. The file goes last, and until then the next start does it all again: from the old snapshot and the log while the new snapshot is not in its place,
/// afterwards from the new one, to the same state and configuration.
/// </remarks>
internal sealed class OutageRecovery(IDisk disk, RaftServer self, WallTime wall, bool keepsTerm = false)
{
    // What a configuration that no entry of the log holds is recorded at, as the peers do it.
    private static readonly LogIndex ConfigurationIndex = new(1);

    private readonly List<NodeLogLine> _notes = [];

    /// <summary>Lines for the operator.</summary>
    public IReadOnlyList<NodeLogLine> Notes => _notes;

    /// <summary>Looks for the list and reads it; null without one.</summary>
    /// <exception cref="OutageRecoveryException">It cannot be read.</exception>
    public List<PeersEntry>? FindList()
    {
        var names = disk.List(DiskLayout.Raft);
        if (!names.Contains(PeersInfo.NameOf(DiskLayout.PeersInfo)))
        {
            if (PeersInfo.Ensure(disk, names)) Note("deleted peers.json file (see peers.info for details)");
            return null;
        }
        if (!names.Contains(PeersInfo.NameOf(DiskLayout.PeersJson))) return null;
        try
        {
            return PeersFile.Read(ReadFile());
        }
        catch (FormatException malformed)
        {
            throw Unreadable(malformed);
        }
    }

    /// <summary>Carries the list out and removes it.</summary>
    /// <param name="list">What <see cref="FindList"/> gave.</param>
    /// <param name="folder">What the data folder held.</param>
    /// <param name="root">The state at the newest snapshot.</param>
    /// <returns>What the node starts from.</returns>
    /// <exception cref="OutageRecoveryException">The list contradicts itself, or there is nothing to recover.</exception>
    /// <exception cref="DiskException">The disk failed: it is done, or done again, at the next start.</exception>
    public OutageRecovered Run(List<PeersEntry> list, RecoveredFolder folder, StateRoot root)
    {
        Note("found peers.json file, recovering Raft configuration...");
        var configuration = Resolve(list, folder);
        var end = folder.Newest?.Meta.End ?? default;
        if (folder.Log.Entries is { Count: > 0 } entries) (root, end) = (ApplyAll(entries, root), new SnapshotPoint(entries[^1].Index, entries[^1].Term));
        if (end.Index.Value == 0) throw new OutageRecoveryException("recovery failed: refused to recover cluster with no initial state, this is probably an operator error");

        var snapshot = Save(folder.Snapshots, end, configuration, root);
        // Only now: as long as the snapshot was not in its place, the log was all there is. Its entries must not come back when the snapshot is found damaged one day, because
        // they lead to the old configuration.
        folder.Wal.Reset(end.Index, end.Term);
        var (term, votedFor, mark) = (folder.Log.Term > end.Term ? folder.Log.Term : end.Term, folder.Log.VotedFor, (Recovery?)null);
        if (HasOthers(configuration))
        {
            mark = new Recovery(keepsTerm ? term : Recovery.LastOldTerm(term), configuration);
            if (!keepsTerm) (term, votedFor) = (Recovery.FirstTerm(term), "");
            folder.Wal.SaveTerm(term, votedFor);
        }
        Flush(folder.Wal);
        if (mark is not null) RecoveryMark.Write(disk, mark);
        else RecoveryMark.Remove(disk);
        PeersInfo.Remove(disk);
        Note("deleted peers.json file after successful recovery");
        Note($"initial configuration: index={ConfigurationIndex} servers=\"{Describe(configuration)}\"", "server.raft");
        return new OutageRecovered(snapshot, root, term, votedFor, mark);
    }

    // Alone it knows most.
    private bool HasOthers(Configuration configuration) => configuration.Servers.Length > 1 || configuration.Find(self.Id) is null;

    private Configuration Resolve(List<PeersEntry> list, RecoveredFolder folder)
    {
        try
        {
            return PeersFile.Resolve(list, self, Stored(folder));
        }
        catch (FormatException contradiction)
        {
            throw Unreadable(contradiction);
        }
    }

    // The latest configuration: the last one in the log, else that of the snapshot.
    private static Configuration Stored(RecoveredFolder folder)
    {
        var entries = folder.Log.Entries;
        for (int i = entries.Count - 1; i >= 0; i--)
            if (entries[i].Type == EntryType.Configuration) return ConfigurationCodec.Decode(entries[i].Data.Span);
        return SnapshotServers.ToConfiguration(folder.Newest?.Meta);
    }

    private static StateRoot ApplyAll(List<LogEntry> entries, StateRoot root)
    {
        var applier = new CommandApplier(root);
        foreach (var entry in entries) applier.Apply(entry);
        return applier.Publish(out _);
    }

    private SnapshotMeta Save(SnapshotStore snapshots, SnapshotPoint end, Configuration configuration, StateRoot root)
    {
        var meta = new SnapshotMeta
        {
            Id = snapshots.NewId(end, wall),
            Index = end.Index,
            Term = end.Term,
            Configuration = SnapshotServers.From(configuration),
            ConfigurationIndex = ConfigurationIndex,
        };
        DiskException? failure = null;
        var job = snapshots.Save(meta, output => SnapshotCoordinator.Write(root, output), (saved, error) => (meta, failure) = (saved, error));
        job.Run(disk);
        job.Complete();
        return failure is null ? meta : throw failure;
    }

    private void Flush(Wal wal)
    {
        while (wal.DurableTicket < wal.AppendedTicket && wal.TryTakeJob(out var job))
        {
            job.Run(disk);
            job.Complete();
        }
        if (wal.Failure is { } failure) throw failure;
    }

    private byte[] ReadFile()
    {
        var file = disk.Open(DiskLayout.PeersJson, FileOpening.Existing);
        try
        {
            long length = disk.Length(file);
            if (length > PeersFile.BytesMax) throw new FormatException($"the file has {length} bytes, more than {PeersFile.BytesMax}");
            var bytes = new byte[length];
            int got = 0;
            while (got < bytes.Length && disk.Read(file, got, bytes.AsSpan(got)) is > 0 and var read) got += read;
            return bytes[..got];
        }
        finally
        {
            disk.Close(file);
        }
    }

    private static string Describe(Configuration configuration)
    {
        var text = new StringBuilder("[");
        foreach (var server in configuration.Servers)
            text.Append(text.Length > 1 ? " " : "").Append($"{{Suffrage:{server.Suffrage} ID:{server.Id} Address:{server.Address}}}");
        return text.Append(']').ToString();
    }

    private static OutageRecoveryException Unreadable(FormatException why) => new($"recovery failed to parse peers.json: {why.Message}");

    private void Note(string text, string area = "server") => _notes.Add(new NodeLogLine(NodeLogLevel.Info, area, text));
}

/// <summary>What a server starts from that was recovered by a list.</summary>
/// <param name="Snapshot">The new snapshot.</param>
/// <param name="Root">The state in it.</param>
/// <param name="Term">The term.</param>
/// <param name="VotedFor">Who got the vote in it, or empty.</param>
/// <param name="Recovery">Null when nobody else is listed.</param>
internal sealed record OutageRecovered(SnapshotMeta Snapshot, StateRoot Root, Term Term, string VotedFor, Recovery? Recovery);
