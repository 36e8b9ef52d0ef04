using System.Diagnostics;
using Conclave.Core;
using Conclave.Http.Requests;

namespace Conclave.Http.Blocking;

/// <summary>All requests that wait: their deadlines in one heap with one timer, whatever they wait for.</summary>
public sealed class RequestWaits : IDisposable
{
    private const int JitterFraction = 16;   // Clients allow for wait + wait/16 and two seconds.

    private readonly TimeSpan _waitDefault;
    private readonly TimeSpan _waitMax;
    private readonly Lock _gate = new();
    private readonly DeadlineHeap<Waiter> _deadlines = new();   // Guarded by _gate.
    private readonly Timer _timer;
    private Instant _timerDue = Instant.Never;                  // Guarded by _gate.
    private bool _stopped;                                      // Guarded by _gate.

    /// <summary>Starts with nobody waiting.</summary>
    public RequestWaits(HttpOptions options)
    {
        _waitDefault = options.DefaultQueryTime;
        _waitMax = options.MaxQueryTime;
        _timer = new Timer(static self => ((RequestWaits)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Requests waiting now.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _deadlines.Count;
        }
    }

    /// <summary>
    /// Starts a wait for <paramref name="request"/>: at most <paramref name="asked"/> (the default when not positive, never above the maximum) plus up to a sixteenth of it by chance.
    /// Ends by itself when the client goes away or the server stops.
    /// </summary>
    public Waiter Start(ApiRequest request, TimeSpan asked) => StartUntil(request.Aborted, DeadlineOf(asked));

    /// <summary>Starts a wait that ends at a moment got from <see cref="DeadlineOf"/>: for requests that wait several times.</summary>
    public Waiter StartUntil(ApiRequest request, Instant deadline) => StartUntil(request.Aborted, deadline);

    /// <summary>When a wait of the time asked for, starting now, must end; with its share of chance.</summary>
    public Instant DeadlineOf(TimeSpan asked)
    {
        var wait = asked <= TimeSpan.Zero ? _waitDefault : asked < _waitMax ? asked : _waitMax;
        return Now() + wait + TimeSpan.FromTicks(Random.Shared.NextInt64(wait.Ticks / JitterFraction + 1));
    }

    internal Waiter StartUntil(CancellationToken departure, Instant deadline)
    {
        var waiter = new Waiter(this);
        bool stopped;
        lock (_gate)
        {
            stopped = _stopped;
            if (!stopped)
            {
                waiter.Deadline = _deadlines.Add(deadline, waiter);
                if (deadline < _timerDue) SetTimer(deadline);
            }
        }
        if (stopped) waiter.End(WaitEnd.Stopping);
        else waiter.Departure = departure.UnsafeRegister(static waiter => ((Waiter)waiter!).End(WaitEnd.ClientGone), waiter);
        return waiter;
    }

    /// <summary>Ends all waits, and all that come later, at once.</summary>
    public void Stop()
    {
        List<Waiter> waiting = [];
        lock (_gate)
        {
            _stopped = true;
            while (_deadlines.TryPopDue(Instant.Never, out var waiter)) waiting.Add(waiter);
        }
        foreach (var waiter in waiting) waiter.End(WaitEnd.Stopping);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _timer.Dispose();
    }

    internal void Forget(Waiter waiter)
    {
        lock (_gate) _deadlines.Remove(waiter.Deadline);
    }

    private void OnTimer()
    {
        List<Waiter> due = [];
        lock (_gate)
        {
            var now = Now();
            while (_deadlines.TryPopDue(now, out var waiter)) due.Add(waiter);
            SetTimer(_deadlines.Next);
        }
        foreach (var waiter in due) waiter.End(WaitEnd.Deadline);
    }

    private void SetTimer(Instant due)
    {
        _timerDue = due;
        if (_stopped) return;
        // Rounded up: a timer that fires a moment early would find nothing due and be set again for no time at all.
        if (due == Instant.Never) _timer.Change(Timeout.Infinite, Timeout.Infinite);
        else _timer.Change(Math.Max(0, (long)Math.Ceiling((due - Now()).TotalMilliseconds)), Timeout.Infinite);
    }

    internal static Instant Now() => new((long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));
}
