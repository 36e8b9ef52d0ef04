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
    /// <summary>Most single watches one query takes; above it the queries watch the table's root instead.</summary>
    public const int WatchesMax = 8192;

    /// <summary>Registers <paramref name="waiter"/> with every watch of the set; calls it at once when one of them has fired already.</summary>
    public void Arm(IWatchWaiter waiter) => throw new NotImplementedException();

    /// <summary>Takes the registration back. Afterwards nothing in the state refers to the waiter (a call that is already under way may still arrive).</summary>
    public void Disarm() => throw new NotImplementedException();

    /// <summary>Empties the set for the next evaluation; disarms first.</summary>
    public void Clear() => throw new NotImplementedException();
}
