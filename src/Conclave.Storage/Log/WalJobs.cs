using Conclave.Core;

namespace Conclave.Storage;

/// <summary>Writes one batch and flushes it; going to the next segment first when it is told to. One object per log, used again and again.</summary>
internal sealed class AppendJob(Wal wal) : DiskJob(DiskLane.Log)
{
    private readonly byte[] _mark = new byte[WalFormat.RecordHeaderBytes];
    private byte[] _base = [];

    public WalBatch Batch { get; set; } = null!;

    public Segment Target { get; set; } = null!;

    /// <summary>The segment to be ended first, or null.</summary>
    public Segment? Ended { get; set; }

    /// <summary>State of the log in front of the batch; used when the target is blank.</summary>
    public WalMark Mark { get; set; }

    /// <summary>Bytes that the batch takes in the target, base record included.</summary>
    public long TargetBytes => Batch.Bytes + (Target.IsBlank ? Mark.RecordBytes : 0);

    protected override void Execute(IDisk disk)
    {
        if (Ended is { } ended)
        {
            // The end must be durable before anything stands in the next segment: recovery takes a segment without it, followed by one with records, for damage.
            WriteMark(disk, ended, WalKind.Roll, ended.Position);
            disk.Flush(ended.File);
            disk.Close(ended.File);
        }
        long end = Target.Position + TargetBytes;
        disk.Write(Target.File, Target.Position, Batch.Encode(Target, Target.Position, MakeBase()));
        disk.Flush(Target.File);
        WriteMark(disk, Target, WalKind.Seal, end);
    }

    public override void Complete() => wal.OnAppended(this);

    private ReadOnlySpan<byte> MakeBase()
    {
        if (!Target.IsBlank) return [];
        int bytes = Mark.RecordBytes;
        if (_base.Length < bytes) _base = new byte[bytes];
        Mark.Write(_base.AsSpan(0, bytes), Target.Seed, Target.Position);
        return _base.AsSpan(0, bytes);
    }

    private void WriteMark(IDisk disk, Segment segment, WalKind kind, long offset)
    {
        WalFormat.WriteHeader(_mark, segment.Seed, offset, new WalHeader(kind, 0, true, 0, 0, 0, default, default));
        disk.Write(segment.File, offset, _mark);
    }
}

/// <summary>Flushes the seal behind the last batch when the log has become idle.</summary>
internal sealed class SealJob(Wal wal) : DiskJob(DiskLane.Log)
{
    public Segment Target { get; set; } = null!;

    protected override void Execute(IDisk disk) => disk.Flush(Target.File);

    public override void Complete() => wal.OnSealed(this);
}

/// <summary>Writes zeros in front of the end of the log.</summary>
internal sealed class FillJob(Wal wal) : DiskJob(DiskLane.Background)
{
    private byte[] _zeros = [];

    public Segment Target { get; set; } = null!;

    public long From { get; set; }

    public int Bytes { get; set; }

    protected override void Execute(IDisk disk)
    {
        if (_zeros.Length != Bytes) _zeros = new byte[Bytes];
        disk.Write(Target.File, From, _zeros);
        disk.Flush(Target.File);
    }

    public override void Complete() => wal.OnFilled(this);
}

/// <summary>Makes the segment after the current one, so that the change to it costs no waiting.</summary>
internal sealed class PrepareJob(Wal wal, Segment segment, int fillBytes) : DiskJob(DiskLane.Background)
{
    public Segment Segment { get; } = segment;

    protected override void Execute(IDisk disk) => Prepare(disk, Segment, fillBytes);

    public override void Complete() => wal.OnPrepared(this);

    /// <summary>Makes a blank segment under a temporary name: a file with the final name always has a good header.</summary>
    public static void Prepare(IDisk disk, Segment segment, int fillBytes)
    {
        var bytes = new byte[Math.Max(fillBytes, WalFormat.SegmentHeaderBytes)];
        WalFormat.WriteSegmentHeader(bytes, segment.Number, segment.Salt);
        string temporary = segment.Path + DiskLayout.TemporarySuffix;
        segment.File = disk.Open(temporary, FileOpening.Replace);
        disk.Write(segment.File, 0, bytes);
        disk.Flush(segment.File);
        disk.Rename(temporary, segment.Path);
        disk.FlushDirectory(DiskLayout.Wal);
        segment.FilledTo = bytes.Length;
    }
}

/// <summary>Deletes segments that nobody needs, oldest first.</summary>
internal sealed class DeleteJob(Wal wal, List<Segment> segments) : DiskJob(DiskLane.Background)
{
    protected override void Execute(IDisk disk)
    {
        foreach (var segment in segments)
        {
            disk.Delete(segment.Path);
            disk.FlushDirectory(DiskLayout.Wal);               // one by one: a crash must not leave a hole in the sequence
        }
    }

    public override void Complete() => wal.OnDeleted(this);
}
