using Conclave.Core;

namespace Conclave.Storage.Tests;

public class DamageTests
{
    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    [InlineData(0xff)]
    public void Every_single_damaged_byte_is_refused_or_costs_nothing(byte mask)
    {
        var wal = Written();
        int refused = 0, harmless = 0;
        foreach (string file in wal.Disk.Files.ToList())
        {
            long used = wal.Disk.Content(file).AsSpan().LastIndexOfAnyExcept((byte)0) + 100;
            for (long i = 0; i < Math.Min(used, wal.Disk.Content(file).Length); i++)
            {
                var disk = Copy(wal.Disk);
                disk.Damage(file, i, mask);
                try
                {
                    var log = new WalHarness(disk).Log;
                    Assert.True(log.Entries.Count == 20, $"{file} byte {i}: {log.Entries.Count} entries");
                    WalHarness.AssertSame(wal.Log.Entries, log.Entries);
                    Assert.Equal((wal.Log.Term, wal.Log.VotedFor), (log.Term, log.VotedFor));
                    harmless++;
                }
                catch (WalDamagedException refusal)
                {
                    Assert.Equal(file, refusal.File);
                    refused++;
                }
            }
        }
        Assert.True(refused > 5 * harmless, $"{refused} refused, {harmless} harmless");
    }

    [Fact]
    public void Refusal_says_where_what_and_what_to_do()
    {
        var wal = Written();
        wal.Disk.Damage("raft/wal/0000000000000001.wal", 1000, 1);
        var refusal = Assert.Throws<WalDamagedException>(() => wal.Reopen());
        Assert.Equal("The Raft log is damaged: raft/wal/0000000000000001.wal at byte 912: Behind entry 6 of term 1: the bytes up to 1232 are not what was written; entry 9 there proves that they had been stored safely. "
            + "Nothing was changed. Restore this server's data folder from a copy, or, when the other servers of the cluster are healthy, empty the data folder and let it join them again.", refusal.Message);
    }

    [Theory]
    [InlineData(1, "although there are later ones")]
    [InlineData(2, "says that the log goes on in it")]
    [InlineData(0, "there is no readable snapshot")]
    public void Missing_segment_is_noticed(int which, string message)
    {
        var wal = WalHarness.New();
        for (int i = 0; i < 9; i++)
        {
            wal.Append(10, bytes: 100);
            wal.Run();
        }
        string[] files = [.. wal.Disk.Files];
        // The newest file may be the unused spare: with it the log's last segment goes too.
        string[] gone = which == 2 ? files[2..] : [files[which]];
        foreach (string file in gone) wal.Disk.Delete(file);
        Assert.Contains(message, Assert.Throws<WalDamagedException>(() => wal.Reopen()).Message);
    }

    [Fact]
    public void Write_that_was_cut_off_is_cut_away_and_leaves_nothing()
    {
        var wal = Written();
        byte[] before = wal.Disk.Content("raft/wal/0000000000000002.wal");
        wal.Append(4, bytes: 300);
        wal.Wal.TryTakeJob(out var job);
        wal.Disk.Faults = (_, operation, _) => operation == "write" ? DiskFault.Tear : DiskFault.None;
        job!.Run(wal.Disk);
        wal.Disk.Faults = null;
        var again = wal.Reopen();
        Assert.True(again.Log.Entries.Count is >= 20 and < 24);
        Assert.True(again.Log.CutBytes > 0);
        if (again.Log.Entries.Count == 20) Assert.Equal(before, wal.Disk.Content("raft/wal/0000000000000002.wal"));
    }

    [Fact]
    public void Second_process_is_refused()
    {
        var disk = new MemoryDisk(new Prng(1));
        DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1));
        var refusal = Assert.Throws<DiskException>(() => DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1)));
        Assert.Equal(DiskError.Locked, refusal.Error);
    }

    [Fact]
    public void Folder_with_a_log_of_another_program_is_refused()
    {
        var disk = new MemoryDisk(new Prng(1));
        disk.Close(disk.Open("raft/raft.db", FileOpening.Replace));
        Assert.Contains("belongs to a Consul server", Assert.Throws<DiskException>(() => DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1))).Message);
    }

    [Fact]
    public void Snapshot_without_a_log_is_refused()
    {
        var disk = new MemoryDisk(new Prng(1));
        var folder = DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1));
        var save = folder.Snapshots.Save(new SnapshotMeta { Id = "1-5-7", Index = new(5), Term = new(1), Configuration = [], ConfigurationIndex = new(1) }, _ => { }, (_, error) => Assert.Null(error));
        save.Run(disk);
        save.Complete();
        disk.KillProcess();
        disk.Delete("raft/wal");
        Assert.Contains("there is no log, although there is a snapshot that ends at entry 5", Assert.Throws<WalDamagedException>(() => DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1))).Message);
    }

    [Fact]
    public void Damaged_snapshot_is_passed_over_when_the_log_reaches_the_older_one_and_named_when_not()
    {
        foreach (bool reaches in (bool[])[true, false])
        {
            var disk = new MemoryDisk(new Prng(1));
            var folder = DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1));
            void Run()
            {
                while (folder.Wal.TryTakeJob(out var job))
                {
                    job.Run(disk);
                    job.Complete();
                }
            }
            for (ulong index = 1; index <= 60; index++)
            {
                folder.Wal.Append([WalHarness.Entry(index, 1, 200)]);
                Run();
                if (index is not (20 or 40)) continue;
                var meta = new SnapshotMeta { Id = $"1-{index}-7", Index = new(index), Term = new(1), Configuration = [], ConfigurationIndex = new(1) };
                var save = folder.Snapshots.Save(meta, output => output.Advance(output.GetSpan(100).Length > 0 ? 100 : 0), (_, error) => Assert.Null(error));
                save.Run(disk);
                save.Complete();
            }
            folder.Wal.TruncatePrefix(reaches ? folder.Snapshots.LogNeededAfter : new LogIndex(40));
            Run();
            disk.KillProcess();
            disk.Damage("raft/snapshots/1-40-7/state.bin", 3, 1);
            if (reaches)
            {
                var again = DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1));
                Assert.Equal(new LogIndex(20), again.Newest!.Meta.Index);
                Assert.Equal(new LogIndex(21), again.Log.Entries[0].Index);
                Assert.Contains("1-40-7", Assert.Single(again.Warnings));
            }
            else
            {
                var refusal = Assert.Throws<WalDamagedException>(() => DataFolder.Recover(disk, WalHarness.Tiny, 0, new Prng(1)));
                Assert.Contains("1-40-7", refusal.Message);
                Assert.Contains("ends at entry 20", refusal.Message);
            }
        }
    }

    /// <summary>Twenty entries over two segments, in batches of four, all acknowledged and sealed.</summary>
    private static WalHarness Written()
    {
        var wal = WalHarness.New();
        wal.Wal.SaveTerm(new Term(1), "server");
        for (int i = 0; i < 5; i++)
        {
            wal.Append(4, bytes: 75 + 50 * i);
            wal.Run();
        }
        wal.Idle();
        return wal.Reopen();
    }

    private static MemoryDisk Copy(MemoryDisk disk)
    {
        var copy = new MemoryDisk(new Prng(1));
        foreach (string path in disk.Files)
        {
            var file = copy.Open(path, FileOpening.Replace);
            copy.Write(file, 0, disk.Content(path));
            copy.Flush(file);
            copy.Close(file);
        }
        copy.FlushDirectory("");
        return copy;
    }
}
