using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.State;

namespace Conclave.Hosting.Calls;

/// <summary>All calls that wait for the same question. The state is watched once, the question asked once per change, the result written once for all who may have it.</summary>
internal sealed class RpcWatchGroup(RpcWaits owner, string key, RpcQuery query) : IWatchWaiter, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    // All below are guarded by _gate, except _scheduled.
    private readonly WatchSet _watches = new();
    private readonly List<RpcWaiter> _waiters = [];
    private ulong _index;
    private object? _lineage;                                          // null before the question was asked
    private bool _isClosed;
    private int _scheduled;

    public string Key { get; } = key;

    /// <summary>Calls in it, about.</summary>
    public int WaiterCount => _waiters.Count;

    /// <summary>False when the group has ended: look for another. Without a waiter there is something newer already.</summary>
    public bool TryJoin(ulong indexSeen, out RpcWaiter? waiter)
    {
        waiter = null;
        lock (_gate)
        {
            if (_isClosed) return false;
            try
            {
                if (_lineage is null) Ask();
                if (_index > indexSeen) return true;
                waiter = new RpcWaiter(this, indexSeen) { Position = _waiters.Count };
                _waiters.Add(waiter);
                return true;
            }
            finally
            {
                CloseIfEmpty();                                        // also when the question fails: nothing is left behind then
            }
        }
    }

    /// <summary>Takes a call out that will not be answered by the group.</summary>
    public void Leave(RpcWaiter waiter)
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
        List<RpcWaiter> woken = [];
        SharedResult? result = null;
        lock (_gate)
        {
            Volatile.Write(ref _scheduled, 0);
            if (_isClosed) return;
            try
            {
                result = AnswerTo(woken);
            }
            catch (Exception failure) when (failure is not InvariantBrokenException)
            {
                // Each call asks for itself then, and the failure becomes its answer and a line in the log.
                woken.Clear();
                woken.AddRange(_waiters);
            }
            foreach (var waiter in woken) Remove(waiter);
            CloseIfEmpty();
        }
        foreach (var waiter in woken) waiter.End(result);
    }

    private SharedResult? AnswerTo(List<RpcWaiter> woken)
    {
        object? before = _lineage;
        Ask();
        // A state from an archive took the place of the one that was seen: its indexes say nothing about what the waiters know.
        bool isReplaced = !ReferenceEquals(before, _lineage);
        foreach (var waiter in _waiters)
            if (isReplaced || waiter.IndexSeen < _index) woken.Add(waiter);
        return woken.Count == 0 ? null : Render();
    }

    private void Ask()
    {
        _watches.Clear();
        owner.NoteEvaluation();
        var root = owner.Root;
        _index = Math.Max(1, query.Run(root, _watches));
        _lineage = root.Lineage;
        _watches.Arm(this);
    }

    private SharedResult Render()
    {
        owner.NoteRendering();
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        query.Write(ref writer, owner.MetaOf(_index));
        writer.Flush();
        return new SharedResult(buffer.ToArray());
    }

    private void Remove(RpcWaiter waiter)
    {
        var last = _waiters[^1];
        _waiters[waiter.Position] = last;
        last.Position = waiter.Position;
        _waiters.RemoveAt(_waiters.Count - 1);
        waiter.Position = -1;
    }

    private void CloseIfEmpty()
    {
        if (_waiters.Count > 0 || _isClosed) return;
        _isClosed = true;
        _watches.Clear();
        owner.Remove(this);
    }
}
