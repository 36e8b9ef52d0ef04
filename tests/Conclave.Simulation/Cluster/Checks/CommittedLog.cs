using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Raft;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// The truth: every entry that any server has taken for committed, in order, and the state that follows from them, made by an applier of its own. The first
/// server to commit an index decides what is there; every other one must agree, and every published state must be the one that belongs to its index.
/// </summary>
internal sealed class CommittedLog
{
    private const string Changed = "committed entries never change", Diverged = "equal index, equal state", Acknowledged = "acknowledged writes survive";

    private readonly List<LogEntry> _entries = [default];      // by index
    private readonly List<ulong> _digests = [0];               // of the state behind each index
    private readonly List<ApplyResult> _results = [default];
    private readonly List<Instant> _committedAt = [default];
    private readonly CommandApplier _applier = new(new StateRoot());

    public CommittedLog() => Root = new StateRoot();

    /// <summary>Last committed index.</summary>
    public ulong Last => (ulong)_entries.Count - 1;

    /// <summary>The state behind <see cref="Last"/>.</summary>
    public StateRoot Root { get; private set; }

    /// <summary>The newest committed configuration.</summary>
    public Configuration Configuration { get; private set; } = Configuration.Empty;

    /// <summary>Called for each entry when it is committed first: the entry and what it gave, after <see cref="Root"/> has it.</summary>
    public Action<LogEntry, ApplyResult>? Committed { get; set; }

    public LogEntry this[ulong index] => _entries[(int)index];

    public Instant CommittedAt(ulong index) => _committedAt[(int)index];

    /// <summary>Finds the entries between <see cref="Last"/> and the one given, in a log that holds both; null when none does. Behind an outage a server's recovered log is committed when the first entry behind it is.</summary>
    public Func<SnapshotPoint, List<LogEntry>?>? PathTo { get; set; }

    /// <summary>Whether this is the term of the committed entry with this index.</summary>
    public bool IsTrue(LogIndex index, Term term) => index.Value <= Last && _entries[(int)index.Value].Term == term;

    /// <summary>An operator has made another configuration.</summary>
    public void OnOutage(Configuration configuration) => Configuration = configuration;

    /// <summary>A server takes this entry for committed, and with it all before it.</summary>
    /// <param name="server">Its name.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="before">Where the one before stands.</param>
    /// <param name="now">The time.</param>
    public void Note(string server, in LogEntry entry, SnapshotPoint before, Instant now)
    {
        if (before.Index.Value > Last) Append(server, before, now);
        if (entry.Index.Value <= Last)
        {
            var first = _entries[(int)entry.Index.Value];
            if (first.Term != entry.Term || first.Type != entry.Type || !first.Data.Span.SequenceEqual(entry.Data.Span))
                SimFailureException.Safety(Changed, $"{server} has committed another entry {entry.Index}: {entry.Type} of term {entry.Term} instead of {first.Type} of term {first.Term}");
            return;
        }
        if (entry.Index.Value != Last + 1) SimFailureException.Safety(Changed, $"{server} has committed entry {entry.Index}, but nobody entry {Last + 1}");
        Append(entry, now);
    }

    /// <summary>A server installed or restored a snapshot that ends here.</summary>
    public void NoteSnapshot(string server, ulong index)
    {
        if (index > Last) SimFailureException.Safety(Changed, $"{server} has a snapshot of entry {index}, but only {Last} entries are committed");
    }

    /// <summary>A server has published this state.</summary>
    public void CheckState(string server, StateRoot root)
    {
        if (root.LastIndex > Last) SimFailureException.Safety(Changed, $"{server} has applied entry {root.LastIndex}, but only {Last} entries are committed");
        ulong expected = _digests[(int)root.LastIndex];
        if (root.Digest != expected) SimFailureException.Safety(Diverged, $"{server} has state {root.Digest:x16} at index {root.LastIndex}, others have {expected:x16}");
    }

    /// <summary>A client was told that its command is in the log at this index, with this result.</summary>
    public void CheckAcknowledged(string server, ReadOnlyMemory<byte> command, in ApplyResult result)
    {
        if (result.Index == 0 || result.Index > Last)
            SimFailureException.Safety(Acknowledged, $"{server} has acknowledged a write at index {result.Index}, but only {Last} entries are committed");
        var entry = _entries[(int)result.Index];
        // The gate may complete a command (ids of sessions), so only its kind must be the same.
        if (entry.Type != EntryType.Command || entry.Data.Span[0] != command.Span[0])
            SimFailureException.Safety(Acknowledged, $"{server} has acknowledged a write at index {result.Index}, where there is an entry of type {entry.Type}");
        var own = _results[(int)result.Index];
        bool same = own.Kind == result.Kind && own.Flag == result.Flag && (own.Kind is not ApplyResultKind.Text || own.Text == result.Text);
        if (!same) SimFailureException.Safety(Acknowledged, $"{server} has answered {result.Kind} {result.Flag} '{result.Text}' for entry {result.Index}, which gives {own.Kind} {own.Flag} '{own.Text}'");
    }

    private void Append(string server, SnapshotPoint end, Instant now)
    {
        var listed = Configuration;
        if (PathTo?.Invoke(end) is not { } path)
        {
            SimFailureException.Safety(Changed, $"{server} has committed an entry behind {end.Index} of term {end.Term}, and not what was committed up to {Last}");
            return;
        }
        foreach (var entry in path) Append(entry, now);
        Configuration = listed;                                // those in the recovered log do not count any more
    }

    private void Append(in LogEntry entry, Instant now)
    {
        if (entry.Type == EntryType.Configuration) Configuration = ConfigurationCodec.Decode(entry.Data.Span);
        var result = _applier.Apply(entry);
        Root = _applier.Publish(out var fired);
        if (!fired.TryFinish()) fired.Fire();
        _applier.TakeCreatedSessions();
        _applier.TakeEndedSessions();
        _applier.TakeNewestTombstone();
        _entries.Add(entry);
        _digests.Add(Root.Digest);
        _results.Add(result);
        _committedAt.Add(now);
        Committed?.Invoke(entry, result);
    }
}
