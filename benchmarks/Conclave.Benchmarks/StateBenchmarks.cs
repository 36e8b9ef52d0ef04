using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Benchmarks;

/// <summary>Reads of a published root, and writes into the next one, beside a sorted dictionary under a lock.</summary>
[MemoryDiagnoser]
public class StateBenchmarks
{
    private const int PrefixKeys = 100;

    private readonly List<KvEntry> _found = new(PrefixKeys);
    private readonly SortedDictionary<string, byte[]> _sorted = new(StringComparer.Ordinal);
    private byte[][] _keys = [];
    private byte[][] _commands = [];
    private CommandApplier _applier = null!;
    private StateRoot _root = null!;
    private ulong _index;
    private int _next;

    /// <summary>Keys in the store; 100 of them share each prefix.</summary>
    [Params(1_000, 100_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _keys = [.. Enumerable.Range(0, Keys).Select(i => Encoding.UTF8.GetBytes(Name(i)))];
        _commands = Array.ConvertAll(_keys, key => CommandCodec.EncodeKv(KvOps.Set, key, new ReadOnlySequence<byte>(new byte[128]), hasValue: true, flags: 0, session: "", casIndex: 0));
        _applier = new CommandApplier(new StateRoot());
        foreach (var command in _commands) _applier.Apply(new LogIndex(++_index), command);
        _root = _applier.Publish(out _);
        for (var i = 0; i < Keys; i++) _sorted[Name(i)] = _keys[i];
    }

    private static string Name(int i) => $"load/{i / PrefixKeys:0000}/{i % PrefixKeys:00}";

    private int Next() => _next = (int)(((uint)_next * 1664525u + 1013904223u) % (uint)Keys);

    [Benchmark(Baseline = true)]
    public byte[] GetSortedDictionary()
    {
        lock (_sorted) return _sorted[Name(Next())];
    }

    [Benchmark]
    public KvEntry? Get()
    {
        _root.KvGet(_keys[Next()], null, out var entry);
        return entry;
    }

    [Benchmark]
    public int ScanPrefix()
    {
        _found.Clear();
        _root.KvList(_keys[Next()].AsSpan(0, "load/0000/".Length), null, _found);
        return _found.Count;
    }

    [Benchmark]
    public StateRoot PutAlone()
    {
        _applier.Apply(new LogIndex(++_index), _commands[Next()]);
        return _root = _applier.Publish(out _);
    }

    [Benchmark(OperationsPerInvoke = 64)]
    public StateRoot PutInBatchesOf64()
    {
        for (var i = 0; i < 64; i++) _applier.Apply(new LogIndex(++_index), _commands[Next()]);
        return _root = _applier.Publish(out _);
    }
}
