using System.Buffers.Binary;

using Conclave.Core;

namespace Conclave.Storage.Tests;

/// <summary>
/// A server's life on a simulated disk: appends, votes, truncations, snapshots and restores in a random order that depends on the seed alone, with disk jobs running beside it.
/// It remembers the state after each record, so that what is recovered can be compared with what may be there: some state not older than the last acknowledged one.
/// </summary>
internal sealed class CrashWorkload
{
    private sealed record State(ulong Base, ulong BaseTerm, ulong[] Terms, ulong Term, string Vote)
    {
        public ulong Last => Base + (ulong)Terms.Length;
    }

    private static readonly WalOptions Tiny = WalHarness.Tiny;

    private readonly Prng _random;
    private readonly List<State> _states = [];                 // by ticket, since the last start
    private readonly List<DiskJob> _running = [];
    private DiskJob? _saving;
    private RecoveredFolder _folder;
    private ulong _commit;
    private readonly HashSet<ulong> _restored = [];            // ends of restored snapshots: the reset of any may not have reached the log
    private Instant _now;

    public CrashWorkload(MemoryDisk disk, ulong seed)
    {
        Disk = disk;
        _random = new Prng(seed);
        _folder = DataFolder.Recover(disk, Tiny, trailing: 5, new Prng(seed + 1));
        Assert.True(_folder.Log.IsNew);
        _states.Add(new State(0, 0, [], 0, ""));
    }

    public MemoryDisk Disk { get; }

    public Wal Wal => _folder.Wal;

    // Then the server has to stop.
    private bool HasFailed => Wal.Failure is not null || _folder.Snapshots.Failure is not null;

    private State Latest => _states[^1];

    /// <summary>Takes random steps until they are done or the disk has failed.</summary>
    public void Live(int steps)
    {
        for (int i = 0; i < steps && !HasFailed; i++)
        {
            Step();
            if (_random.Next(3) == 0) TakeJobs();
            if (_running.Count > 0 && _random.Next(3) > 0) RunOne();
        }
    }

    /// <summary>Runs all jobs and waits until the log has sealed itself.</summary>
    public void Rest()
    {
        while (!HasFailed)
        {
            if (Wal.NextWake != Instant.Never && Wal.NextWake > _now) _now = Wal.NextWake;
            Wal.Tick(_now);
            TakeJobs();
            if (_running.Count == 0) return;
            RunOne();
        }
    }

    private void Step()
    {
        _now += TimeSpan.FromMilliseconds(_random.Next(60));
        Wal.Tick(_now);
        switch (_random.Next(12))
        {
            case < 7: Append((int)_random.Next(4) + 1); break;
            case 7: Vote(); break;
            case 8: Truncate(); break;
            case 9: _commit = Math.Max(_commit, Wal.DurableTicket == Wal.AppendedTicket ? Latest.Last : _commit); break;
            case 10: Snapshot(); break;
            case 11 when _random.Next(4) == 0: Restore(); break;
        }
    }

    private void Append(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ulong term = Math.Max(Latest.Term, 1);
            Wal.Append([Entry(Latest.Last + 1, term)]);
            _states.Add(Latest with { Terms = [.. Latest.Terms, term] });
        }
    }

    private void Vote()
    {
        ulong term = Latest.Term + 1;
        string vote = "server-" + _random.Next(3);
        Wal.SaveTerm(new Term(term), vote);
        _states.Add(Latest with { Term = term, Vote = vote });
    }

    private void Truncate()
    {
        ulong floor = Math.Max(_commit, Latest.Base);
        if (Latest.Last <= floor) return;
        ulong from = floor + 1 + (ulong)_random.Next((long)(Latest.Last - floor));
        ulong[] kept = Latest.Terms[..(int)(from - 1 - Latest.Base)];
        Wal.TruncateSuffix(new LogIndex(from), new Term(kept.Length == 0 ? Latest.BaseTerm : kept[^1]));
        _states.Add(Latest with { Terms = kept });
        if (Latest.Term == 0 || kept.Length < 1) return;
        Vote();                                                // another leader's entries come with another term
    }

    private void Snapshot()
    {
        if (_saving is not null || _commit <= Math.Max(_folder.Snapshots.NewestIndex.Value, Latest.Base)) return;
        Save(_commit, Latest.Terms[(int)(_commit - Latest.Base) - 1], restore: false);
    }

    private void Restore()
    {
        if (_saving is not null || Latest.Term == 0) return;
        ulong end = Latest.Last + 1 + (ulong)_random.Next(5);
        _restored.Add(end);
        Save(end, Latest.Term, restore: true);
        // The loop accepts nothing else until the restored state is durable.
        while (_saving is not null && !HasFailed)
        {
            TakeJobs();
            RunOne();
        }
    }

    private void Save(ulong index, ulong term, bool restore)
    {
        var meta = new SnapshotMeta { Id = $"{term}-{index}-{_now.Nanoseconds / 1_000_000}", Index = new(index), Term = new(term), Configuration = [], ConfigurationIndex = new(1) };
        _saving = _folder.Snapshots.Save(meta, output =>
        {
            var span = output.GetSpan(700);
            span[..700].Fill((byte)index);
            BinaryPrimitives.WriteUInt64LittleEndian(span, index);
            output.Advance(700);
        }, (saved, error) => OnSaved(saved, error, restore));
        _running.Add(_saving);
    }

    private void OnSaved(SnapshotMeta meta, DiskException? error, bool restore)
    {
        _saving = null;
        if (error is not null) return;
        if (restore)
        {
            Wal.Reset(meta.Index, meta.Term);
            _commit = meta.Index.Value;
            _states.Add(Latest with { Base = meta.Index.Value, BaseTerm = meta.Term.Value, Terms = [] });
        }
        else
        {
            Wal.TruncatePrefix(_folder.Snapshots.LogNeededAfter);
        }
    }

    private void TakeJobs()
    {
        while (Wal.TryTakeJob(out var job)) _running.Add(job);
    }

    private void RunOne()
    {
        if (_running.Count == 0) return;
        int which = (int)_random.Next(_running.Count);
        var job = _running[which];
        _running.RemoveAt(which);
        job.Run(Disk);
        job.Complete();
    }

    /// <summary>Starts anew on what is on the disk and checks that it is what may be there. Null: it is. Otherwise the refusal; anything else fails the test.</summary>
    public WalDamagedException? Recover(string context)
    {
        _running.Clear();
        _saving = null;
        ulong durable = Wal.DurableTicket;
        try
        {
            _folder = DataFolder.Recover(Disk, Tiny, trailing: 5, new Prng(_random.NextUInt64()));
        }
        catch (WalDamagedException refusal)
        {
            return refusal;
        }
        var (log, snapshot) = (_folder.Log, _folder.Newest);
        ulong snapshotIndex = snapshot?.Meta.Index.Value ?? 0;
        if (snapshot is not null) CheckState(snapshot);
        int matching = -1;
        for (int ticket = _states.Count - 1; ticket >= (int)durable && matching < 0; ticket--)
            if (Matches(_states[ticket], log, snapshotIndex)) matching = ticket;
        bool isRestored = _restored.Contains(snapshotIndex) && log.Entries.Count == 0;
        Assert.True(matching >= 0 || isRestored, $"{context}: recovered snapshot {snapshotIndex}, log ({log.BaseIndex}, {log.BaseIndex.Value + (ulong)log.Entries.Count}], term {log.Term}; "
            + $"expected a state from {Describe(_states[(int)durable])} to {Describe(Latest)}");
        var now = matching >= 0 ? _states[matching] : RestoredState();
        if (Wal.AppendedTicket > 0 || (isRestored && now.Last < snapshotIndex)) now = RestoredState();
        _states.Clear();
        _states.Add(now);
        if (Wal.AppendedTicket > 0) _states.Add(now);          // recovery itself recorded a reset
        _commit = Math.Max(snapshotIndex, now.Base);
        if (now.BaseTerm > now.Term)                           // as the Raft core does: the snapshot knows of a newer term
        {
            Wal.SaveTerm(new Term(now.BaseTerm), "");
            _states.Add(now with { Term = now.BaseTerm, Vote = "" });
        }
        return null;

        State RestoredState() => new(snapshotIndex, snapshot!.Meta.Term.Value, [], log.Term.Value, log.VotedFor);
    }

    private static bool Matches(State state, RecoveredLog log, ulong snapshotIndex)
    {
        ulong last = log.BaseIndex.Value + (ulong)log.Entries.Count;
        if (last != state.Last || log.Term.Value != state.Term || log.VotedFor != state.Vote) return false;
        for (ulong index = Math.Max(Math.Max(snapshotIndex, state.Base), log.BaseIndex.Value) + 1; index <= last; index++)
        {
            var entry = log.Entries[(int)(index - log.BaseIndex.Value) - 1];
            if (entry.Index.Value != index || entry.Term.Value != state.Terms[(int)(index - state.Base) - 1]) return false;
            if (!entry.Data.Span.SequenceEqual(Entry(index, entry.Term.Value).Data.Span)) return false;
        }
        return true;
    }

    private static void CheckState(StoredSnapshot snapshot)
    {
        Span<byte> bytes = stackalloc byte[700];
        Assert.Equal(700, snapshot.Read(bytes));
        Assert.Equal(snapshot.Meta.Index.Value, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        Assert.False(bytes[8..].ContainsAnyExcept((byte)snapshot.Meta.Index.Value));
        snapshot.Dispose();
    }

    // Some larger than a sector, some larger than the threshold for gathering, a few larger than a segment.
    private static LogEntry Entry(ulong index, ulong term) => WalHarness.Entry(index, term, (int)(index % 29) switch { 0 => 5000, < 5 => 700, var small => small * 6 });

    private static string Describe(State state) => $"({state.Base}, {state.Last}] term {state.Term}";
}
