using BenchmarkDotNet.Attributes;
using Conclave.Core;
using Conclave.Node;
using Conclave.Node.LeaderDuties;
using Conclave.Node.Pool;
using Conclave.Raft;
using Conclave.State;

namespace Conclave.Benchmarks;

/// <summary>The leader compares the pool with the catalog when the catalog is right: once a minute everybody, and whenever a member changes.</summary>
[MemoryDiagnoser]
public class PoolReconcileBenchmarks
{
    private const string SelfId = "00000000-0000-4000-8000-000000000001";

    private readonly PoolView _pool = new();
    private readonly List<string> _changed = [];
    private readonly NodeConfig _config = new() { Identity = new NodeIdentity("self", SelfId, "dc1", "127.0.0.1:8300"), Raft = new RaftConfig { ServerId = SelfId } };
    private PoolMember[] _members = [], _others = [];
    private MemberReconciler _reconciler = null!;
    private StateRoot _root = new();
    private Instant _now;
    private ulong _index;

    /// <summary>Members of the pool.</summary>
    [Params(5000)]
    public int Members { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _members = [.. Enumerable.Range(0, Members).Select(static i => new PoolMember($"node{i:00000}", $"11111111-2222-3333-4444-{i:x12}", $"10.0.{i / 250}.{i % 250 + 1}", PoolRole.Client, ServerMemberStatus.Alive))];
        _others = [.. _members];
        _others[Members / 2] = _others[Members / 2] with { Status = ServerMemberStatus.Leaving };
        var applier = new CommandApplier(_root);
        _reconciler = new MemberReconciler(_config, _pool, () => _root, command =>
        {
            applier.Apply(new LogIndex(++_index), command);
            return _index;
        }, static (_, _) => { });
        _pool.Replace(_members, _changed);
        _changed.Clear();
        _reconciler.TakeLeadership(_now = new Instant(1));
        for (int i = 0; i < Members; i++)
        {
            _reconciler.OnTick(_now, isPoolTrusted: true);
            _root = applier.Publish(out _);
        }
        if (_root.NodeNamed(_members[^1].Name) is null) throw new InvalidOperationException("the members did not get into the catalog");
    }

    /// <summary>A look at everybody, and at all nodes of the catalog.</summary>
    [Benchmark(Baseline = true)]
    public ulong LookAtEverybody()
    {
        ulong before = _index;
        _now += MemberReconciler.Period + TimeSpan.FromSeconds(1);
        do _reconciler.OnTick(_now, isPoolTrusted: true);
        while (_reconciler.NextWake <= _now);
        return _index == before ? _index : throw new InvalidOperationException("something was written");
    }

    /// <summary>A new list in which one member has changed.</summary>
    [Benchmark]
    public ulong OneChanges()
    {
        _changed.Clear();
        _pool.Replace(ReferenceEquals(_pool.Members, _members) ? _others : _members, _changed);
        _reconciler.OnChanged(_changed, _now);
        _reconciler.OnTick(_now, isPoolTrusted: true);
        return _index;
    }
}
