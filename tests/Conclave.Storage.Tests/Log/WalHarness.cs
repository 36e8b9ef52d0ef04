using Conclave.Core;

namespace Conclave.Storage.Tests;

/// <summary>A log on a simulated disk, with the part of the node's loop that it needs.</summary>
internal sealed class WalHarness
{
    public static WalOptions Tiny { get; } = new() { SegmentBytes = 4096, FillAheadBytes = 4096, FillStepBytes = 4096, GatherBytesMin = 64, EntryBytesMax = 1 << 20 };

    public WalHarness(MemoryDisk disk, WalOptions? options = null, SnapshotPoint snapshot = default, ulong trailing = 1_000_000)
    {
        Disk = disk;
        Wal = Wal.Recover(disk, options ?? Tiny, snapshot, trailing, new Prng(99), out var log);
        Log = log;
        Term = log.Entries.Count > 0 ? log.Entries[^1].Term : log.BaseTerm;
    }

    public MemoryDisk Disk { get; }

    public Wal Wal { get; }

    public RecoveredLog Log { get; }

    public Term Term { get; set; }

    public static WalHarness New(ulong seed = 1, WalOptions? options = null) => new(new MemoryDisk(new Prng(seed)), options);

    public static LogEntry Entry(ulong index, ulong term, int bytes = 10) => new(new LogIndex(index), new Term(term), EntryType.Command, Data(index, term, bytes));

    /// <summary>Content that can be recomputed from place and size.</summary>
    public static byte[] Data(ulong index, ulong term, int bytes)
    {
        var data = new byte[bytes];
        var random = new Prng(index * 1000 + term);
        for (int i = 0; i < bytes; i++) data[i] = (byte)random.NextUInt64();
        return data;
    }

    public void Append(int count, ulong term = 1, int bytes = 10)
    {
        for (int i = 0; i < count; i++) Wal.Append([Entry(Wal.LastIndex.Value + 1, term, bytes)]);
    }

    /// <summary>Runs all disk work there is.</summary>
    public void Run()
    {
        while (Wal.TryTakeJob(out var job))
        {
            job.Run(Disk);
            job.Complete();
        }
    }

    /// <summary>Lets the log become idle, so that the last seal is flushed.</summary>
    public void Idle()
    {
        Run();
        Wal.Tick(Wal.NextWake);
        Run();
    }

    public WalHarness Reopen(WalOptions? options = null, SnapshotPoint snapshot = default, ulong trailing = 1_000_000)
    {
        Disk.KillProcess();
        return new WalHarness(Disk, options, snapshot, trailing);
    }

    public static void AssertSame(IReadOnlyList<LogEntry> expected, IReadOnlyList<LogEntry> found)
    {
        Assert.Equal(expected.Select(Describe), found.Select(Describe));
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(expected[i].Data.Span.SequenceEqual(found[i].Data.Span), $"the data of entry {expected[i].Index} differs");
            Assert.True(expected[i].Extensions.Span.SequenceEqual(found[i].Extensions.Span));
        }
    }

    private static string Describe(LogEntry entry) => $"{entry.Index}/{entry.Term} {entry.Type} {entry.Data.Length}";
}
