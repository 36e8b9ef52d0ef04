using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Hosting.Tests.Agent;

/// <summary>A node without a log: the real state, applied at once on the caller's thread.</summary>
internal sealed class AgentGateway : INodeGateway
{
    private readonly Lock _gate = new();
    private readonly CommandApplier _applier;
    private volatile StateRoot _root = new();
    private ulong _index;

    public AgentGateway() => _applier = new CommandApplier(_root);

    /// <summary>Answer of every read and write instead of doing it; null when all works.</summary>
    public volatile string? Error;

    public NodeIdentity Identity { get; } = new("n1", "aaaaaaaa-0000-4000-8000-000000000001", "dc1", "127.0.0.1:8300");

    public StateRoot Root => _root;

    public ClusterStatus Status { get; } = new(true, "127.0.0.1:8300", "aaaaaaaa-0000-4000-8000-000000000001", 1, ["127.0.0.1:8300"]);

    public RaftStatus Raft => new("Leader", 1, _index, 1, _index, _index, 0, 0, 0);

    public IReadOnlyList<ServerHealth> Health => [];

    public ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        if (Error is { } error) return ValueTask.FromResult(ApplyResult.Error(error));
        FiredWatches fired;
        ApplyResult result;
        lock (_gate)
        {
            result = _applier.Apply(new LogIndex(++_index), command);
            _root = _applier.Publish(out fired);
        }
        if (!fired.IsEmpty) fired.Fire();
        return ValueTask.FromResult(result.At(_index));
    }

    public ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop) =>
        ValueTask.FromResult(Error is { } error ? new ReadGrant(null, error, false, 0) : new ReadGrant(_root, null, true, 0));

    public ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop) => ValueTask.FromResult<Session?>(null);

    /// <summary>Waits until the state satisfies a condition; reads again whenever anything changed.</summary>
    public async Task<StateRoot> UntilAsync(Func<StateRoot, bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var root = _root;
            if (holds(root)) return root;
            await Task.Delay(5, limit.Token);
        }
    }

    public static List<NodeService> Services(StateRoot root)
    {
        var services = new List<NodeService>();
        root.NodeServices("n1", null, out _, services);
        return services;
    }

    public static List<HealthCheck> Checks(StateRoot root)
    {
        var checks = new List<HealthCheck>();
        root.NodeChecks("n1", null, checks);
        return checks;
    }
}
