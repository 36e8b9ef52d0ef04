using System.Threading.Tasks.Sources;
using Conclave.Core;
using Conclave.Http.Remote;

namespace Conclave.Http.Blocking;

/// <summary>One request that waits for a change, a deadline or the end of its connection, whichever comes first. Await <see cref="WaitAsync"/> exactly once.</summary>
public sealed class Waiter : IValueTaskSource<WaitEnd>, IListedWaiter
{
    private readonly RequestWaits _waits;
    private ManualResetValueTaskSourceCore<WaitEnd> _source;
    private int _ended;

    internal Waiter(RequestWaits waits)
    {
        _waits = waits;
        // Whoever wakes ten thousand requests must not run their answers itself.
        _source.RunContinuationsAsynchronously = true;
    }

    internal DeadlineHandle Deadline { get; set; }

    internal CancellationTokenRegistration Departure { get; set; }

    // Owned by the group the request waits in, guarded by the group's lock.
    int IListedWaiter.Position { get; set; } = -1;

    ulong IListedWaiter.IndexSeen { get; set; }

    internal SharedBody? Body { get; set; }

    internal ViewQuestion? Question { get; set; }

    /// <summary>Ends the wait because what it waited for happened. Any thread, any number of times; only the first end counts.</summary>
    public void Wake() => End(WaitEnd.Changed);

    /// <summary>Completes when the wait is over.</summary>
    public ValueTask<WaitEnd> WaitAsync() => new(this, _source.Version);

    internal bool HasEnded => Volatile.Read(ref _ended) != 0;

    internal bool End(WaitEnd reason)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0) return false;
        _waits.Forget(this);
        _source.SetResult(reason);
        return true;
    }

    WaitEnd IValueTaskSource<WaitEnd>.GetResult(short token)
    {
        Departure.Unregister();
        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<WaitEnd>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<WaitEnd>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _source.OnCompleted(continuation, state, token, flags);
}
