using System.Buffers;
using System.Text;

using Conclave.Core;

namespace Conclave.Storage.Tests;

public class SnapshotStoreTests
{
    private readonly MemoryDisk _disk = new(new Prng(3));

    [Fact]
    public void Checksum_is_crc_64_ecma() => Assert.Equal(0x995dc9bbdf1939faUL, Crc64.Append(0, "123456789"u8));

    [Fact]
    public void Checksum_of_parts_is_that_of_the_whole()
    {
        byte[] bytes = WalHarness.Data(1, 1, 100);
        for (int cut = 0; cut <= bytes.Length; cut++) Assert.Equal(Crc64.Append(0, bytes), Crc64.Append(Crc64.Append(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
    }

    [Fact]
    public void Description_has_the_form_of_a_recorded_one()
    {
        const string Recorded = """{"Version":1,"ID":"2-29-1795168199724","Index":29,"Term":2,"Peers":"ka8xMjcuMTQuNS4yOjgzMDA=","Configuration":{"Servers":[{"Suffrage":0,"ID":"00000002-0000-4000-8000-000000000002","Address":"127.14.5.2:8300"}]},"ConfigurationIndex":1,"Size":10271}""" + "\n";
        var meta = SnapshotMetaJson.Read(Encoding.UTF8.GetBytes(Recorded));
        Assert.Equal((new LogIndex(29), new Term(2), 10271), (meta.Index, meta.Term, meta.Size));
        Assert.Equal(Recorded, Encoding.UTF8.GetString(SnapshotMetaJson.Write(meta, withCrc: false)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Version":2}""")]
    [InlineData("""{"Version":1,"ID":1}""")]
    [InlineData("""{"Version":1,"ID":"a","Index":-1}""")]
    public void Malformed_description_is_a_format_error(string json) => Assert.Throws<FormatException>(() => SnapshotMetaJson.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Saved_snapshot_comes_back()
    {
        var store = SnapshotStore.Open(_disk);
        byte[] state = WalHarness.Data(9, 9, 700_000);
        Save(store, 10, state);
        Assert.Equal(new LogIndex(10), store.NewestIndex);
        _disk.KillProcess();
        Assert.Equal(state, ReadNewest(out var meta, out var damaged));
        Assert.Equal(new LogIndex(10), meta.Index);
        Assert.Equal("s1", Assert.Single(meta.Configuration).Id);
        Assert.Empty(damaged);
    }

    [Fact]
    public void What_changes_after_it_was_opened_is_noticed_before_its_end()
    {
        var store = SnapshotStore.Open(_disk);
        Save(store, 9, WalHarness.Data(9, 1, 1000));
        using var snapshot = store.OpenNewest(_disk, out _)!;
        var piece = new byte[600];
        Assert.Equal(600, snapshot.Read(piece));
        _disk.Damage("raft/snapshots/1-9-1000/state.bin", 800, 1);
        Assert.Throws<DiskException>(() => snapshot.Read(piece));
    }

    [Fact]
    public void Two_are_retained_and_the_log_is_needed_behind_the_older_one()
    {
        var store = SnapshotStore.Open(_disk);
        Assert.Equal(new LogIndex(0), store.LogNeededAfter);
        foreach (ulong index in (ulong[])[5, 9, 10, 100]) Save(store, index, WalHarness.Data(index, 1, 100));
        Assert.Equal(["raft/snapshots/1-10-1000/meta.json", "raft/snapshots/1-10-1000/state.bin", "raft/snapshots/1-100-1000/meta.json", "raft/snapshots/1-100-1000/state.bin"], _disk.Files);
        Assert.Equal((new LogIndex(100), new LogIndex(10)), (store.NewestIndex, store.LogNeededAfter));
        var again = SnapshotStore.Open(_disk);
        Assert.Equal((new LogIndex(100), new LogIndex(10)), (again.NewestIndex, again.LogNeededAfter));
    }

    [Fact]
    public void Damaged_newest_is_named_and_the_older_one_is_read()
    {
        var store = SnapshotStore.Open(_disk);
        byte[] older = WalHarness.Data(1, 1, 100);
        Save(store, 5, older);
        Save(store, 9, WalHarness.Data(2, 1, 100));
        _disk.Damage("raft/snapshots/1-9-1000/state.bin", 50, 1);
        Assert.Equal(older, ReadNewest(out _, out var damaged));
        Assert.Contains("1-9-1000: the checksum of state.bin", Assert.Single(damaged));
    }

    [Fact]
    public void Every_damaged_byte_of_a_snapshot_is_noticed_or_harmless()
    {
        Save(SnapshotStore.Open(_disk), 5, WalHarness.Data(1, 1, 40));
        foreach (string file in _disk.Files.ToList())
        {
            for (int i = 0; i < _disk.Content(file).Length; i++)
            {
                _disk.Damage(file, i, 0x40);
                byte[]? state = ReadNewest(out _, out var damaged);
                if (state is null) Assert.Single(damaged);
                else Assert.Equal(WalHarness.Data(1, 1, 40), state);
                _disk.Damage(file, i, 0x40);
            }
        }
    }

    [Fact]
    public void After_any_fault_while_saving_the_old_or_the_new_one_is_there() => Sweep(
        static (store, disk) =>
        {
            for (ulong index = 1; index <= 3; index++) Save(store, index, WalHarness.Data(index, 1, 5000), disk);
        },
        static (store, disk) => Save(store, 4, WalHarness.Data(4, 1, 5000), disk, mayFail: true),
        static (saved, found) => found == 4 || (!saved && found == 3));

    // The list of peers had put entries of a later term into a snapshot; the leader, which went on without them, sends its own.
    [Fact]
    public void One_that_takes_the_place_of_what_was_given_up_is_the_newest_although_its_term_is_lower()
    {
        var store = SnapshotStore.Open(_disk);
        Save(store, 30, WalHarness.Data(30, 1, 100), _disk, term: 4);
        Save(store, 36, WalHarness.Data(36, 1, 100), _disk, term: 5);
        Save(store, 37, WalHarness.Data(37, 1, 100), _disk, term: 4);
        Assert.Equal((new LogIndex(37), new LogIndex(30)), (store.NewestIndex, store.LogNeededAfter));
        Assert.Equal(WalHarness.Data(37, 1, 100), ReadNewest(out _, out var damaged));
        Assert.Empty(damaged);
        Assert.DoesNotContain(_disk.Files, static file => file.Contains("5-36", StringComparison.Ordinal));
    }

    [Fact]
    public void Whatever_fails_it_is_not_in_its_place_while_a_start_would_take_what_was_given_up_for_the_newest() => Sweep(
        static (store, disk) => Save(store, 36, WalHarness.Data(36, 1, 100), disk, term: 5),
        static (store, disk) => Save(store, 37, WalHarness.Data(37, 1, 100), disk, mayFail: true, term: 4),
        static (saved, found) => found == 37 || !saved);

    // Each operation on the disk while a snapshot is saved fails once in each way; then the process, or the machine, starts anew.
    private static void Sweep(Action<SnapshotStore, MemoryDisk> before, Func<SnapshotStore, MemoryDisk, bool> save, Func<bool, ulong, bool> isRight)
    {
        foreach (var fault in (DiskFault[])[DiskFault.Fail, DiskFault.Tear, DiskFault.Full, DiskFault.PowerCut])
        {
            for (int n = 0; ; n++)
            {
                var disk = new MemoryDisk(new Prng((ulong)n));
                var store = SnapshotStore.Open(disk);
                before(store, disk);
                long first = disk.Operations + n;
                disk.Faults = (operation, _, _) => operation == first ? fault : DiskFault.None;
                bool saved = save(store, disk);
                bool reached = disk.Operations > first;
                disk.Faults = null;
                if (fault == DiskFault.PowerCut) disk.Restart();
                else disk.KillProcess();
                var found = SnapshotStore.Open(disk).OpenNewest(disk, out _);
                Assert.NotNull(found);
                Assert.True(isRight(saved, found.Meta.Index.Value), $"{fault} {n}: {found.Meta.Index}");
                if (!reached) break;
            }
        }
    }

    private bool Save(SnapshotStore store, ulong index, byte[] state) => Save(store, index, state, _disk);

    private static bool Save(SnapshotStore store, ulong index, byte[] state, MemoryDisk disk, bool mayFail = false, ulong term = 1)
    {
        DiskException? error = null;
        var meta = new SnapshotMeta { Id = $"{term}-{index}-1000", Index = new(index), Term = new(term), Configuration = [new(0, "s1", "127.0.0.1:8300")], ConfigurationIndex = new(1) };
        var job = store.Save(meta, output => output.Write(state), (_, failure) => error = failure);
        job.Run(disk);
        job.Complete();
        Assert.True(mayFail || error is null);
        return error is null;
    }

    private byte[]? ReadNewest(out SnapshotMeta meta, out IReadOnlyList<string> damaged)
    {
        using var snapshot = SnapshotStore.Open(_disk).OpenNewest(_disk, out damaged);
        meta = snapshot?.Meta!;
        if (snapshot is null) return null;
        var state = new byte[snapshot.Meta.Size];
        for (int at = 0; at < state.Length;) at += snapshot.Read(state.AsSpan(at));
        return state;
    }
}
