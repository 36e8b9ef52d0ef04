using Conclave.Core;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// Raft's log matching property: if two logs, at whatever time, hold an entry of the same index and term, they are the same up to there. Each entry gets the
/// hash of all up to it; the first log that shows an index and term decides.
/// </summary>
internal sealed class LogMatching
{
    private readonly Dictionary<(ulong Index, ulong Term), ulong> _chains = new() { [(0, 0)] = 0 };
    private readonly Dictionary<ulong, (ulong Before, LogEntry Entry)> _entries = [];

    /// <summary>Hash of the log up to the entry with this index and term; false when no log has shown one.</summary>
    public bool TryFind(ulong index, ulong term, out ulong chain) => _chains.TryGetValue((index, term), out chain);

    public ulong Extend(string server, ulong before, in LogEntry entry)
    {
        ulong chain = StableHash.Combine(before, StableHash.Of(entry.Data.Span, entry.Index.Value * 31 + (ulong)entry.Type));
        chain = StableHash.Combine(chain, entry.Term.Value);
        if (!_chains.TryAdd((entry.Index.Value, entry.Term.Value), chain) && _chains[(entry.Index.Value, entry.Term.Value)] != chain)
            SimFailureException.Safety("log matching", $"{server} has an entry {entry.Index} of term {entry.Term} with another log up to it than elsewhere");
        _entries.TryAdd(chain, (before, entry));
        return chain;
    }

    /// <summary>Whether a log that ends in <paramref name="end"/> holds <paramref name="earlier"/>.</summary>
    public bool Leads(SnapshotPoint end, SnapshotPoint earlier)
    {
        if (!_chains.TryGetValue((end.Index.Value, end.Term.Value), out ulong chain)) return false;
        if (!_chains.TryGetValue((earlier.Index.Value, earlier.Term.Value), out ulong wanted)) return false;
        return PathTo(chain, wanted) is not null;
    }

    /// <summary>The entries behind <paramref name="earlier"/> up to <paramref name="end"/>, oldest first; null when no log leads from one to the other.</summary>
    public List<LogEntry>? PathTo(SnapshotPoint end, ulong earlier) =>
        _chains.TryGetValue((end.Index.Value, end.Term.Value), out ulong chain) ? PathTo(chain, earlier) : null;

    private List<LogEntry>? PathTo(ulong chain, ulong earlier)
    {
        List<LogEntry> path = [];
        for (; chain != earlier; chain = _entries[chain].Before)
        {
            if (!_entries.TryGetValue(chain, out var last)) return null;
            path.Add(last.Entry);
        }
        path.Reverse();
        return path;
    }
}

/// <summary>What one server's log held when it was looked at last.</summary>
internal sealed class LogShadow(LogMatching matching, CommittedLog committed)
{
    private readonly List<(ulong Term, ulong Chain)> _entries = [];
    private ulong _base, _baseTerm, _baseChain;
    private bool _hasBase;

    public ulong Last => _base + (ulong)_entries.Count;

    /// <summary>The process has ended: its log is looked at anew.</summary>
    public void Clear()
    {
        _entries.Clear();
        _hasBase = false;
    }

    /// <summary>Looks at the log; true when entries were taken back, the lowest of them given.</summary>
    public bool Look(string server, RaftCore raft, out ulong takenBackFrom)
    {
        takenBackFrom = 0;
        ulong last = raft.LastIndex.Value;
        if (_hasBase && last == Last && last > 0 && TermAt(last) == raft.LastTerm.Value) return false;
        bool takenBack = _hasBase && DropTail(raft, last, out takenBackFrom);
        if (_hasBase && raft.MemoryBase.Value < _base)
        {
            // All of it was given up.
            Rebase(raft);
            (takenBack, takenBackFrom) = (true, _base + 1);
        }
        if (!_hasBase || !raft.TryTermAt(new LogIndex(Last), out _)) Rebase(raft);
        for (ulong index = Last + 1; index <= last; index++)
        {
            // What was committed and applied in the same turn may have left the memory already.
            var entry = index <= raft.MemoryBase.Value ? committed[index] : raft.Entry(new LogIndex(index));
            ulong chain = matching.Extend(server, _entries.Count == 0 ? _baseChain : _entries[^1].Chain, entry);
            _entries.Add((entry.Term.Value, chain));
        }
        return takenBack;
    }

    /// <summary>Term of an entry; 0 when it is not known here.</summary>
    public ulong TermAt(ulong index) => index == _base ? _baseTerm : index < _base || index > Last ? 0 : _entries[(int)(index - _base) - 1].Term;

    // What the log no longer has, or has with another term.
    private bool DropTail(RaftCore raft, ulong last, out ulong from)
    {
        ulong before = Last;
        while (_entries.Count > 0 && (Last > last || (raft.TryTermAt(new LogIndex(Last), out var term) && term.Value != _entries[^1].Term))) _entries.RemoveAt(_entries.Count - 1);
        from = Last + 1;
        return Last < before;
    }

    // The log begins behind what was seen of it: it was started, or replaced by a snapshot.
    private void Rebase(RaftCore raft)
    {
        _entries.Clear();
        _hasBase = true;
        raft.TryTermAt(raft.MemoryBase, out var term);
        (_base, _baseTerm) = (raft.MemoryBase.Value, term.Value);
        if (!matching.TryFind(_base, _baseTerm, out _baseChain))
            SimFailureException.Safety("log matching", $"the log begins behind entry {_base} of term {_baseTerm}, which no log ever had");
    }
}
