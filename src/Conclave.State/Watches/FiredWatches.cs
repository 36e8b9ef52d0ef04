namespace Conclave.State;

/// <summary>Watches whose subject changed in one batch. None of them fires before the new root is published: whoever is told must find what changed.</summary>
public sealed class FiredWatches
{
    private readonly List<Watch>? _watches;
    private readonly Watch? _batch;

    internal FiredWatches(List<Watch>? watches, Watch? batch)
    {
        _watches = watches;
        _batch = batch;
    }

    /// <summary>Nothing changed.</summary>
    public static FiredWatches None { get; } = new(null, null);

    /// <summary>True when nothing changed: nothing to do.</summary>
    public bool IsEmpty => _batch is null;

    /// <summary>
    /// Call after the root was published, on the thread that did: true when nobody waits and all is done, which is the rule; false when <see cref="Fire"/>
    /// must be called elsewhere, because there are waiters to be called. Cheap.
    /// </summary>
    public bool TryFinish()
    {
        var nobody = true;
        foreach (var watch in _watches ?? []) nobody &= watch.FireIfUnwatched();
        return (_batch?.FireIfUnwatched() ?? true) && nobody;
    }

    /// <summary>Calls every waiter. On any thread, once, after the root was published.</summary>
    public void Fire()
    {
        foreach (var watch in _watches ?? []) watch.Fire();
        // Last: it wakes those who came between the hand-over and the publication of the new root.
        _batch?.Fire();
    }
}
