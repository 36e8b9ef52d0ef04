using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Which old entries are wanted.</summary>
/// <param name="From">First one.</param>
/// <param name="To">Last one that may be given; it must be durable.</param>
/// <param name="EntriesMax">No more than so many.</param>
/// <param name="BytesMax">No further one after so many data bytes.</param>
/// <param name="Terms">Where terms begin, oldest first; the first one covers <paramref name="From"/>. Entries that were written and taken back are told from those that count by it.</param>
public sealed record LogRange(LogIndex From, LogIndex To, int EntriesMax, long BytesMax, IReadOnlyList<TermStart> Terms);

/// <summary>What it takes to open a segment and believe its records.</summary>
internal readonly record struct SegmentName(ulong Number, ulong Salt);

/// <summary>Where the record behind an entry stands that was read, so that who reads on need not search. Used on the loop only.</summary>
internal sealed class ReadCursors
{
    private const int CountMax = 16;

    private readonly List<(LogIndex Next, SegmentName Segment, long Offset)> _cursors = [];

    public void Note(LogIndex next, SegmentName segment, long offset)
    {
        if (_cursors.Count == CountMax) _cursors.RemoveAt(0);
        _cursors.Add((next, segment, offset));
    }

    /// <summary>A place in one of <paramref name="segments"/> at or before the entry; the beginning of the first one when none is known.</summary>
    public (int Segment, long Offset) Find(LogIndex index, List<SegmentName> segments)
    {
        foreach (var (next, segment, offset) in _cursors)
            if (next == index && segments.IndexOf(segment) is >= 0 and var position) return (position, offset);
        return (0, WalFormat.SegmentHeaderBytes);
    }
}

/// <summary>Reads entries that are not in memory any more. It opens the files for itself: appending goes on meanwhile, and a segment that is deleted meanwhile is as if it had been before.</summary>
internal sealed class LogReadJob : DiskJob
{
    private readonly int _entryBytesMax;
    private readonly LogRange _range;
    private readonly List<SegmentName> _segments;
    private readonly ReadCursors _cursors;
    private readonly Action<LogEntry[]> _done;
    private readonly List<LogEntry> _found = [];
    private int _segment;
    private long _offset, _bytes;

    public LogReadJob(int entryBytesMax, LogRange range, List<SegmentName> segments, ReadCursors cursors, Action<LogEntry[]> done) : base(DiskLane.Reads)
    {
        (_entryBytesMax, _range, _segments, _cursors, _done) = (entryBytesMax, range, segments, cursors, done);
        (_segment, _offset) = cursors.Find(range.From, segments);
    }

    private LogIndex Wanted => _found.Count == 0 ? _range.From : _found[^1].Index.Next;

    private bool IsFull => _found.Count == _range.EntriesMax || _bytes >= _range.BytesMax || Wanted > _range.To;

    /// <inheritdoc/>
    public override void Complete()
    {
        if (_found.Count > 0 && Error is null) _cursors.Note(Wanted, _segments[_segment], _offset);
        _done([.. _found]);
    }

    /// <inheritdoc/>
    protected override void Execute(IDisk disk)
    {
        for (; _segment < _segments.Count; _segment++, _offset = WalFormat.SegmentHeaderBytes)
        {
            var name = _segments[_segment];
            var segment = new Segment(name.Number, name.Salt);
            segment.File = disk.Open(segment.Path, FileOpening.Existing);
            try
            {
                if (Read(new SegmentReader(disk, _entryBytesMax), segment)) return;
            }
            finally
            {
                disk.Close(segment.File);
            }
        }
        _segment = _segments.Count - 1;
    }

    // True when enough was found, or nothing more can be.
    private bool Read(SegmentReader reader, Segment segment)
    {
        reader.Open(segment);
        while (!IsFull)
        {
            if (reader.Read(_offset, out var header, out byte[] payload) != RecordFound.Valid || header.Kind == WalKind.Seal) return true;
            if (header.Kind == WalKind.Roll) return false;
            _offset += header.RecordBytes;
            if (header.Kind != WalKind.Entry || header.Index != Wanted || header.Term != TermAt(header.Index)) continue;
            ReadOnlyMemory<byte> data = header.ExtensionBytes == 0 ? payload : payload.AsSpan(header.ExtensionBytes).ToArray();
            _found.Add(new LogEntry(header.Index, header.Term, header.EntryType, data, payload.AsMemory(0, header.ExtensionBytes)));
            _bytes += data.Length;
        }
        return true;
    }

    private Term TermAt(LogIndex index)
    {
        for (int i = _range.Terms.Count - 1; i >= 0; i--)
            if (_range.Terms[i].From <= index) return _range.Terms[i].Term;
        return default;
    }
}
