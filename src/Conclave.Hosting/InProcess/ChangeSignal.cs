using System.Threading.Tasks.Sources;
using Conclave.State;

namespace Conclave.Hosting;

/// <summary>One waiter for changes: <see cref="WaitAsync"/> completes once, when anything in the armed set changes.</summary>
internal sealed class ChangeSignal : IWatchWaiter, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _isSet;

    /// <inheritdoc/>
    public void OnChanged()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0) _core.SetResult(true);
    }

    /// <summary>Waits for the change. Ends with an exception when <paramref name="stop"/> is cancelled.</summary>
    public async ValueTask WaitAsync(CancellationToken stop)
    {
        await using var registration = stop.UnsafeRegister(static (self, token) => ((ChangeSignal)self!).Cancel(token), this).ConfigureAwait(false);
        await new ValueTask(this, _core.Version).ConfigureAwait(false);
    }

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0) _core.SetException(new OperationCanceledException(token));
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
