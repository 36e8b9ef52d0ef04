namespace Conclave.State;

/// <summary>Watches whose subject changed in one batch.</summary>
public sealed class FiredWatches
{
    private readonly List<Watch> _watches;
    private readonly Watch? _batch;

    internal FiredWatches(List<Watch> watches, Watch? batch)
    {
        _watches = watches;
        _batch = batch;
    }

    /// <summary>Nobody waits.</summary>
    public static FiredWatches None { get; } = new([], null);

    /// <summary>True when nobody waits: nothing to schedule.</summary>
    public bool IsEmpty => _batch is null;

    /// <summary>Calls every waiter. On any thread, once, after the root was published.</summary>
    public void Fire()
    {
        foreach (var watch in _watches) watch.Fire();
        // Last: it wakes those who came between the hand-over and the publication of the new root.
        _batch?.Fire();
    }
}
