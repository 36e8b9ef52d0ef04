using Conclave.Core;

namespace Conclave.Storage;

/// <summary>
/// The Raft log on disk, with term and vote in the same log so that one flush covers all that happened in a turn of the loop. Owned by the node's loop, does no I/O itself:
/// records are collected in memory, <see cref="TryTakeJob"/> hands out the disk work, and the job's <see cref="DiskJob.Complete"/> moves <see cref="DurableTicket"/>.
/// While one write runs the next batch collects: group commit without a timer. A failed write or flush is final: see <see cref="Failure"/>.
/// </summary>
public sealed class Wal
{
    private readonly WalOptions _options;
    private readonly Prng _random;
    private readonly AppendJob _append;
    private readonly SealJob _seal;
    private readonly FillJob _fill;
    private readonly Queue<Segment> _closed;                   // oldest first; all end with a roll record
    private WalBatch _collecting, _idle;                       // two, changing places: one collects while the other is written
    private Segment _current;
    private Segment? _spare;
    private DiskJob? _logJob, _backgroundJob;                  // the running one of each lane
    private WalMark _mark;                                     // behind everything collected
    private WalMark _markTaken;                                // in front of the collecting batch
    private LogIndex _prefixEnd;                               // entries up to here may go
    private Instant _now, _idleSince;
    private bool _sealFlushed;
    private long _writingBytes;
    private bool _rollWanted;
    private readonly ReadCursors _cursors = new();

    internal Wal(WalOptions options, Prng random, WalMark mark, Queue<Segment> closed, Segment current, Segment? spare)
    {
        _options = options;
        _random = random;
        _append = new AppendJob(this);
        _seal = new SealJob(this);
        _fill = new FillJob(this);
        _closed = closed;
        _current = current;
        _spare = spare;
        _mark = _markTaken = mark;
        _collecting = new WalBatch(options.GatherBytesMin);
        _idle = new WalBatch(options.GatherBytesMin);
        _sealFlushed = current.IsBlank;
        DurableIndex = mark.LastIndex;
        DurableTerm = mark.LastTerm;
    }

    /// <summary>Opens the log, creating it when there is none. Blocks; for the time before the loop starts. Cuts an unfinished last write, refuses any other damage.</summary>
    /// <param name="disk">The data folder.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="snapshot">Where the newest readable snapshot ends; default without one.</param>
    /// <param name="trailing">How many entries up to the snapshot's end are wanted too, for followers that lag.</param>
    /// <param name="random">Salts the segments.</param>
    /// <param name="log">What was found.</param>
    /// <exception cref="WalDamagedException">Something that was acknowledged may be missing.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static Wal Recover(IDisk disk, WalOptions options, SnapshotPoint snapshot, ulong trailing, Prng random, out RecoveredLog log)
    {
        options.Validate();
        return new WalRecovery(disk, options, snapshot, trailing, random).Run(out log);
    }

    /// <summary>Grows with each record added. Something recorded before now is durable when <see cref="DurableTicket"/> has reached the value that this has now.</summary>
    public ulong AppendedTicket { get; private set; }

    /// <summary>Everything up to this ticket survives a crash.</summary>
    public ulong DurableTicket { get; private set; }

    /// <summary>Last entry that survives a crash; with its term, the argument of the Raft core's <c>OnFlushed</c>.</summary>
    public LogIndex DurableIndex { get; private set; }

    /// <summary>Term of the entry at <see cref="DurableIndex"/>.</summary>
    public Term DurableTerm { get; private set; }

    /// <summary>Last entry added, durable or not.</summary>
    public LogIndex LastIndex => _mark.LastIndex;

    /// <summary>Bytes added but not durable yet: what the node bounds.</summary>
    public long PendingBytes => _collecting.Bytes + _writingBytes;

    /// <summary>Set for good when a write or flush failed: what is on the disk is unknown, and the process must end. Nothing becomes durable any more.</summary>
    public DiskException? Failure { get; private set; }

    /// <summary>When <see cref="Tick"/> must be called at the latest.</summary>
    public Instant NextWake => _sealFlushed || _logJob is not null || _collecting.Count > 0 ? Instant.Never : _idleSince + _options.SealAfter;

    /// <summary>Adds entries behind the last one; indexes must be consecutive. Their memory is kept until the flush and must not change.</summary>
    public void Append(ReadOnlySpan<LogEntry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            Invariant.Require(entry.Index == _mark.LastIndex.Next, "entries are added to the log without a gap");
            if (entry.Data.Length > _options.EntryBytesMax || entry.Extensions.Length > WalFormat.ExtensionBytesMax) throw new ArgumentException("The entry is larger than the log allows.");
            _collecting.AddEntry(entry);
            _mark = _mark with { LastIndex = entry.Index, LastTerm = entry.Term };
        }
        AppendedTicket += (ulong)entries.Length;
    }

    /// <summary>Records the term and whom this server voted for in it (empty: nobody).</summary>
    public void SaveTerm(Term term, string votedFor)
    {
        Invariant.Require(term >= _mark.Term, "the term never goes back");
        if (System.Text.Encoding.UTF8.GetByteCount(votedFor) > WalMark.VoteBytesMax) throw new ArgumentException("The server id is too long.");
        _collecting.AddTerm(term, votedFor);
        _mark = _mark with { Term = term, VotedFor = votedFor };
        AppendedTicket++;
    }

    /// <summary>Takes back the entry at <paramref name="from"/> and all behind it.</summary>
    /// <param name="from">First entry to go.</param>
    /// <param name="lastTerm">Term of the entry before it.</param>
    public void TruncateSuffix(LogIndex from, Term lastTerm)
    {
        Invariant.Require(from.Value > 0 && from <= _mark.LastIndex, "only existing entries are taken back");
        Invariant.Require(lastTerm.Value > 0 || from.Value == 1, "every entry has a term");
        _collecting.AddTruncate(from, lastTerm);
        _mark = _mark with { LastIndex = new LogIndex(from.Value - 1), LastTerm = lastTerm };
        AppendedTicket++;
    }

    /// <summary>
    /// A snapshot at this point is durable and the log does not contain it (installed or restored): all entries are dropped, the next one is <paramref name="index"/> + 1. At 0 the log begins anew, without a snapshot.
    /// </summary>
    public void Reset(LogIndex index, Term term)
    {
        _collecting.AddReset(index, term);
        _mark = _mark with { LastIndex = index, LastTerm = term };
        AppendedTicket++;
        _prefixEnd = index;                                    // also when the log begins anew: its entries are wanted again
    }

    /// <summary>
    /// Entries up to <paramref name="upTo"/> are in a durable snapshot and not needed any more: segments that hold nothing else are deleted in the background.
    /// Keep what lies behind the <em>older</em> retained snapshot too, so that it can stand in for a damaged newer one.
    /// </summary>
    public void TruncatePrefix(LogIndex upTo)
    {
        if (upTo > _prefixEnd) _prefixEnd = upTo;
    }

    /// <summary>
    /// The next batch begins a new segment, whether or not the current one is full: so that a damaged segment can be deleted when its entries are in a snapshot.
    /// </summary>
    public void BeginNewSegment() => _rollWanted = true;

    /// <summary>Starts to check all records that are on the disk now. One pass at a time.</summary>
    public WalScrub StartScrub()
    {
        List<Segment> segments = [.. _closed, _current];
        return new WalScrub(segments, _current, _options);
    }

    /// <summary>A job that reads old entries back, consecutive from <c>From</c> on; <paramref name="done"/> gets them on the loop, none when the log does not have them any more or cannot be read.</summary>
    public DiskJob Read(LogRange range, Action<LogEntry[]> done)
    {
        var segments = new List<SegmentName>();
        foreach (var segment in _closed) Consider(segments, segment, range.From);
        Consider(segments, _current, range.From);
        return new LogReadJob(_options.EntryBytesMax, range, segments, _cursors, done);
    }

    // The entry stands in the last segment that begins before it, or in a later one if it was written more than once.
    private static void Consider(List<SegmentName> segments, Segment segment, LogIndex from)
    {
        if (segment.IsBlank) return;
        if (segment.BaseIndex < from) segments.Clear();
        segments.Add(new SegmentName(segment.Number, segment.Salt));
    }

    /// <summary>Notes the time; after <see cref="WalOptions.SealAfter"/> of idleness there is a job that flushes the last marker.</summary>
    public void Tick(Instant now) => _now = now;

    /// <summary>The next piece of disk work, if there is one now. Call until it returns false: once after each turn of the loop.</summary>
    public bool TryTakeJob([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DiskJob? job)
    {
        job = null;
        if (Failure is not null) return false;
        if (_logJob is null) job = _logJob = NextLogJob();
        if (job is null && _backgroundJob is null) job = _backgroundJob = NextBackgroundJob();
        return job is not null;
    }

    // A batch that would not fit begins the next segment, unless this one holds nothing yet.
    private bool MustRoll => !_current.IsBlank && (_rollWanted || _current.Position + _collecting.Bytes > _options.SegmentBytes);

    private DiskJob? NextLogJob()
    {
        if (_collecting.Count > 0) return StartAppend();
        if (_sealFlushed || _now < _idleSince + _options.SealAfter) return null;
        _seal.Target = _current;
        return _seal;
    }

    private AppendJob? StartAppend()
    {
        bool roll = MustRoll;
        if (roll && _spare is null) return null;               // the background lane is making it
        var target = roll ? _spare! : _current;
        _append.Target = target;
        _append.Mark = _markTaken;
        _append.Batch = _collecting;
        _append.Ended = roll ? _current : null;
        long end = target.Position + _append.TargetBytes;
        // Zeros must not land on the batch or the seal behind it, nor in a file that is being closed.
        if (_backgroundJob == _fill && (_fill.Target != target || end + WalFormat.RecordHeaderBytes > _fill.From)) return null;

        if (target.IsBlank) target.BaseIndex = _markTaken.LastIndex;
        _collecting.Ticket = AppendedTicket;
        _collecting.LastIndex = _mark.LastIndex;
        _collecting.LastTerm = _mark.LastTerm;
        _markTaken = _mark;
        _writingBytes = _collecting.Bytes;
        (_collecting, _idle) = (_idle, _collecting);
        if (roll)
        {
            _closed.Enqueue(_current);
            _current = target;
            _spare = null;
            _rollWanted = false;
        }
        target.FilledTo = Math.Max(target.FilledTo, end + WalFormat.RecordHeaderBytes);
        _sealFlushed = false;
        return _append;
    }

    private DiskJob? NextBackgroundJob()
    {
        bool waiting = _spare is null && _collecting.Count > 0 && MustRoll;
        if (_spare is null && (waiting || _current.Position > _options.SegmentBytes / 2)) return StartPrepare();
        if (_current.FilledTo < _options.SegmentBytes && _current.FilledTo - _current.Position < _options.FillAheadBytes) return StartFill();
        return StartDelete();
    }

    private PrepareJob StartPrepare()
    {
        int fill = (int)Math.Min(_options.FillStepBytes, Math.Min(_options.FillAheadBytes, _options.SegmentBytes));
        return new PrepareJob(this, new Segment(_current.Number + 1, _random.NextUInt64()), fill);
    }

    private FillJob StartFill()
    {
        _fill.Target = _current;
        _fill.From = _current.FilledTo;
        _fill.Bytes = (int)Math.Min(_options.FillStepBytes, _options.SegmentBytes - _current.FilledTo);
        return _fill;
    }

    private DeleteJob? StartDelete()
    {
        List<Segment>? segments = null;
        while (_closed.TryPeek(out var oldest) && oldest.MaxIndex <= _prefixEnd && oldest.IsFlushed) (segments ??= []).Add(_closed.Dequeue());
        return segments is null ? null : new DeleteJob(this, segments);
    }

    internal void OnAppended(AppendJob job)
    {
        _logJob = null;
        if (Failed(job)) return;
        var (batch, target) = (job.Batch, job.Target);
        target.Position += job.TargetBytes;
        target.HasBase = true;
        if (batch.MaxIndex > target.MaxIndex) target.MaxIndex = batch.MaxIndex;
        if (job.Ended is { } ended) ended.IsFlushed = true;
        DurableTicket = batch.Ticket;
        DurableIndex = batch.LastIndex;
        DurableTerm = batch.LastTerm;
        _writingBytes = 0;
        _idleSince = _now;
        batch.Clear();
    }

    internal void OnSealed(SealJob job)
    {
        _logJob = null;
        if (!Failed(job)) _sealFlushed = true;
    }

    internal void OnFilled(FillJob job)
    {
        _backgroundJob = null;
        if (!Failed(job)) job.Target.FilledTo = Math.Max(job.Target.FilledTo, job.From + job.Bytes);
    }

    internal void OnPrepared(PrepareJob job)
    {
        _backgroundJob = null;
        if (!Failed(job)) _spare = job.Segment;
    }

    internal void OnDeleted(DeleteJob job)
    {
        _backgroundJob = null;
        Failed(job);
    }

    private bool Failed(DiskJob job)
    {
        Failure ??= job.Error;
        return Failure is not null;
    }
}
