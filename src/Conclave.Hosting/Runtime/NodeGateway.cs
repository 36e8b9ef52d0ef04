using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Node.Integrity;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>The door to a running node: reads on the caller's thread, writes through the pump.</summary>
internal sealed class NodeGateway(NodeIdentity identity, NodeInbox inbox, SystemClock clock) : INodeGateway
{
    private readonly RequestPool _pool = new();
    private readonly RaftNumbers _numbers = new();
    private volatile DigestTrail? _digests;
    private volatile IReadOnlyList<ServerHealth> _health = [];
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

    /// <inheritdoc/>
    public IReadOnlyList<ServerHealth> Health => _health;

    /// <summary>What the state's digest was on its way; null before the node runs.</summary>
    public DigestTrail? Digests => _digests;

    // Instants; what has none is far in the past.
    private long _leaseUntil = long.MinValue, _freshAt = long.MinValue;

    /// <summary>Raised, on the node's loop, with the name of a member that the pool has given up and Raft hears. Handlers must return at once.</summary>
    public event Action<string>? ReconnectWanted;

    /// <summary>Raised, on the node's loop, when <see cref="Status"/> changed. Handlers must return at once.</summary>
    public event Action? StatusChanged;

    /// <summary>Raised, on the node's loop, when <see cref="Root"/> changed. Handlers must return at once.</summary>
    public event Action? RootPublished;

    /// <summary>Ends service: no reads from a node that does not follow the log any more.</summary>
    public void Close()
    {
        Volatile.Write(ref _leaseUntil, long.MinValue);
        _status = new ClusterStatus(IsLeader: false, "", "", _status.Term, _status.PeerAddresses);
        StatusChanged?.Invoke();
    }

    /// <summary>Takes over until when readers may answer alone; before the turn's messages leave. Called by the loop only.</summary>
    public void PublishLease(Core.Instant until) => Volatile.Write(ref _leaseUntil, until.Nanoseconds);

    /// <summary>Passes on that a member is to be met. Called by the loop only.</summary>
    public void WantReconnect(string member) => ReconnectWanted?.Invoke(member);

    /// <summary>Takes over what a turn brought. Called by the loop only.</summary>
    public void Publish(StateRoot? root, ClusterStatus? status, Node.Node node)
    {
        if (root is not null) _root = root;                            // before the status: a new leader's first readers must see its state
        Volatile.Write(ref _freshAt, node.FreshAt?.Nanoseconds ?? long.MinValue);
        _numbers.Take(node);
        _health = node.Health;
        _digests = node.Digests;
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
        if (mode == ReadMode.Stale) return ReadStale(status, out var stale) ? new ValueTask<ReadGrant>(stale) : ReadThroughLoopAsync(stop);
        var root = _root;                                              // before the clock is read: it was the newest while the lease still held
        bool isAllowed = status.IsLeader && (status.IsSoleVoter || (mode == ReadMode.Default && clock.Now.Nanoseconds < Volatile.Read(ref _leaseUntil)));
        return isAllowed ? new ValueTask<ReadGrant>(new ReadGrant(root, null, KnownLeader: true, 0)) : ReadThroughLoopAsync(stop);
    }

    // Anything that this server has applied will do, once it has been up to date; what the answer says about its age is true of what was applied.
    private bool ReadStale(ClusterStatus status, out ReadGrant grant)
    {
        if (status.IsLeader)
        {
            grant = new ReadGrant(_root, null, KnownLeader: true, 0);
            return true;
        }
        long freshAt = Volatile.Read(ref _freshAt);                    // before the root, which is then at least as fresh
        grant = new ReadGrant(_root, null, status.KnownLeader, freshAt == long.MinValue ? 0 : Math.Max(1, (clock.Now.Nanoseconds - freshAt) / 1_000_000));
        return freshAt != long.MinValue;
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

    /// <inheritdoc/>
    public ValueTask<ApplyResult> RemoveServerAsync(string serverId, CancellationToken stop) => AskAboutServer(NodeRequestKind.RemoveServer, serverId, stop);

    /// <inheritdoc/>
    public ValueTask<ApplyResult> TransferLeadershipAsync(string serverId, CancellationToken stop) => AskAboutServer(NodeRequestKind.TransferLeadership, serverId, stop);

    private ValueTask<ApplyResult> AskAboutServer(NodeRequestKind kind, string serverId, CancellationToken stop)
    {
        if (stop.IsCancellationRequested) return ValueTask.FromCanceled<ApplyResult>(stop);
        var request = _pool.Rent(kind);
        request.ServerId = serverId;
        short token = request.Token;
        Post(request, stop);
        return new ValueTask<ApplyResult>(request, token);
    }

    /// <inheritdoc/>
    public ValueTask<ApplyResult> RestoreAsync(StateRoot root, ulong index, CancellationToken stop)
    {
        if (stop.IsCancellationRequested) return ValueTask.FromCanceled<ApplyResult>(stop);
        var request = _pool.Rent(NodeRequestKind.Restore);
        request.RestoredRoot = root;
        request.RestoredIndex = index;
        short token = request.Token;
        Post(request, stop);
        return new ValueTask<ApplyResult>(request, token);
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
