using Conclave.Core;

namespace Conclave.State;

/// <summary>Told, once per arming, that something it looked at has changed.</summary>
public interface IWatchWaiter
{
    /// <summary>Called on the thread that fires watches (never the node's loop); must return quickly and never block. At most once per <see cref="WatchSet.Arm"/>.</summary>
    void OnChanged();
}

/// <summary>
/// What one evaluation of a query looked at. Filled by the queries of <see cref="StateRoot"/>, then armed by the caller.
/// Not thread-safe except that firing may race with <see cref="Disarm"/>. Reusable after <see cref="Clear"/>.
/// </summary>
public sealed class WatchSet
{
    /// <summary>
    /// Most watches in one set. A query takes one to three however many rows it returns; the bound is for callers that collect the watches of many queries.
    /// </summary>
    public const int WatchesMax = 8192;

    private readonly List<Watch> _watches = [];
    private readonly List<WatchRegistration> _registrations = [];
    private WatchArming? _arming;

    /// <summary>Number of watches the queries added so far.</summary>
    public int Count => _watches.Count;

    /// <summary>Registers <paramref name="waiter"/> with every watch of the set; calls it at once when one of them has fired already.</summary>
    public void Arm(IWatchWaiter waiter)
    {
        ArgumentNullException.ThrowIfNull(waiter);
        Disarm();
        var arming = new WatchArming(waiter);
        _arming = arming;
        foreach (var watch in _watches)
        {
            var registration = new WatchRegistration(watch, arming);
            if (!watch.TryAdd(registration))
            {
                arming.Signal();
                return;
            }
            _registrations.Add(registration);
        }
    }

    /// <summary>Takes the registration back. Afterwards nothing in the state refers to the waiter (a call that is already under way may still arrive).</summary>
    public void Disarm()
    {
        _arming?.Cancel();
        _arming = null;
        foreach (var registration in _registrations) registration.Watch.Remove(registration);
        _registrations.Clear();
    }

    /// <summary>Empties the set for the next evaluation; disarms first.</summary>
    public void Clear()
    {
        Disarm();
        _watches.Clear();
    }

    internal void Add(Watch watch)
    {
        if (_watches.Count > 0 && ReferenceEquals(_watches[^1], watch)) return;
        Invariant.Require(_watches.Count < WatchesMax, "a set of watches is cleared before it is full");
        _watches.Add(watch);
    }
}
