using Conclave.Http.Json;
using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>All requests that wait for the same question. The state is watched once, the question asked once per change, the answer written once for all who may have it.</summary>
internal sealed class WatchGroup(BlockingQueries owner, string key, bool pretty, ReadQuery query) : IWatchWaiter, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    // All below are guarded by _gate, except _scheduled.
    private readonly WatchSet _watches = new();
    private readonly List<Waiter> _waiters = [];
    private ulong _index;
    private object? _lineage;
    private bool _asked;
    private bool _closed;
    private int _scheduled;

    public string Key { get; } = key;

    /// <summary>
    /// Joins the group when its answer is not newer than <paramref name="indexSeen"/>. <see cref="JoinResult.Newer"/>: answer at once instead.
    /// <see cref="JoinResult.Closed"/>: the group has ended, look for another.
    /// </summary>
    public JoinResult Join(ulong indexSeen, Func<Waiter> start, out Waiter? waiter)
    {
        waiter = null;
        lock (_gate)
        {
            if (_closed) return JoinResult.Closed;
            if (!_asked) AskFirst();
            if (_index > indexSeen)
            {
                CloseIfEmpty();
                return JoinResult.Newer;
            }
            waiter = start();
            waiter.IndexSeen = indexSeen;
            waiter.Position = _waiters.Count;
            _waiters.Add(waiter);
            return JoinResult.Joined;
        }
    }

    /// <summary>Takes a request out that will not be answered by the group.</summary>
    public void Leave(Waiter waiter)
    {
        lock (_gate)
        {
            if (waiter.Position < 0) return;
            Remove(waiter);
            CloseIfEmpty();
        }
    }

    // Called by whoever fires watches, perhaps while _gate is held by us: only schedules.
    void IWatchWaiter.OnChanged()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        List<Waiter> woken = [];
        lock (_gate)
        {
            Volatile.Write(ref _scheduled, 0);
            if (_closed) return;
            try
            {
                AnswerTo(woken);
            }
            catch (Exception failure) when (failure is not Core.InvariantBrokenException)
            {
                // Each request asks for itself then, and the failure becomes its answer and a line in the log.
                Dissolve(woken);
            }
        }
        // A request whose wait has ended otherwise in this moment finds the answer as well and sends or releases it.
        foreach (var waiter in woken) waiter.Wake();
    }

    private void AnswerTo(List<Waiter> woken)
    {
        object? before = _lineage;
        Ask();
        // A state from an archive took the place of the one that was seen: its indexes say nothing about what the waiters know.
        bool isReplaced = before != _lineage;
        foreach (var waiter in _waiters)
            if (isReplaced || waiter.IndexSeen < _index) woken.Add(waiter);
        if (woken.Count == 0) return;
        var body = Render(woken.Count);
        foreach (var waiter in woken)
        {
            waiter.Body = body;
            Remove(waiter);
        }
        CloseIfEmpty();
    }

    private void Dissolve(List<Waiter> woken)
    {
        woken.Clear();
        woken.AddRange(_waiters);
        foreach (var waiter in woken) Remove(waiter);
        CloseIfEmpty();
    }

    private void AskFirst()
    {
        try
        {
            Ask();
            _asked = true;
        }
        finally
        {
            // A question that fails leaves no group behind; the failure goes to the one who asked.
            if (!_asked) CloseIfEmpty();
        }
    }

    private void Ask()
    {
        _watches.Clear();
        var root = owner.Root;
        _lineage = root.Lineage;
        _index = Math.Max(1, query.Run(root, _watches));
        _watches.Arm(this);
    }

    private SharedBody Render(int holders)
    {
        var json = query.Render(pretty);
        var body = new SharedBody(json, _index, query.IsMissing, holders);
        query.Forget();
        return body;
    }

    private void Remove(Waiter waiter)
    {
        var last = _waiters[^1];
        _waiters[waiter.Position] = last;
        last.Position = waiter.Position;
        _waiters.RemoveAt(_waiters.Count - 1);
        waiter.Position = -1;
    }

    private void CloseIfEmpty()
    {
        if (_waiters.Count > 0 || _closed) return;
        _closed = true;
        _watches.Clear();
        query.Forget();
        owner.Remove(this);
    }
}

/// <summary>What became of an attempt to join a group.</summary>
internal enum JoinResult : byte
{
    /// <summary>The request waits.</summary>
    Joined,
    /// <summary>There is something newer already.</summary>
    Newer,
    /// <summary>The group has ended.</summary>
    Closed,
}
