using BenchmarkDotNet.Attributes;
using Conclave.Core;
using Conclave.Hosting;
using Conclave.Storage;

namespace Conclave.Benchmarks;

/// <summary>Appending to the log on the real disk, one flush for each batch, beside a bare write and flush.</summary>
[MemoryDiagnoser]
public class WalBenchmarks
{
    private const int EntryBytes = 256;
    private const int BareFileBytes = 16 << 20;

    private string _folder = "";
    private SystemDisk _disk = null!;
    private Wal _wal = null!;
    private Microsoft.Win32.SafeHandles.SafeFileHandle _bare = null!;
    private byte[] _bytes = [];
    private long _bareAt;
    private ulong _index;

    /// <summary>Entries that share a flush.</summary>
    [Params(1, 64)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _folder = Directory.CreateTempSubdirectory("conclave-bench-").FullName;
        _disk = new SystemDisk(Path.Combine(_folder, "log"), static _ => { });
        _wal = Wal.Recover(_disk, new WalOptions(), default, trailing: 0, new Prng(1), out _);
        _bytes = new byte[EntryBytes * Entries];
        _bare = File.OpenHandle(Path.Combine(_folder, "bare"), FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.Write(_bare, new byte[BareFileBytes], 0);
        RandomAccess.FlushToDisk(_bare);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _bare.Dispose();
        _disk.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public long BareWriteAndFlush()
    {
        RandomAccess.Write(_bare, _bytes, _bareAt);
        RandomAccess.FlushToDisk(_bare);
        return _bareAt = (_bareAt + _bytes.Length) % (BareFileBytes - _bytes.Length);
    }

    [Benchmark]
    public ulong AppendAndFlush()
    {
        for (var i = 0; i < Entries; i++)
            _wal.Append([new LogEntry(new LogIndex(++_index), new Term(1), EntryType.Command, _bytes.AsMemory(i * EntryBytes, EntryBytes))]);
        while (_wal.DurableTicket < _wal.AppendedTicket && _wal.TryTakeJob(out var job))
        {
            job.Run(_disk);
            job.Complete();
        }
        if (_wal.Failure is not null) throw _wal.Failure;
        return _wal.DurableTicket;
    }
}
