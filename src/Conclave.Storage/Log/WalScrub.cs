using Conclave.Core;

namespace Conclave.Storage;

/// <summary>
/// One pass over the records of the log that were on the disk when it began, a stretch at a time, to find damage before a restart does. Owned by the node's loop; the reading is done by
/// the jobs it hands out, in the background lane, so that it never races the deletion of a segment. Reads through the system's cache: what was never evicted from it is not read from the device.
/// </summary>
public sealed class WalScrub
{
    private readonly Queue<(Segment Segment, long End)> _left = new();
    private readonly WalOptions _options;
    private long _offset = WalFormat.SegmentHeaderBytes;
    private bool _isRunning;

    internal WalScrub(List<Segment> segments, Segment current, WalOptions options)
    {
        _options = options;
        // Behind the position of the current segment a write may be under way; the others end with a roll record.
        foreach (var segment in segments) _left.Enqueue((segment, segment == current ? segment.Position : long.MaxValue));
    }

    /// <summary>Bytes checked so far.</summary>
    public long Checked { get; private set; }

    /// <summary>What is damaged, for the operator, or null. The pass ends with the first damage.</summary>
    public string? Damage { get; private set; }

    /// <summary>Whether everything was looked at.</summary>
    public bool IsOver => Damage is not null || _left.Count == 0;

    /// <summary>The next stretch, or null when the pass is over or a stretch is being read. After the job's <see cref="DiskJob.Complete"/> the properties tell what was found.</summary>
    /// <param name="bytes">About how many bytes to read; at least one record is.</param>
    public DiskJob? Next(int bytes)
    {
        if (IsOver || _isRunning) return null;
        _isRunning = true;
        var (segment, end) = _left.Peek();
        return new StretchJob(this, segment, end, bytes);
    }

    private void OnRead(StretchJob job)
    {
        _isRunning = false;
        Checked += job.Offset - _offset;
        _offset = job.Offset;
        if (job.Error is { Error: not DiskError.NotFound } failure) Report(job.Segment, failure.Message);
        else if (job.Problem is { } problem) Report(job.Segment, problem);
        else if (job.IsDone || job.Error is not null)                  // a segment that is gone was not needed any more
        {
            _left.Dequeue();
            _offset = WalFormat.SegmentHeaderBytes;
        }
    }

    private void Report(Segment segment, string problem) => Damage = $"{segment.Path}, offset {_offset}: {problem}";

    private sealed class StretchJob(WalScrub scrub, Segment segment, long end, int bytes) : DiskJob(DiskLane.Background)
    {
        public Segment Segment => segment;

        public long Offset { get; private set; } = scrub._offset;

        public string? Problem { get; private set; }

        public bool IsDone { get; private set; }

        public override void Complete() => scrub.OnRead(this);

        protected override void Execute(IDisk disk)
        {
            // A handle of its own: the loop may close the log's.
            var copy = new Segment(segment.Number, segment.Salt) { File = disk.Open(segment.Path, FileOpening.Existing) };
            try
            {
                var reader = new SegmentReader(disk, scrub._options.EntryBytesMax);
                reader.Open(copy);
                if (Offset == WalFormat.SegmentHeaderBytes) CheckHeader(disk, copy);
                long stop = Offset + bytes;
                while (Problem is null && !IsDone && Offset < stop) CheckRecord(reader);
            }
            finally
            {
                disk.Close(copy.File);
            }
        }

        private void CheckHeader(IDisk disk, Segment copy)
        {
            Span<byte> header = stackalloc byte[WalFormat.SegmentHeaderBytes];
            int got = 0;
            while (got < header.Length && disk.Read(copy.File, got, header[got..]) is > 0 and var read) got += read;
            Problem = WalFormat.ReadSegmentHeader(header[..got], segment.Number, out ulong salt) ?? (salt == segment.Salt ? null : "the segment's header is another one");
        }

        private void CheckRecord(SegmentReader reader)
        {
            if (Offset >= end)
            {
                IsDone = true;
                return;
            }
            if (reader.Read(Offset, out var header, out _) != RecordFound.Valid)
            {
                Problem = "the bytes are not what was written";
                return;
            }
            IsDone = header.Kind == WalKind.Roll;
            Offset += header.RecordBytes;
        }
    }
}
