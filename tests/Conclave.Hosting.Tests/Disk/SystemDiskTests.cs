using System.Threading.Channels;

using Conclave.Core;
using Conclave.Storage;

namespace Conclave.Hosting.Tests;

public sealed class SystemDiskTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("conclave-disk-").FullName;
    private readonly Channel<DiskJob> _completed = Channel.CreateUnbounded<DiskJob>();

    private SystemDisk Open() => new(_root, job => _completed.Writer.TryWrite(job));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Written_parts_are_read_back()
    {
        using var disk = Open();
        disk.CreateDirectory("a/b");
        var file = disk.Open("a/b/c", FileOpening.Replace);
        disk.Write(file, 3, [new byte[] { 1, 2 }, Array.Empty<byte>(), new byte[] { 3 }]);
        disk.Write(file, 0, [9]);
        disk.Flush(file);
        disk.FlushDirectory("a/b");
        Assert.Equal(6, disk.Length(file));
        var bytes = new byte[10];
        Assert.Equal(6, disk.Read(file, 0, bytes));
        Assert.Equal([9, 0, 0, 1, 2, 3], bytes[..6]);
        Assert.Equal(0, disk.Read(file, 6, bytes));
        disk.Close(file);
    }

    [Fact]
    public void Files_and_folders_are_renamed_listed_and_deleted()
    {
        using var disk = Open();
        disk.CreateDirectory("x.tmp");
        disk.Close(disk.Open("x.tmp/f", FileOpening.Replace));
        disk.Rename("x.tmp", "x");
        disk.Close(disk.Open("x/e", FileOpening.Replace));
        disk.Rename("x/e", "x/f");
        Assert.Equal(["f"], disk.List("x"));
        Assert.Equal(["x"], disk.List(""));
        disk.Delete("x");
        disk.Delete("x");
        Assert.Empty(disk.List("x"));
    }

    [Fact]
    public void Files_are_for_their_owner_alone()
    {
        if (OperatingSystem.IsWindows()) return;
        using var disk = Open();
        disk.Close(disk.Open("f", FileOpening.Replace));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_root, "f")));
    }

    [Fact]
    public void Folder_is_made_with_those_above_it()
    {
        using var disk = new SystemDisk(Path.Combine(_root, "x", "y", "z"), _ => { });
        disk.CreateDirectory("raft");
        Assert.True(Directory.Exists(Path.Combine(_root, "x", "y", "z", "raft")));
    }

    [Theory]
    [MemberData(nameof(Lanes))]
    public async Task Disposal_waits_for_the_job_that_runs(DiskLane lane)
    {
        var disk = Open();
        var job = new HeldJob(lane);
        disk.Submit(job);
        await job.Started;
        var disposing = Task.Run(disk.Dispose, TestContext.Current.CancellationToken);
        await Task.WhenAny(disposing, Task.Delay(50, TestContext.Current.CancellationToken));
        Assert.False(disposing.IsCompleted);
        job.Release();
        await disposing;
        Assert.True(job.HasEnded);
        disk.Submit(new HeldJob(lane));                        // dropped: nobody would end its worker
    }

    public static TheoryData<DiskLane> Lanes => [.. Enum.GetValues<DiskLane>()];

    private sealed class HeldJob(DiskLane lane) : DiskJob(lane)
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously), _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        public bool HasEnded { get; private set; }

        public void Release() => _released.SetResult();

        public override void Complete()
        {
        }

        protected override void Execute(IDisk disk)
        {
            var file = disk.Open("held", FileOpening.Replace);
            _started.SetResult();
            _released.Task.Wait();
            disk.Close(file);
            HasEnded = true;
        }
    }

    [Fact]
    public void Missing_file_is_told_apart()
    {
        using var disk = Open();
        var failure = Assert.Throws<DiskException>(() => disk.Open("nothing", FileOpening.Existing));
        Assert.Equal(DiskError.NotFound, failure.Error);
        Assert.Contains(_root, failure.Message);
        Assert.Equal(DiskError.NotFound, Assert.Throws<DiskException>(() => disk.Rename("nothing", "something")).Error);
    }

    [Fact]
    public void Folder_is_used_by_one_process_at_a_time()
    {
        using (var first = Open())
        {
            first.Lock(DiskLayout.LockFile);
            using var second = Open();
            var failure = Assert.Throws<DiskException>(() => second.Lock(DiskLayout.LockFile));
            Assert.Equal(DiskError.Locked, failure.Error);
            Assert.Contains("another process uses the data folder " + _root, failure.Message);
        }
        using var third = Open();
        third.Lock(DiskLayout.LockFile);
    }

    [Fact]
    public async Task Jobs_of_a_lane_come_back_in_order_with_their_errors()
    {
        using var disk = Open();
        for (int i = 0; i < 20; i++) disk.Submit(new NumberedJob(i));
        for (int i = 0; i < 20; i++)
        {
            var job = Assert.IsType<NumberedJob>(await _completed.Reader.ReadAsync(TestContext.Current.CancellationToken));
            Assert.Equal(i, job.Number);
            Assert.Equal(i % 5 == 0, job.Error is not null);
        }
    }

    [Fact]
    public async Task Log_survives_a_restart_on_the_real_disk()
    {
        using (var disk = Open())
        {
            var folder = DataFolder.Recover(disk, new WalOptions(), 0, new Prng(1));
            for (ulong i = 1; i <= 50; i++)
            {
                folder.Wal.Append([new LogEntry(new LogIndex(i), new Term(1), EntryType.Command, new byte[i * 200])]);
                while (folder.Wal.TryTakeJob(out var job)) disk.Submit(job);
                while (folder.Wal.DurableIndex.Value < i)
                {
                    (await _completed.Reader.ReadAsync(TestContext.Current.CancellationToken)).Complete();
                    while (folder.Wal.TryTakeJob(out var job)) disk.Submit(job);
                }
            }
            Assert.Null(folder.Wal.Failure);
        }
        using var again = Open();
        var log = DataFolder.Recover(again, new WalOptions(), 0, new Prng(1)).Log;
        Assert.Equal(50, log.Entries.Count);
        Assert.Equal(10_000, log.Entries[^1].Data.Length);
    }

    private sealed class NumberedJob(int number) : DiskJob(DiskLane.Log)
    {
        public int Number { get; } = number;

        protected override void Execute(IDisk disk)
        {
            if (Number % 5 == 0) throw new DiskException(DiskError.Full, "write", "f", "no space");
        }

        public override void Complete()
        {
        }
    }
}
