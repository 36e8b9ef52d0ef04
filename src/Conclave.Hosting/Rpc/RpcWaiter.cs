using Conclave.Http.Blocking;

namespace Conclave.Hosting.Calls;

/// <summary>One call that waits in a group.</summary>
internal sealed class RpcWaiter(RpcWatchGroup group) : IListedWaiter
{
    private readonly TaskCompletionSource<SharedResult?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The result once it has changed; null when the call must ask for itself.</summary>
    public Task<SharedResult?> Answer => _answer.Task;

    /// <summary>The caller waits no more.</summary>
    public void Leave() => group.Leave(this);

    // Owned by the group, guarded by its lock, like all below.
    ulong IListedWaiter.IndexSeen { get; set; }

    int IListedWaiter.Position { get; set; } = -1;

    internal SharedResult? Result { get; set; }

    internal void End() => _answer.TrySetResult(Result);
}
