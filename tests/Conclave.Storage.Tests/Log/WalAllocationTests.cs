using Conclave.Core;

namespace Conclave.Storage.Tests;

public class WalAllocationTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public void Appending_a_batch_in_steady_state_allocates_nothing(int entryBytes)
    {
        var disk = new ForgetfulDisk();
        // One segment for the whole test: making the next one allocates, once in 64 MiB.
        var wal = Wal.Recover(disk, new WalOptions { SegmentBytes = 1 << 30, FillAheadBytes = 0 }, default, 0, new Prng(1), out _);
        var batch = new LogEntry[8];
        var data = new byte[entryBytes];
        for (int i = 0; i < 20; i++) AppendBatch(wal, disk, batch, data);
        long allocated = Conclave.Tests.Allocation.Least(() =>
        {
            for (int i = 0; i < 20; i++) AppendBatch(wal, disk, batch, data);
        }, measurements: 5);
        Assert.Equal(0, allocated);
        Assert.Equal(new LogIndex(960), wal.DurableIndex);
    }

    private static void AppendBatch(Wal wal, ForgetfulDisk disk, LogEntry[] batch, byte[] data)
    {
        for (int i = 0; i < batch.Length; i++) batch[i] = new LogEntry(new LogIndex(wal.LastIndex.Value + (ulong)i + 1), new Term(1), EntryType.Command, data);
        wal.Append(batch);
        while (wal.TryTakeJob(out var job))
        {
            job.Run(disk);
            job.Complete();
        }
    }
}
