using Conclave.Core;

namespace Conclave.Storage.Tests;

public class WalScrubTests
{
    private const int StretchBytes = 700;

    [Fact]
    public void A_log_as_it_was_written_passes()
    {
        var wal = Written();
        var scrub = Pass(wal);
        Assert.Null(scrub.Damage);
        Assert.True(scrub.IsOver);
        Assert.True(scrub.Checked > 6_000, $"{scrub.Checked} bytes");
    }

    [Fact]
    public void A_damaged_byte_of_any_record_is_found_and_placed()
    {
        var wal = Written();
        foreach (string file in wal.Disk.Files.ToList())
        {
            long used = wal.Disk.Content(file).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            bool isLast = file == wal.Disk.Files.Max(StringComparer.Ordinal);
            if (isLast) used -= 64;                                   // the seal behind the last batch is written over by the next one
            for (long at = 0; at < used; at += 37)
            {
                wal.Disk.Damage(file, at, 0x10);
                var scrub = Pass(wal);
                Assert.StartsWith(file, scrub.Damage, StringComparison.Ordinal);
                Assert.True(scrub.IsOver);
                wal.Disk.Damage(file, at, 0x10);
            }
        }
        Assert.Null(Pass(wal).Damage);
    }

    [Fact]
    public void A_segment_that_goes_during_the_pass_is_no_damage()
    {
        var wal = Written();
        var scrub = wal.Wal.StartScrub();
        Step(wal, scrub);
        wal.Wal.TruncatePrefix(wal.Wal.LastIndex);
        wal.Append(1, bytes: 100);
        wal.Run();
        while (!scrub.IsOver) Step(wal, scrub);
        Assert.Null(scrub.Damage);
    }

    [Fact]
    public void A_damaged_current_segment_can_be_left_behind()
    {
        var wal = WalHarness.New();
        wal.Append(5);
        wal.Run();
        string damaged = wal.Disk.Files.Single(static file => file.EndsWith(".wal", StringComparison.Ordinal));
        wal.Disk.Damage(damaged, 200, 1);
        Assert.NotNull(Pass(wal).Damage);

        wal.Wal.BeginNewSegment();
        wal.Append(1);
        wal.Run();
        wal.Wal.TruncatePrefix(new LogIndex(5));
        wal.Run();
        Assert.DoesNotContain(damaged, wal.Disk.Files);
        Assert.Null(Pass(wal).Damage);

        var again = wal.Reopen(snapshot: new SnapshotPoint(new LogIndex(5), new Term(1)));
        Assert.Equal([6UL], again.Log.Entries.Select(static entry => entry.Index.Value));
    }

    private static WalHarness Written()
    {
        var wal = WalHarness.New();
        for (int i = 0; i < 8; i++)
        {
            wal.Append(9, bytes: 90);
            wal.Run();
        }
        Assert.True(wal.Disk.Files.Count(static file => file.EndsWith(".wal", StringComparison.Ordinal)) >= 3);
        return wal;
    }

    private static WalScrub Pass(WalHarness wal)
    {
        var scrub = wal.Wal.StartScrub();
        while (!scrub.IsOver) Step(wal, scrub);
        return scrub;
    }

    private static void Step(WalHarness wal, WalScrub scrub)
    {
        var job = scrub.Next(StretchBytes);
        Assert.NotNull(job);
        Assert.Null(scrub.Next(StretchBytes));                       // one stretch at a time
        job.Run(wal.Disk);
        job.Complete();
    }
}
