using Conclave.Core;

namespace Conclave.Storage.Tests;

public class WalTests
{
    [Fact]
    public void New_log_is_empty()
    {
        var wal = WalHarness.New();
        Assert.True(wal.Log.IsNew);
        Assert.Empty(wal.Log.Entries);
        Assert.Equal(new LogIndex(0), wal.Wal.DurableIndex);
    }

    [Fact]
    public void Entries_come_back_after_a_restart()
    {
        var wal = WalHarness.New();
        var entries = Enumerable.Range(1, 20).Select(i => WalHarness.Entry((ulong)i, 1, i * 13)).ToList();
        wal.Wal.SaveTerm(new Term(1), "me");
        wal.Wal.Append(entries.ToArray());
        Assert.Equal(new LogIndex(0), wal.Wal.DurableIndex);
        wal.Run();
        Assert.Equal(new LogIndex(20), wal.Wal.DurableIndex);
        Assert.Equal(wal.Wal.AppendedTicket, wal.Wal.DurableTicket);

        var again = wal.Reopen();
        WalHarness.AssertSame(entries, again.Log.Entries);
        Assert.Equal((new Term(1), "me"), (again.Log.Term, again.Log.VotedFor));
        Assert.Equal(0, again.Log.CutBytes);
        Assert.False(again.Log.IsNew);
    }

    [Fact]
    public void Log_goes_on_over_many_segments_and_restarts()
    {
        var wal = WalHarness.New();
        List<LogEntry> all = [];
        for (int round = 0; round < 10; round++)
        {
            for (int i = 0; i < 30; i++)
            {
                all.Add(WalHarness.Entry((ulong)all.Count + 1, (ulong)round + 1, 100));
                wal.Wal.Append([all[^1]]);
                if (i % 3 == 0) wal.Run();
            }
            wal.Run();
            wal = wal.Reopen();
            WalHarness.AssertSame(all, wal.Log.Entries);
        }
        Assert.True(wal.Disk.Files.Count > 8);
    }

    [Fact]
    public void Entry_larger_than_a_segment_is_stored()
    {
        var wal = WalHarness.New();
        wal.Append(1, bytes: 20_000);
        wal.Append(3, bytes: 10);
        wal.Run();
        Assert.Equal(4, wal.Reopen().Log.Entries.Count);
    }

    [Fact]
    public void Extensions_are_kept()
    {
        var wal = WalHarness.New();
        LogEntry entry = new(new LogIndex(1), new Term(3), EntryType.Command, WalHarness.Data(1, 3, 100), new byte[] { 8, 1, 24, 2 });
        wal.Wal.Append([entry]);
        wal.Run();
        WalHarness.AssertSame([entry], wal.Reopen().Log.Entries);
    }

    [Fact]
    public void Suffix_is_taken_back_across_segments()
    {
        var wal = WalHarness.New();
        wal.Append(100, bytes: 100);
        wal.Run();
        wal.Wal.TruncateSuffix(new LogIndex(11), new Term(1));
        wal.Append(5, term: 2);
        wal.Run();
        var log = wal.Reopen().Log;
        Assert.Equal(15, log.Entries.Count);
        Assert.Equal(new Term(1), log.Entries[9].Term);
        Assert.Equal(new Term(2), log.Entries[10].Term);
    }

    [Fact]
    public void Prefix_behind_a_snapshot_is_deleted()
    {
        var wal = WalHarness.New();
        wal.Wal.SaveTerm(new Term(1), "voter");
        for (int i = 0; i < 20; i++)
        {
            wal.Append(10, bytes: 100);
            wal.Run();
        }
        int before = wal.Disk.Files.Count;
        wal.Wal.TruncatePrefix(new LogIndex(150));
        wal.Run();
        Assert.True(wal.Disk.Files.Count < before / 2);

        var log = wal.Reopen(snapshot: new(new LogIndex(150), new Term(1)), trailing: 10).Log;
        Assert.Equal(new LogIndex(140), log.BaseIndex);
        Assert.Equal(new LogIndex(141), log.Entries[0].Index);
        Assert.Equal(new LogIndex(200), log.Entries[^1].Index);
        Assert.Equal((new Term(1), "voter"), (log.Term, log.VotedFor));
    }

    [Fact]
    public void Log_goes_on_behind_a_hole_after_a_restored_snapshot()
    {
        var wal = WalHarness.New();
        wal.Append(20);
        wal.Wal.Reset(new LogIndex(586), new Term(2));
        wal.Append(2, term: 2);
        wal.Run();
        var log = wal.Reopen(snapshot: new(new LogIndex(586), new Term(2))).Log;
        Assert.Equal(new LogIndex(586), log.BaseIndex);
        Assert.Equal(new LogIndex(587), log.Entries[0].Index);
    }

    [Fact]
    public void Log_that_ends_before_the_snapshot_is_reset_to_it()
    {
        var wal = WalHarness.New();
        wal.Append(20);
        wal.Run();
        var again = wal.Reopen(snapshot: new(new LogIndex(30), new Term(2)));
        Assert.Empty(again.Log.Entries);
        Assert.Equal(new LogIndex(30), again.Log.BaseIndex);
        again.Append(1, term: 2);
        again.Run();
        Assert.Equal(new LogIndex(31), again.Reopen(snapshot: new(new LogIndex(30), new Term(2))).Log.Entries[0].Index);
    }

    [Fact]
    public void Log_that_begins_behind_the_snapshot_is_refused()
    {
        var wal = WalHarness.New();
        wal.Wal.Reset(new LogIndex(50), new Term(2));
        wal.Append(1, term: 2);
        wal.Run();
        var refusal = Assert.Throws<WalDamagedException>(() => wal.Reopen(snapshot: new(new LogIndex(40), new Term(1))));
        Assert.Contains("behind entry 50", refusal.Message);
        Assert.Contains("ends at entry 40", refusal.Message);
    }

    [Fact]
    public void Failed_flush_is_final()
    {
        var wal = WalHarness.New();
        wal.Append(1);
        wal.Run();
        wal.Disk.Faults = (_, operation, _) => operation == "flush" ? DiskFault.Fail : DiskFault.None;
        wal.Append(1);
        wal.Run();
        Assert.NotNull(wal.Wal.Failure);
        Assert.Equal(new LogIndex(1), wal.Wal.DurableIndex);
        wal.Disk.Faults = null;
        wal.Append(1);
        Assert.False(wal.Wal.TryTakeJob(out _));
    }

    [Fact]
    public void Whoever_comes_during_a_write_rides_with_the_next()
    {
        var wal = WalHarness.New();
        wal.Append(1);
        Assert.True(wal.Wal.TryTakeJob(out var first));
        wal.Append(5);
        while (wal.Wal.TryTakeJob(out var other)) Assert.Equal(DiskLane.Background, other.Lane);
        first.Run(wal.Disk);
        first.Complete();
        Assert.Equal(new LogIndex(1), wal.Wal.DurableIndex);
        Assert.True(wal.Wal.TryTakeJob(out var second));
        Assert.Equal(DiskLane.Log, second.Lane);
        second.Run(wal.Disk);
        second.Complete();
        Assert.Equal(new LogIndex(6), wal.Wal.DurableIndex);
    }
}
