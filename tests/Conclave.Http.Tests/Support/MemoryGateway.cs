using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Http.Tests.Support;

/// <summary>A node without a log: the real state, applied at once on the caller's thread.</summary>
internal sealed class MemoryGateway : INodeGateway
{
    private readonly Lock _gate = new();
    private readonly CommandApplier _applier;
    private volatile StateRoot _root;
    private ulong _index;

    public MemoryGateway()
    {
        _root = new StateRoot();
        _applier = new CommandApplier(_root);
    }

    public string? ReadError { get; set; }

    public NodeIdentity Identity { get; } = new("node-1", "aaaaaaaa-0000-4000-8000-000000000001", "dc1", "127.0.0.1:8300");

    public StateRoot Root => _root;

    public ClusterStatus Status { get; set; } = new(true, "127.0.0.1:8300", "aaaaaaaa-0000-4000-8000-000000000001", 1, ["127.0.0.1:8300"]);

    public RaftStatus Raft => new("Leader", 1, _index, 1, _index, _index, 0, 0, 0);

    public IReadOnlyList<ServerHealth> Health { get; set; } = [];

    public ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
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

    /// <summary>How old stale reads are.</summary>
    public long StaleMilliseconds { get; set; }

    public ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop) =>
        ValueTask.FromResult(ReadError is { } error ? new ReadGrant(null, error, false, 0) : new ReadGrant(_root, null, true, mode == ReadMode.Stale ? StaleMilliseconds : 0));

    public ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop)
    {
        _root.SessionGet(id, null, out var session);
        return ValueTask.FromResult(session);
    }
}
