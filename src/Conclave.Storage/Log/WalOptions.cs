namespace Conclave.Storage;

/// <summary>Sizes of the log. Every value is checked by <see cref="Validate"/>.</summary>
public sealed record WalOptions
{
    /// <summary>Bytes after which a new segment is begun. 4 KiB to 1 GiB; default 64 MiB. A single larger batch makes a larger segment.</summary>
    public long SegmentBytes { get; init; } = 64 << 20;

    /// <summary>How far the space in front of the end of the log is written with zeros in advance, so that a flush need not change file metadata. 0 (never) to 64 MiB; default 4 MiB.</summary>
    public long FillAheadBytes { get; init; } = 4 << 20;

    /// <summary>Bytes filled by one background job. 4 KiB to 16 MiB; default 1 MiB.</summary>
    public int FillStepBytes { get; init; } = 1 << 20;

    /// <summary>Largest data of one entry. 1 KiB to 256 MiB; default 64 MiB. Bounds what recovery allocates on the word of a record's length field.</summary>
    public int EntryBytesMax { get; init; } = 64 << 20;

    /// <summary>Payloads from this size on are handed to the disk where they lie; smaller ones are copied next to their headers, which is cheaper than another part of a gathered write. Default 4 KiB.</summary>
    public int GatherBytesMin { get; init; } = 4096;

    /// <summary>How long the log must be idle before the marker behind the last batch is flushed too. Default 100 ms.</summary>
    public TimeSpan SealAfter { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Throws when a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the range.</exception>
    public void Validate()
    {
        Check(nameof(SegmentBytes), SegmentBytes, 4096, 1 << 30);
        Check(nameof(FillAheadBytes), FillAheadBytes, 0, 64 << 20);
        Check(nameof(FillStepBytes), FillStepBytes, 4096, 16 << 20);
        Check(nameof(EntryBytesMax), EntryBytesMax, 1024, 256 << 20);
        Check(nameof(GatherBytesMin), GatherBytesMin, 0, int.MaxValue);
        Check(nameof(SealAfter), SealAfter.Ticks, 0, TimeSpan.TicksPerHour);
    }

    private static void Check(string name, long value, long min, long max)
    {
        if (value < min || value > max) throw new ArgumentException($"{name} is {value}; it must lie between {min} and {max}.");
    }
}
