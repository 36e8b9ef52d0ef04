namespace Conclave.Agent.Events;

/// <summary>Told once that an event arrived.</summary>
public interface IEventWaiter
{
    /// <summary>Called under the log's lock: must only schedule work.</summary>
    void OnEvent();
}

/// <summary>The last events that concerned this node, in order of arrival. Thread-safe.</summary>
public sealed class EventLog
{
    /// <summary>How many events are kept.</summary>
    public const int EventsMax = 256;

    private readonly Lock _gate = new();
    // All guarded by _gate. The ring's oldest event is at _next once it is full.
    private readonly UserEvent[] _ring = new UserEvent[EventsMax];
    private readonly List<IEventWaiter> _waiters = [];
    private int _next;
    private int _count;
    private ulong _arrivals;

    /// <summary>Keeps an event with its Lamport time and wakes who waits.</summary>
    public void Add(UserEvent arrived)
    {
        lock (_gate)
        {
            _ring[_next] = arrived;
            _next = (_next + 1) % EventsMax;
            _count = Math.Min(_count + 1, EventsMax);
            _arrivals++;
            foreach (var waiter in _waiters) waiter.OnEvent();
            _waiters.Clear();
        }
    }

    /// <summary>Appends the events of a name (empty: all). Gives the number of arrivals so far, for <see cref="Watch"/>.</summary>
    public ulong List(string name, List<UserEvent> into)
    {
        lock (_gate)
        {
            for (int i = 0; i < _count; i++)
            {
                var kept = _ring[(_next - _count + i + EventsMax) % EventsMax];
                if (name.Length == 0 || kept.Name == name) into.Add(kept);
            }
            return _arrivals;
        }
    }

    /// <summary>Registers <paramref name="waiter"/> for the next event. False when one arrived since <paramref name="arrivals"/> was read: nothing was registered.</summary>
    public bool Watch(ulong arrivals, IEventWaiter waiter)
    {
        lock (_gate)
        {
            if (_arrivals != arrivals) return false;
            _waiters.Add(waiter);
            return true;
        }
    }

    /// <summary>Takes a watch back.</summary>
    public void Unwatch(IEventWaiter waiter)
    {
        lock (_gate) _waiters.Remove(waiter);
    }
}
