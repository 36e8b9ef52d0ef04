using System.Text;
using BenchmarkDotNet.Attributes;
using Conclave.State;

namespace Conclave.Benchmarks.State;

/// <summary>The persistent tree alone: look-ups, scans, and puts alone and in batches.</summary>
[MemoryDiagnoser]
public class TreeBenchmarks
{
    private const int Batch = 64;

    private byte[][] _keys = [];
    private EditBatch _batch = null!;
    private TreeEdit<string> _edit = null!;
    private Tree<string> _tree = null!;
    private int _next;

    /// <summary>Keys in the tree.</summary>
    [Params(100_000)]
    public int Keys { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _keys = [.. Enumerable.Range(0, Keys).Select(i => Encoding.UTF8.GetBytes($"app/service-{i % 1000:0000}/key-{i:0000000}"))];
        _batch = new EditBatch(1);
        _edit = new TreeEdit<string>(new Tree<string>(), _batch);
        foreach (var key in _keys) _edit.Put(key, "value");
        _tree = Publish();
    }

    [Benchmark]
    public string? Get() => _tree.Get(Next());

    /// <summary>All keys, so divide by their number.</summary>
    [Benchmark]
    public int Scan()
    {
        var count = 0;
        foreach (var value in _tree.Scan("app/"u8)) count += value.Length;
        return count;
    }

    [Benchmark]
    public object PutAlone()
    {
        _edit.Put(Next(), "other");
        return Publish();
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public object PutInBatch()
    {
        for (var i = 0; i < Batch; i++) _edit.Put(Next(), "other");
        return Publish();
    }

    private Tree<string> Publish()
    {
        _batch.HandOver();
        var tree = _edit.Publish();
        _batch.NextStep();
        return tree;
    }

    private byte[] Next() => _keys[_next = (int)(((uint)_next * 1664525u + 1013904223u) % (uint)Keys)];
}
