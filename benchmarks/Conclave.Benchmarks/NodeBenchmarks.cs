using BenchmarkDotNet.Attributes;
using Conclave.Hosting;
using Conclave.Node;

namespace Conclave.Benchmarks;

/// <summary>A key read and written through a whole node in this process, without HTTP.</summary>
[MemoryDiagnoser]
public class NodeBenchmarks
{
    private const int Keys = 1000;

    private readonly byte[] _key = "load/500"u8.ToArray();
    private readonly byte[] _value = new byte[128];
    private ClusterNode _node = null!;

    [GlobalSetup]
    public async Task PrepareAsync()
    {
        _node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "bench" });
        await _node.WaitUntilReadyAsync();
        for (var i = 0; i < Keys; i++) await _node.Kv.PutAsync($"load/{i}", _value);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _node.DisposeAsync();

    [Benchmark(Baseline = true)]
    public KvValue GetLocal() => _node.Kv.GetLocal(_key);

    [Benchmark]
    public ValueTask<KvValue> GetDefault() => _node.Kv.GetAsync(_key, ReadMode.Default);

    [Benchmark]
    public ValueTask<KvValue> GetConsistent() => _node.Kv.GetAsync(_key, ReadMode.Consistent);

    [Benchmark]
    public async Task<bool> Put()
    {
        await _node.Kv.PutAsync("load/500", _value);
        return true;
    }
}
