namespace Conclave.Hosting.Calls;

/// <summary>Tells all who wait at a moment that something has changed. Costs a read when nobody waits. Thread-safe.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource? _waiting;

    /// <summary>Completes with the next <see cref="Fire"/>. Ask for it first and look at the state then, or a change in between is missed.</summary>
    public Task Next
    {
        get
        {
            var waiting = Volatile.Read(ref _waiting);
            if (waiting is not null) return waiting.Task;
            var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _waiting, fresh, null) ?? fresh).Task;
        }
    }

    /// <summary>Wakes those who wait; their code runs elsewhere.</summary>
    public void Fire()
    {
        // A full fence before the look: the state was published before, so whoever asks after this look sees it.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) is not null) Interlocked.Exchange(ref _waiting, null)?.TrySetResult();
    }
}
