namespace Conclave.Hosting.Calls;

/// <summary>One call that waits in a group.</summary>
internal sealed class RpcWaiter(RpcWatchGroup group, ulong indexSeen)
{
    private readonly TaskCompletionSource<SharedResult?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The result once it has changed; null when the call must ask for itself.</summary>
    public Task<SharedResult?> Answer => _answer.Task;

    /// <summary>The caller waits no more.</summary>
    public void Leave() => group.Leave(this);

    // Owned by the group, guarded by its lock.
    internal ulong IndexSeen => indexSeen;

    internal int Position { get; set; } = -1;

    internal void End(SharedResult? result) => _answer.TrySetResult(result);
}
