using Conclave.Core;

namespace Conclave.Storage.Tests;

public class SnapshotScrubTests
{
    private readonly MemoryDisk _disk = new(new Prng(3));

    [Fact]
    public void Snapshots_as_they_were_written_pass()
    {
        var scrub = Pass(Stored());
        Assert.Null(scrub.Damage);
        Assert.Equal(2_500, scrub.Checked);
    }

    [Fact]
    public void A_damaged_byte_of_any_file_is_found()
    {
        var store = Stored();
        foreach (string file in _disk.Files.ToList())
            for (long at = 0; at < _disk.Content(file).Length; at += 61)
            {
                _disk.Damage(file, at, 0x04);
                string damage = Assert.IsType<string>(Pass(store).Damage);
                Assert.StartsWith(file[..file.LastIndexOf('/')], damage, StringComparison.Ordinal);
                _disk.Damage(file, at, 0x04);
            }
        Assert.Null(Pass(store).Damage);
    }

    [Fact]
    public void A_snapshot_that_is_replaced_during_the_pass_is_no_damage()
    {
        var store = Stored();
        var scrub = store.StartScrub();
        Step(scrub);
        Save(store, 7, 10);
        Save(store, 8, 10);
        while (!scrub.IsOver) Step(scrub);
        Assert.Null(scrub.Damage);
    }

    private SnapshotStore Stored()
    {
        var store = SnapshotStore.Open(_disk);
        Save(store, 5, 1_000);
        Save(store, 6, 1_500);
        return store;
    }

    private void Save(SnapshotStore store, ulong index, int bytes)
    {
        var meta = new SnapshotMeta { Id = $"1-{index}-1000", Index = new LogIndex(index), Term = new Term(1), Configuration = [new(0, "s1", "127.0.0.1:8300")], ConfigurationIndex = new LogIndex(1) };
        var job = store.Save(meta, output => System.Buffers.BuffersExtensions.Write(output, WalHarness.Data(index, 1, bytes)), static (_, error) => Assert.Null(error));
        job.Run(_disk);
        job.Complete();
    }

    private SnapshotScrub Pass(SnapshotStore store)
    {
        var scrub = store.StartScrub();
        while (!scrub.IsOver) Step(scrub);
        return scrub;
    }

    private void Step(SnapshotScrub scrub)
    {
        var job = scrub.Next(400);
        Assert.NotNull(job);
        job.Run(_disk);
        job.Complete();
    }
}
