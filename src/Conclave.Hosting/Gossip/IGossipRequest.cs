using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Something that a caller wants done with a pool, on its loop.</summary>
internal interface IGossipRequest
{
    /// <summary>Carries it out or begins it. A request whose end comes later puts itself into <paramref name="pending"/>.</summary>
    void Run(GossipPool pool, PendingRequests pending);

    /// <summary>The pool has ended: it will not be done any more.</summary>
    void Abandon(string reason);
}

/// <summary>Requests whose end the pool tells later, by number. Belongs to the loop.</summary>
internal sealed class PendingRequests
{
    private readonly Dictionary<long, GossipOperation> _byNumber = [];
    private long _last;

    public long Add(GossipOperation operation)
    {
        _byNumber.Add(++_last, operation);
        return _last;
    }

    public void Complete(in GossipCompletion completion)
    {
        if (_byNumber.Remove(completion.Request, out var operation)) operation.TrySetResult(completion);
    }

    public void AbandonAll(string reason)
    {
        foreach (var operation in _byNumber.Values) operation.Abandon(reason);
        _byNumber.Clear();
    }
}

/// <summary>A request that the pool answers at once.</summary>
internal sealed class GossipQuestion<T>(Func<GossipPool, T> ask) : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IGossipRequest
{
    /// <inheritdoc/>
    public void Run(GossipPool pool, PendingRequests pending) => TrySetResult(ask(pool));

    /// <inheritdoc/>
    public void Abandon(string reason) => TrySetException(new MembershipException(reason));
}

/// <summary>A request whose end the pool tells later.</summary>
internal sealed class GossipOperation(Action<GossipPool, long> begin) : TaskCompletionSource<GossipCompletion>(TaskCreationOptions.RunContinuationsAsynchronously), IGossipRequest
{
    /// <inheritdoc/>
    public void Run(GossipPool pool, PendingRequests pending) => begin(pool, pending.Add(this));

    /// <inheritdoc/>
    public void Abandon(string reason) => TrySetException(new MembershipException(reason));
}
