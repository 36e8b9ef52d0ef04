using BenchmarkDotNet.Attributes;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Benchmarks.State;

/// <summary>Health queries and registrations beside many other services: neither may cost more when there are more.</summary>
[MemoryDiagnoser]
public class CatalogBenchmarks
{
    private const int Instances = 450, Nodes = 100;

    private readonly List<CheckServiceNode> _found = new(Instances);
    private CommandApplier _applier = null!;
    private StateRoot _root = null!;
    private ulong _index;
    private int _next;

    /// <summary>Other services in the catalog.</summary>
    [Params(10, 10_000)]
    public int Others { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _applier = new CommandApplier(new StateRoot());
        for (var i = 0; i < Others; i++) Register("node" + i % Nodes, "other" + i, "other" + i, port: i);
        for (var i = 0; i < Instances; i++) Register("web" + i, "web", "web", port: 80);
        _root = _applier.Publish(out _);
    }

    /// <summary>450 instances with their nodes and checks.</summary>
    [Benchmark]
    public int CheckServiceNodes()
    {
        _found.Clear();
        _root.CheckServiceNodes("web", null, null, connect: false, null, _found);
        return _found.Count;
    }

    /// <summary>One changed registration, published at once.</summary>
    [Benchmark]
    public StateRoot RegisterService()
    {
        _next++;
        Register("node" + _next % Nodes, "new", "new", port: _next);
        return _applier.Publish(out _);
    }

    private void Register(string node, string id, string service, int port) => _applier.ApplyRegister(++_index, new RegisterRequest
    {
        Node = node, Address = "10.0.0.1", Service = new NodeService { Id = id, Service = service, Port = port },
        Check = new HealthCheck { Node = node, CheckId = "check:" + id, Name = "alive", Status = HealthStatus.Passing, ServiceId = id },
    });
}
