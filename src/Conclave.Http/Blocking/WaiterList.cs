namespace Conclave.Http.Blocking;

/// <summary>Something that waits in a <see cref="WaiterList{TWaiter}"/>.</summary>
internal interface IListedWaiter
{
    /// <summary>The index it knows: it waits for a higher one. The list's, like its place.</summary>
    ulong IndexSeen { get; set; }

    /// <summary>Its place in the list; -1 outside.</summary>
    int Position { get; set; }
}

/// <summary>All that wait for one thing. Joining and leaving take the same time however many there are. Guarded by its owner's lock.</summary>
internal sealed class WaiterList<TWaiter>
    where TWaiter : class, IListedWaiter
{
    private readonly List<TWaiter> _waiters = [];

    public int Count => _waiters.Count;

    /// <summary>Takes in one that waits for something above an index; 0 for whatever comes.</summary>
    public void Add(TWaiter waiter, ulong indexSeen)
    {
        waiter.IndexSeen = indexSeen;
        waiter.Position = _waiters.Count;
        _waiters.Add(waiter);
    }

    /// <summary>False when it is not in the list (any more).</summary>
    public bool Remove(TWaiter waiter)
    {
        if (waiter.Position < 0) return false;
        var last = _waiters[^1];
        _waiters[waiter.Position] = last;
        last.Position = waiter.Position;
        _waiters.RemoveAt(_waiters.Count - 1);
        waiter.Position = -1;
        return true;
    }

    /// <summary>Somebody does not know <paramref name="index"/> yet.</summary>
    public bool AnyBefore(ulong index)
    {
        foreach (var waiter in _waiters)
            if (waiter.IndexSeen < index) return true;
        return false;
    }

    /// <summary>Takes out all that do not know <paramref name="index"/> yet.</summary>
    public void TakeBefore(ulong index, List<TWaiter> into)
    {
        int kept = 0;
        for (int i = 0; i < _waiters.Count; i++)
        {
            var waiter = _waiters[i];
            bool isTaken = waiter.IndexSeen < index;
            waiter.Position = isTaken ? -1 : kept;
            if (isTaken) into.Add(waiter);
            else _waiters[kept++] = waiter;
        }
        _waiters.RemoveRange(kept, _waiters.Count - kept);
    }

    /// <summary>Takes out all.</summary>
    public void TakeAll(List<TWaiter> into)
    {
        foreach (var waiter in _waiters) waiter.Position = -1;
        into.AddRange(_waiters);
        _waiters.Clear();
    }
}
