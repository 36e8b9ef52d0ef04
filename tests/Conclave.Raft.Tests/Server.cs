using Conclave.Core;

namespace Conclave.Raft.Tests;

/// <summary>One server of a simulated cluster: a core, a log that survives crashes as far as it was flushed, and the part of a node's loop that carries out the core's effects.</summary>
internal sealed class Server(Cluster cluster, string id)
{
    private readonly List<(ulong Ticket, RaftMessage Message)> _held = [];
    private readonly List<LogEntry> _log = [];                 // as recorded, durable or not, behind _base
    private Term _term;
    private string _vote = "";
    private (Term Term, string Vote, LogReset Base, LogEntry[] Log) _durable = (default, "", default, []);
    private LogReset _base;
    private ulong _recorded, _flushed;

    public string Id { get; } = id;

    public RaftCore? Core { get; private set; }

    public bool IsUp => Core is not null;

    /// <summary>While false nothing becomes durable.</summary>
    public bool Flushes { get; set; } = true;

    /// <summary>Commands applied, in order.</summary>
    public List<string> Applied { get; private set; } = [];

    public LogIndex AppliedIndex { get; private set; }

    public List<ReadGranted> Reads { get; } = [];

    public IReadOnlyList<LogEntry> Log => _log;

    // What the newest snapshot holds.
    private (LogReset End, Configuration Configuration, LogIndex ConfigurationIndex, List<string> State) _snapshot = (default, Configuration.Empty, default, []);

    /// <summary>Last entry in the newest snapshot; default without one.</summary>
    public LogReset SnapshotEnd => _snapshot.End;

    public void Bootstrap(Configuration configuration) =>
        _durable = (new Term(1), "", default, [new LogEntry(new LogIndex(1), new Term(1), EntryType.Configuration, ConfigurationCodec.Encode(configuration))]);

    public void Start(RaftConfig config)
    {
        (_term, _vote, _base, var log) = _durable;
        _log.Clear();
        _log.AddRange(log);
        _held.Clear();
        ResetToSnapshotIfItIsNotInTheLog();
        Applied = [.. _snapshot.State];
        AppliedIndex = _snapshot.End.Index;
        Core = new RaftCore(config, new RecoveredRaft(_term, _vote, _snapshot.End.Index, _snapshot.End.Term, _snapshot.Configuration, _snapshot.ConfigurationIndex, [.. _log]),
            new Prng((ulong)Id[^1] * 31 + cluster.Seed), cluster.Now);
    }

    // What the recovery of the real log does.
    private void ResetToSnapshotIfItIsNotInTheLog()
    {
        var end = _snapshot.End;
        if (end.Index < _base.Index || (end.Index == _base.Index && end.Term == _base.Term)) return;
        int position = (int)(end.Index.Value - _base.Index.Value) - 1;
        if (position >= 0 && position < _log.Count && _log[position].Term == end.Term) return;
        _log.Clear();
        _base = end;
        _durable = (_term, _vote, _base, []);
    }

    public void Crash() => Core = null;

    public void Turn(Action<RaftCore>? input = null)
    {
        if (Core is null) return;
        Core.Tick(cluster.Now);
        input?.Invoke(Core);
        CarryOut(Core);
    }

    private void CarryOut(RaftCore core)
    {
        var effects = core.Effects;
        while (!effects.IsEmpty)
        {
            Record(core, effects);
            foreach (var (message, afterFlush) in effects.Messages) _held.Add((afterFlush ? _recorded : 0, message));
            Reads.AddRange(effects.Reads);
            LogFetch[] fetches = [.. effects.Fetches];
            effects.Clear();
            Apply(core);
            foreach (var fetch in fetches) core.OnFetched(fetch.PeerId, Fetch(fetch));
            if (Flushes) Flush(core);
            SendHeld();
        }
        SendHeld();                                            // what a flush has set free that came by itself
    }

    private LogEntry[] Fetch(LogFetch fetch)
    {
        var entries = new List<LogEntry>();
        long bytes = 0;
        foreach (var entry in _log)
        {
            if (entry.Index < fetch.From || entry.Index > fetch.To || entries.Count >= fetch.EntriesMax || bytes >= fetch.BytesMax) continue;
            Assert.Equal(fetch.Terms.Last(start => start.From <= entry.Index).Term, entry.Term);
            entries.Add(entry);
            bytes += entry.Data.Length;
        }
        return entries.Count > 0 && entries[0].Index == fetch.From ? [.. entries] : [];
    }

    private void Record(RaftCore core, RaftEffects effects)
    {
        if (effects.HardStateChanged) (_term, _vote) = (core.Term, core.VotedFor);
        if (effects.Truncation is { } truncation)
        {
            int kept = (int)(truncation.From.Value - 1 - _base.Index.Value);
            _log.RemoveRange(kept, _log.Count - kept);
            Assert.Equal(truncation.LastTerm, kept == 0 ? _base.Term : _log[^1].Term);
        }
        if (effects.Reset is { } reset)
        {
            _log.Clear();
            _base = reset;
        }
        foreach (var entry in effects.Appends)
        {
            Assert.Equal(_base.Index.Value + (ulong)_log.Count + 1, entry.Index.Value);
            _log.Add(entry);
        }
        if (effects.HardStateChanged || effects.Truncation is not null || effects.Reset is not null || effects.Appends.Count > 0) _recorded++;
    }

    public void Flush(RaftCore core)
    {
        if (_flushed == _recorded) return;
        _flushed = _recorded;
        _durable = (_term, _vote, _base, [.. _log]);
        if (_log.Count > 0) core.OnFlushed(_log[^1].Index, _log[^1].Term);
    }

    private void SendHeld()
    {
        for (int i = 0; i < _held.Count;)
        {
            if (_held[i].Ticket > _flushed)
            {
                i++;
                continue;
            }
            cluster.Network.Add(_held[i].Message);
            _held.RemoveAt(i);
        }
    }

    private void Apply(RaftCore core)
    {
        for (var index = AppliedIndex.Next; index <= core.CommitIndex; index = index.Next)
        {
            var entry = core.Entry(index);
            cluster.NoteCommitted(Id, entry);
            if (entry.Type == EntryType.Command) Applied.Add(System.Text.Encoding.UTF8.GetString(entry.Data.Span));
            AppliedIndex = index;
        }
        core.OnApplied(AppliedIndex);
    }

    /// <param name="keepsLog">The log stays for the snapshot before this one.</param>
    public void TakeSnapshot(bool keepsLog = false)
    {
        var core = Core!;
        Assert.True(core.TryTermAt(AppliedIndex, out var term));
        var keptAfter = keepsLog ? _snapshot.End.Index : AppliedIndex;
        _snapshot = (new LogReset(AppliedIndex, term), core.CommittedConfiguration, core.CommittedConfigurationIndex, [.. Applied]);
        var cut = core.OnSnapshotSaved(AppliedIndex, keptAfter);
        int gone = (int)(cut.Value > _base.Index.Value ? cut.Value - _base.Index.Value : 0);
        if (gone == 0) return;
        _base = new LogReset(cut, _log[gone - 1].Term);
        _log.RemoveRange(0, gone);
        _durable = (_durable.Term, _durable.Vote, _base, [.. _log]);
    }

    /// <summary>What a transport does with an offered snapshot, in one step.</summary>
    public void InstallFrom(Server leader, RaftMessage offer) => Turn(core =>
    {
        if (!core.OfferSnapshot(offer)) return;
        // The leader may have forgotten entries that its newest snapshot does not hold: then it has to make another.
        if (leader.IsUp && leader._snapshot.End.Index < offer.LogIndex) leader.TakeSnapshot();
        var snapshot = leader._snapshot;
        if (snapshot.End.Index <= core.CommitIndex || snapshot.End.Index < offer.LogIndex)
        {
            core.OnSnapshotFailed(offer);
            return;
        }
        _snapshot = snapshot;
        Applied = [.. snapshot.State];
        AppliedIndex = snapshot.End.Index;
        core.OnSnapshotInstalled(offer, snapshot.End, snapshot.Configuration, snapshot.ConfigurationIndex);
    });
}
