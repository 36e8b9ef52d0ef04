using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Last entry in a snapshot.</summary>
/// <param name="Index">0 without a snapshot.</param>
/// <param name="Term">Term of that entry.</param>
public readonly record struct SnapshotPoint(LogIndex Index, Term Term);

/// <summary>
/// Opens the log. An unfinished last write is cut; anything else that is not as it was written is refused, because acknowledged entries may be behind it.
/// The two are told apart by the starts of batches: one is only written when everything before it has been flushed (docs/wire/wal.md).
/// </summary>
internal sealed class WalRecovery(IDisk disk, WalOptions options, SnapshotPoint snapshot, ulong trailing, Prng random)
{
    private readonly SegmentReader _reader = new(disk, options.EntryBytesMax);
    private readonly LogReplay _replay = new(KeepFrom(snapshot, trailing));
    private readonly Queue<Segment> _closed = new();
    private Segment? _current, _spare;
    private Segment? _rolled;                                  // the one before the current one
    private long _batchStart;                                  // of the last batch in the segment read last
    private Tail _tail;
    private long _cutBytes;

    private static LogIndex KeepFrom(SnapshotPoint snapshot, ulong trailing) => new(snapshot.Index.Value > trailing ? snapshot.Index.Value - trailing + 1 : 1);

    public Wal Run(out RecoveredLog log)
    {
        disk.CreateDirectory(DiskLayout.Wal);
        var segments = ListSegments();
        bool isNew = segments.Count == 0;
        if (isNew && snapshot.Index.Value > 0) throw Damaged(DiskLayout.Wal, 0, $"there is no log, although there is a snapshot that ends at entry {snapshot.Index}.");
        if (isNew)
        {
            _current = new Segment(1, random.NextUInt64());
            PrepareJob.Prepare(disk, _current, (int)Math.Min(Math.Min(options.FillAheadBytes, options.FillStepBytes), 64 << 10));
            disk.FlushDirectory(DiskLayout.Raft);
            disk.FlushDirectory("");
        }
        // A name seen here may not be durable yet: the last process can have been killed between a renaming and its flush.
        if (!isNew) disk.FlushDirectory(DiskLayout.Wal);
        foreach (ulong number in segments) OpenSegment(number, isLast: number == segments[^1]);
        if (!isNew) CleanTail(_current!);
        var wal = new Wal(options, random, _replay.Mark, _closed, _current!, _spare);
        DropWhatSnapshotReplaces(wal);
        log = new RecoveredLog(_replay.Mark.Term, _replay.Mark.VotedFor, _replay.BaseIndex, _replay.BaseTerm, _replay.Entries, _cutBytes, isNew);
        return wal;
    }

    private List<ulong> ListSegments()
    {
        List<ulong> numbers = [];
        foreach (string name in disk.List(DiskLayout.Wal))
        {
            if (name.EndsWith(DiskLayout.TemporarySuffix, StringComparison.Ordinal)) disk.Delete($"{DiskLayout.Wal}/{name}");
            else if (DiskLayout.TryParseSegment(name, out ulong number)) numbers.Add(number);
        }
        numbers.Sort();
        for (int i = 1; i < numbers.Count; i++)
            if (numbers[i] != numbers[i - 1] + 1) throw Damaged(DiskLayout.Segment(numbers[i - 1] + 1), 0, "the segment is missing, although there are later ones.");
        return numbers;
    }

    private void OpenSegment(ulong number, bool isLast)
    {
        var segment = ReadHeader(number);
        var first = _reader.Read(WalFormat.SegmentHeaderBytes, out _, out _);
        if (first == RecordFound.Blank && _current is not null && !_current.IsFlushed)
        {
            if (_spare is not null || !isLast) throw Damaged(segment.Path, WalFormat.SegmentHeaderBytes, "the segment is empty, although there are later ones.");
            RequireBlank(segment);
            _spare = segment;
            return;
        }
        if (_current is { IsFlushed: false }) throw Damaged(_current.Path, _current.Position, $"{After()} the segment ends without the mark that it goes on in the next one, although {segment.Path} has content.");
        if (_current is not null) Retire(_current);
        _current = segment;
        _batchStart = segment.Position;
        ReadRecords(segment);
        if (segment.IsFlushed)
        {
            if (isLast) throw Damaged(DiskLayout.Segment(number + 1), 0, $"the segment is missing; {segment.Path} says that the log goes on in it behind entry {_replay.Mark.LastIndex}.");
        }
    }

    private void Retire(Segment segment)
    {
        if (_rolled is not null) disk.Close(_rolled.File);
        _rolled = segment;
        _closed.Enqueue(segment);
    }

    private Segment ReadHeader(ulong number)
    {
        string path = DiskLayout.Segment(number);
        var file = disk.Open(path, FileOpening.Existing);
        Span<byte> bytes = stackalloc byte[WalFormat.SegmentHeaderBytes];
        int got = 0;
        while (got < bytes.Length && disk.Read(file, got, bytes[got..]) is > 0 and var read) got += read;
        if (WalFormat.ReadSegmentHeader(bytes[..got], number, out ulong salt) is { } problem) throw Damaged(path, 0, $"{problem}.");
        var segment = new Segment(number, salt) { File = file };
        _reader.Open(segment);
        segment.FilledTo = _reader.Length;
        return segment;
    }

    private void ReadRecords(Segment segment)
    {
        while (true)
        {
            var found = _reader.Read(segment.Position, out var header, out byte[] payload);
            if (found != RecordFound.Valid || header.Kind == WalKind.Seal) break;
            if (!segment.HasBase && header.Kind != WalKind.Base) throw Damaged(segment.Path, segment.Position, "the segment does not begin with its base record.");
            if (header.BatchStart) _batchStart = segment.Position;
            if (header.Kind == WalKind.Roll)
            {
                segment.IsFlushed = true;
                return;
            }
            if (_replay.Apply(header, payload) is { } contradiction) throw Damaged(segment.Path, segment.Position, $"{contradiction}.");
            segment.HasBase = true;
            if (header.Kind == WalKind.Base) segment.BaseIndex = header.Index;
            if (header.Kind == WalKind.Entry && header.Index > segment.MaxIndex) segment.MaxIndex = header.Index;
            segment.Position += header.RecordBytes;
        }
        FinishTail(segment);
    }

    /// <summary>The records end here without a roll: the end of the log, after a clean stop, or after a crash in the middle of a write; or damage.</summary>
    private void FinishTail(Segment segment)
    {
        long end = segment.Position;
        bool sealedHere = _reader.Read(end, out var header, out _) == RecordFound.Valid && header.Kind == WalKind.Seal;
        long behind = sealedHere ? end + WalFormat.RecordHeaderBytes : end;
        if (_reader.FindBatchStart(behind + (sealedHere ? 0 : 8), out long next, out var nextHeader))
            throw Damaged(segment.Path, end, $"{After()} the bytes up to {next} are not what was written; {Describe(nextHeader)} proves that they had been stored safely.");
        _tail = new Tail(sealedHere, _reader.EndOfContent(behind));
    }

    private void RequireBlank(Segment segment)
    {
        if (_reader.EndOfContent(WalFormat.SegmentHeaderBytes) > WalFormat.SegmentHeaderBytes)
            throw Damaged(segment.Path, WalFormat.SegmentHeaderBytes, "the segment should be unused but has content.");
    }

    /// <summary>Zeros what an unfinished write left, so that it can never be taken for something else, and puts a seal behind what counts.</summary>
    private void CleanTail(Segment segment)
    {
        long end = segment.Position, sealEnd = end + WalFormat.RecordHeaderBytes;
        if (_rolled is not null)
        {
            // With a batch in the current segment the roll has been flushed; without, perhaps not.
            if (segment.IsBlank) MakeDurable(_rolled, _rolled.Position, _rolled.Position + WalFormat.RecordHeaderBytes);
            disk.Close(_rolled.File);
        }
        if (!_tail.Sealed) MakeDurable(segment, _batchStart, end);         // the seal will say that all before it is durable: it must be true first
        long dirtyFrom = _tail.Sealed ? sealEnd : end;
        if (_tail.ContentEnd > dirtyFrom) Zero(segment, dirtyFrom, _tail.ContentEnd);
        if (!_tail.Sealed && segment.HasBase)
        {
            Span<byte> seal = stackalloc byte[WalFormat.RecordHeaderBytes];
            WalFormat.WriteHeader(seal, segment.Seed, end, new WalHeader(WalKind.Seal, 0, true, 0, 0, 0, default, default));
            disk.Write(segment.File, end, seal);
        }
        disk.Flush(segment.File);
        segment.FilledTo = Math.Max(segment.FilledTo, sealEnd);
    }

    /// <summary>
    /// What was read here may exist in the system's cache only: the last process was killed before its flush, or the flush failed, after which some systems take the pages for clean.
    /// Writing them once more and flushing makes them durable, or fails.
    /// </summary>
    private void MakeDurable(Segment segment, long from, long to)
    {
        var buffer = new byte[Math.Min(to - from, 1 << 20)];
        for (long at = from; at < to;)
        {
            int read = disk.Read(segment.File, at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - at)));
            if (read == 0) throw Damaged(segment.Path, at, "the segment became shorter while it was read.");
            disk.Write(segment.File, at, buffer.AsSpan(0, read));
            at += read;
        }
        disk.Flush(segment.File);
    }

    private void Zero(Segment segment, long from, long to)
    {
        _cutBytes = to - from;
        var zeros = new byte[Math.Min(to - from, 64 << 10)];
        for (long at = from; at < to; at += zeros.Length) disk.Write(segment.File, at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, to - at)));
    }

    private void DropWhatSnapshotReplaces(Wal wal)
    {
        if (_replay.BaseIndex > snapshot.Index)
        {
            string have = snapshot.Index.Value == 0 ? "there is no readable snapshot" : $"the newest readable snapshot ends at entry {snapshot.Index}";
            throw new WalDamagedException(DiskLayout.Wal, 0, $"the log begins behind entry {_replay.BaseIndex}, but {have}: the entries between them are missing.");
        }
        if (snapshot.Index == _replay.BaseIndex && snapshot.Index.Value == 0) return;
        var term = snapshot.Index > _replay.Mark.LastIndex ? default : _replay.TermAt(snapshot.Index);
        if (term == snapshot.Term) return;
        _replay.Drop(snapshot);
        wal.Reset(snapshot.Index, snapshot.Term);
    }

    private string After() => _replay.Mark.LastIndex.Value == 0 ? "At the beginning of the log:" : $"Behind entry {_replay.Mark.LastIndex} of term {_replay.Mark.LastTerm}:";

    private static string Describe(in WalHeader header) => header.Kind switch
    {
        WalKind.Entry => $"entry {header.Index} there",
        WalKind.Base or WalKind.Roll or WalKind.Seal => "a mark there",
        _ => "a record there",
    };

    private static WalDamagedException Damaged(string path, long offset, string what) => new(path, offset, what);

    private readonly record struct Tail(bool Sealed, long ContentEnd);
}
