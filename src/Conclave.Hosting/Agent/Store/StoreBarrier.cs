using Conclave.Agent;

namespace Conclave.Hosting.Agent.Store;

/// <summary>Completes when everything posted before it is on disk: with null, or with what went wrong.</summary>
internal sealed record StoreBarrier : AgentEffect
{
    private readonly TaskCompletionSource<string?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string?> Completion => _done.Task;

    public void Complete(string? error) => _done.TrySetResult(error);
}
