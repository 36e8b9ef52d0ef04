using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Hosting.Calls;
using Conclave.Rpc.Grpc;
using Conclave.State;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Streaming;

/// <summary>One service while somebody subscribes to it: what it looks like, and the last changes for those who have not taken them yet.</summary>
internal sealed class ServiceFeed(ServiceFeeds owner, FeedKey key) : IWatchWaiter, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    // All below are guarded by _gate, except _scheduled.
    private readonly WatchSet _watches = new();
    private readonly List<FeedEvent> _events = [];
    private List<CheckServiceNode> _rows = [];
    private object? _lineage;                                          // null before the first look
    private ulong _index;
    private ulong _coveredFrom;                                        // who has seen this index lacks nothing but what is in _events
    private long _firstEvent;                                          // number of the first of _events; they count up for ever
    private int _eventBytes;
    private byte[]? _snapshot;                                         // of _rows, once somebody needed it
    private int _subscribers;
    private bool _isClosed;
    private int _scheduled;

    public FeedKey Key { get; } = key;

    /// <summary>Fires when there are changes to read.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>Joins; null when the feed has ended: look for another.</summary>
    public FeedSubscription? TryJoin(ulong indexSeen)
    {
        lock (_gate)
        {
            if (_isClosed) return null;
            try
            {
                if (_lineage is null) LookFirst();
                var subscription = Begin(indexSeen);
                _subscribers++;
                return subscription;
            }
            finally
            {
                if (_subscribers == 0) Close();
            }
        }
    }

    /// <summary>Takes the changes from a number on, and moves it behind them.</summary>
    /// <param name="next">Number of the next change to take.</param>
    /// <param name="indexSeen">Changes up to this index are known already.</param>
    /// <param name="into">Where they are put.</param>
    public FeedReading Read(ref long next, ulong indexSeen, List<FeedEvent> into)
    {
        lock (_gate)
        {
            if (_isClosed || next < _firstEvent) return FeedReading.Cut;
            for (int i = (int)(next - _firstEvent); i < _events.Count; i++)
                if (_events[i].Index > indexSeen) into.Add(_events[i]);
            next = _firstEvent + _events.Count;
            return into.Count > 0 ? FeedReading.Changes : FeedReading.Nothing;
        }
    }

    /// <summary>A subscriber leaves.</summary>
    public void Leave()
    {
        lock (_gate)
            if (--_subscribers == 0) Close();
    }

    // Called by whoever fires watches, perhaps while _gate is held by us: only schedules.
    void IWatchWaiter.OnChanged()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        lock (_gate)
        {
            Volatile.Write(ref _scheduled, 0);
            if (_isClosed) return;
            try
            {
                LookAgain();
            }
            catch (Exception failure) when (failure is not InvariantBrokenException)
            {
                StreamingLog.FeedFailed(owner.Log, failure, Key.Service);
                Close();                                               // subscribers start anew, and find out for themselves
            }
        }
        Changed.Fire();
    }

    private FeedSubscription Begin(ulong indexSeen)
    {
        owner.Look(out ulong since);
        if (indexSeen == 0) return new FeedSubscription(this, [Snapshot()], _firstEvent + _events.Count, 0);
        if (indexSeen >= since && indexSeen >= _coveredFrom) return new FeedSubscription(this, [], NextAfter(indexSeen), indexSeen);

        using var writer = new ProtoWriter(16);
        StreamEvents.WriteNewSnapshotToFollow(writer);
        return new FeedSubscription(this, [writer.ToArray(), Snapshot()], _firstEvent + _events.Count, 0);
    }

    private long NextAfter(ulong index)
    {
        int at = _events.Count;
        while (at > 0 && _events[at - 1].Index > index) at--;
        return _firstEvent + at;
    }

    private void LookFirst()
    {
        var root = Look(_rows, out _index);
        _lineage = root.Lineage;
        // The index of proxies may go back when the last one of a name goes, so it does not tell what came since then.
        _coveredFrom = Key.Topic == StreamTopic.ServiceHealthConnect ? Math.Max(_index, root.LastIndex) : _index;
    }

    private void LookAgain()
    {
        var rows = new List<CheckServiceNode>(_rows.Count);
        var root = Look(rows, out ulong index);
        if (!ReferenceEquals(root.Lineage, _lineage))
        {
            Close();                                                   // nothing that subscribers know can be compared with this state
            return;
        }
        if (index <= _index) index = Math.Max(_index, root.LastIndex);
        var changes = new List<InstanceChange>();
        FeedChanges.Find(_rows, rows, _index, index, changes);
        _rows = rows;
        if (changes.Count == 0) return;
        (_snapshot, _index) = (null, index);
        Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(changes));
    }

    private StateRoot Look(List<CheckServiceNode> into, out ulong index)
    {
        _watches.Clear();
        owner.NoteEvaluation();
        var root = owner.Look(out _);
        index = Math.Max(1, root.CheckServiceNodes(Key.Service, null, null, Key.Topic == StreamTopic.ServiceHealthConnect, _watches, into));
        _watches.Arm(this);
        return root;
    }

    private void Write(ReadOnlySpan<InstanceChange> changes)
    {
        owner.NoteEncoding();
        using var writer = new ProtoWriter(4096);
        while (!changes.IsEmpty)
        {
            int count = 1;
            while (count < changes.Length && changes[count].Index == changes[0].Index) count++;
            writer.Clear();
            WriteInParts(writer, changes[..count], changes[0].Index);
            Keep(new FeedEvent(changes[0].Index, writer.ToArray()));
            changes = changes[count..];
        }
    }

    // All as one message; when that gets too long, each half for itself. Only the last part bears the index: a subscriber that is cut off between the parts goes on from the index
    // before, and gets all of them again.
    private void WriteInParts(ProtoWriter writer, ReadOnlySpan<InstanceChange> changes, ulong index)
    {
        int begun = writer.WrittenCount;
        StreamEvents.WriteChanges(writer, WithIndex(changes, index), owner.Datacenter);
        if (changes.Length == 1 || writer.WrittenCount - begun <= owner.Limits.MessageBytesMax) return;
        writer.Truncate(begun);
        WriteInParts(writer, changes[..(changes.Length / 2)], changes[0].Index - 1);
        WriteInParts(writer, changes[(changes.Length / 2)..], index);
    }

    private static ReadOnlySpan<InstanceChange> WithIndex(ReadOnlySpan<InstanceChange> changes, ulong index)
    {
        if (changes[0].Index == index) return changes;
        var copies = changes.ToArray();
        for (int i = 0; i < copies.Length; i++) copies[i] = copies[i] with { Index = index };
        return copies;
    }

    private void Keep(FeedEvent change)
    {
        _events.Add(change);
        _eventBytes += change.Messages.Length;
        int gone = 0;
        while (_events.Count - gone > 1 && (_events.Count - gone > owner.Limits.EventsMax || _eventBytes > owner.Limits.EventBytesMax)) _eventBytes -= _events[gone++].Messages.Length;
        if (gone == 0) return;
        _coveredFrom = Math.Max(_coveredFrom, _events[gone - 1].Index);
        _firstEvent += gone;
        _events.RemoveRange(0, gone);
    }

    private byte[] Snapshot()
    {
        if (_snapshot is { } ready) return ready;
        owner.NoteEncoding();
        using var writer = new ProtoWriter(4096);
        foreach (var row in _rows) StreamEvents.WriteInstance(writer, _index, row, owner.Datacenter);
        StreamEvents.WriteEndOfSnapshot(writer, _index);
        return _snapshot = writer.ToArray();
    }

    private void Close()
    {
        if (_isClosed) return;
        _isClosed = true;
        _watches.Clear();
        _events.Clear();
        (_rows, _snapshot) = ([], null);
        owner.Remove(this);
    }
}
