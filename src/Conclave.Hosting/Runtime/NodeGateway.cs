using Conclave.Core.Model;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>The door to a running node: reads on the caller's thread, writes through the pump.</summary>
internal sealed class NodeGateway(NodeIdentity identity, NodeInbox inbox) : INodeGateway
{
    private readonly RequestPool _pool = new();
    private readonly RaftNumbers _numbers = new();
    private volatile StateRoot _root = new StateRoot();
    private volatile ClusterStatus _status = new(IsLeader: false, "", "", 0, []);

    /// <inheritdoc/>
    public NodeIdentity Identity => identity;

    /// <inheritdoc/>
    public StateRoot Root => _root;

    /// <inheritdoc/>
    public ClusterStatus Status => _status;

    /// <inheritdoc/>
    public RaftStatus Raft => _numbers.Read();

    /// <summary>Raised, on the node's loop, when <see cref="Status"/> changed. Handlers must return at once.</summary>
    public event Action? StatusChanged;

    /// <summary>Raised, on the node's loop, when <see cref="Root"/> changed. Handlers must return at once.</summary>
    public event Action? RootPublished;

    /// <summary>Ends service: no reads from a node that does not follow the log any more.</summary>
    public void Close()
    {
        _status = new ClusterStatus(IsLeader: false, "", "", _status.Term, _status.PeerAddresses);
        StatusChanged?.Invoke();
    }

    /// <summary>Takes over what a turn brought. Called by the loop only.</summary>
    public void Publish(StateRoot? root, ClusterStatus? status, Node.Node node)
    {
        if (root is not null) _root = root;                            // before the status: a new leader's first readers must see its state
        _numbers.Take(node);
        if (root is not null) RootPublished?.Invoke();
        if (status is null) return;
        _status = status;
        StatusChanged?.Invoke();
    }

    /// <inheritdoc/>
    public ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        if (stop.IsCancellationRequested) return ValueTask.FromCanceled<ApplyResult>(stop);
        var request = _pool.Rent(NodeRequestKind.Apply);
        request.Command = command;
        short token = request.Token;
        Post(request, stop);
        return new ValueTask<ApplyResult>(request, token);
    }

    /// <inheritdoc/>
    public ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop)
    {
        var status = _status;
        bool isAllowed = mode == ReadMode.Stale ? status.KnownLeader : status.IsLeader && status.IsSoleVoter;
        return isAllowed ? new ValueTask<ReadGrant>(new ReadGrant(_root, null, status.KnownLeader, 0)) : ReadThroughLoopAsync(stop);
    }

    /// <inheritdoc/>
    public ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop)
    {
        if (stop.IsCancellationRequested) return ValueTask.FromCanceled<Session?>(stop);
        var request = _pool.Rent(NodeRequestKind.RenewSession);
        request.SessionId = id;
        short token = request.Token;
        Post(request, stop);
        return new ValueTask<Session?>(request, token);
    }

    private async ValueTask<ReadGrant> ReadThroughLoopAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var request = _pool.Rent(NodeRequestKind.ReadBarrier);
        short token = request.Token;
        Post(request, stop);
        var result = await new ValueTask<ApplyResult>(request, token).ConfigureAwait(false);
        return result.Kind == ApplyResultKind.Error
            ? new ReadGrant(null, result.Text, KnownLeader: false, 0)
            : new ReadGrant(_root, null, _status.KnownLeader, 0);
    }

    private void Post(GatewayRequest request, CancellationToken stop)
    {
        request.AbandonOn(stop);
        if (!inbox.TryPost(request)) request.Refuse(inbox.IsClosed ? ErrorTexts.ShuttingDown : ErrorTexts.Overloaded);
    }
}
