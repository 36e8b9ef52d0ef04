namespace Conclave.State;

/// <summary>Something that fires at most once. Registering, taking back and firing may race.</summary>
internal sealed class Watch
{
    // Guards both fields. Held for a few instructions; waiters are never called under it, because they may take locks of their own.
    private WatchRegistration? _first;
    private bool _fired;

    /// <summary>False when it has fired already; then nothing is registered.</summary>
    public bool TryAdd(WatchRegistration registration)
    {
        lock (this)
        {
            if (_fired) return false;
            registration.Next = _first;
            if (_first is not null) _first.Previous = registration;
            _first = registration;
            return true;
        }
    }

    public void Remove(WatchRegistration registration)
    {
        lock (this)
        {
            // Once fired the chain is being walked and must stay as it is.
            if (_fired) return;
            if (registration.Previous is { } previous) previous.Next = registration.Next;
            else if (ReferenceEquals(_first, registration)) _first = registration.Next;
            else return;
            if (registration.Next is { } next) next.Previous = registration.Previous;
            registration.Next = registration.Previous = null;
        }
    }

    /// <summary>Fires when nobody is registered; false when somebody has to be called.</summary>
    public bool FireIfUnwatched()
    {
        lock (this) return _first is null && (_fired = true);
    }

    public void Fire()
    {
        WatchRegistration? registration;
        lock (this)
        {
            if (_fired) return;
            _fired = true;
            registration = _first;
            _first = null;
        }
        for (; registration is not null; registration = registration.Next) registration.Arming.Signal();
    }
}

/// <summary>One waiter at one watch.</summary>
internal sealed class WatchRegistration(Watch watch, WatchArming arming)
{
    public readonly Watch Watch = watch;
    public readonly WatchArming Arming = arming;
    public WatchRegistration? Previous;
    public WatchRegistration? Next;
}

/// <summary>One call of <see cref="WatchSet.Arm"/>: lets the waiter be called once, by whichever watch fires first.</summary>
internal sealed class WatchArming(IWatchWaiter waiter)
{
    private IWatchWaiter? _waiter = waiter;

    public void Signal() => Interlocked.Exchange(ref _waiter, null)?.OnChanged();

    public void Cancel() => Interlocked.Exchange(ref _waiter, null);
}
