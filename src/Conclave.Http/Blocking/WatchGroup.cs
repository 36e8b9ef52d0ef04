using Conclave.Core;
using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>
/// All that wait for the same question to the state. The state is watched once, the question asked once per change, the answer written once for all who may have it. What an answer is, heirs say. Thread-safe.
/// </summary>
/// <param name="key">The question.</param>
internal abstract class WatchGroup<TWaiter>(string key) : IWatchWaiter, IThreadPoolWorkItem
    where TWaiter : class, IListedWaiter
{
    private readonly Lock _gate = new();
    // All below are guarded by _gate, except _scheduled.
    private readonly WatchSet _watches = new();
    private readonly WaiterList<TWaiter> _waiters = new();
    private object? _lineage;                                          // null before the question was asked
    private bool _isClosed;
    private int _scheduled;

    public string Key { get; } = key;

    /// <summary>How many wait, about.</summary>
    public int WaiterCount => _waiters.Count;

    /// <summary>The index of what was found last. For heirs, in their calls.</summary>
    protected ulong Index { get; private set; }

    /// <summary>
    /// Joins the group when its answer is not newer than <paramref name="indexSeen"/>. <see cref="JoinResult.Newer"/>: answer at once instead.
    /// <see cref="JoinResult.Closed"/>: the group has ended, look for another. A question that fails leaves no group behind; the failure goes to the one who asked.
    /// </summary>
    public JoinResult Join(ulong indexSeen, Func<TWaiter> start, out TWaiter? waiter)
    {
        waiter = null;
        lock (_gate)
        {
            if (_isClosed) return JoinResult.Closed;
            try
            {
                if (_lineage is null) Ask();
                if (Index > indexSeen) return JoinResult.Newer;
                waiter = start();
                _waiters.Add(waiter, indexSeen);
                return JoinResult.Joined;
            }
            finally
            {
                CloseIfEmpty();
            }
        }
    }

    /// <summary>Takes out one that will not be answered by the group.</summary>
    public void Leave(TWaiter waiter)
    {
        lock (_gate)
        {
            if (_waiters.Remove(waiter)) CloseIfEmpty();
        }
    }

    /// <summary>The state as it is now.</summary>
    protected abstract StateRoot Root { get; }

    /// <summary>Asks a state, and gives the index of what was found.</summary>
    protected abstract ulong Run(StateRoot root, WatchSet watches);

    /// <summary>Writes what was found last, and gives it to each of these.</summary>
    protected abstract void Answer(List<TWaiter> woken);

    /// <summary>Ends a wait. Without an answer it must ask for itself, and hears of what was wrong then.</summary>
    protected abstract void Wake(TWaiter waiter);

    /// <summary>The group has ended: nothing of it is left in the state.</summary>
    protected abstract void OnClosed();

    // Called by whoever fires watches, perhaps while _gate is held by us: only schedules.
    void IWatchWaiter.OnChanged()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        List<TWaiter> woken = [];
        lock (_gate)
        {
            Volatile.Write(ref _scheduled, 0);
            if (_isClosed) return;
            try
            {
                TakeThoseBehind(woken);
                if (woken.Count > 0) Answer(woken);
            }
            catch (Exception failure) when (failure is not InvariantBrokenException)
            {
                _waiters.TakeAll(woken);
            }
            CloseIfEmpty();
        }
        // A wait that has ended otherwise in this moment finds the answer as well and sends or releases it.
        foreach (var waiter in woken) Wake(waiter);
    }

    private void TakeThoseBehind(List<TWaiter> woken)
    {
        object? before = _lineage;
        Ask();
        // A state from an archive took the place of the one that was seen: its indexes say nothing about what the waiters know.
        if (ReferenceEquals(before, _lineage)) _waiters.TakeBefore(Index, woken);
        else _waiters.TakeAll(woken);
    }

    private void Ask()
    {
        _watches.Clear();
        var root = Root;
        Index = Math.Max(1, Run(root, _watches));
        _lineage = root.Lineage;
        _watches.Arm(this);
    }

    private void CloseIfEmpty()
    {
        if (_waiters.Count > 0 || _isClosed) return;
        _isClosed = true;
        _watches.Clear();
        OnClosed();
    }
}

/// <summary>What became of an attempt to join a group.</summary>
internal enum JoinResult : byte
{
    /// <summary>The one who asked waits.</summary>
    Joined,
    /// <summary>There is something newer already.</summary>
    Newer,
    /// <summary>The group has ended.</summary>
    Closed,
}
