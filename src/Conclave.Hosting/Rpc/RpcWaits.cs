using Conclave.Http.Blocking;
using Conclave.Node;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Hosting.Calls;

/// <summary>Calls that wait for a change. Those that ask the same wait as one group; when the last one leaves, nothing of it is left in the state. Thread-safe.</summary>
internal sealed class RpcWaits(INodeGateway gateway)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RpcWatchGroup> _groups = new(StringComparer.Ordinal);   // Guarded by _gate.
    private long _evaluations, _renderings;

    /// <summary>Groups with waiting calls.</summary>
    public int GroupCount
    {
        get
        {
            lock (_gate) return _groups.Count;
        }
    }

    /// <summary>Calls that wait.</summary>
    public int WaiterCount
    {
        get
        {
            lock (_gate) return _groups.Values.Sum(static group => group.WaiterCount);
        }
    }

    /// <summary>How often groups have asked the state.</summary>
    public long Evaluations => Interlocked.Read(ref _evaluations);

    /// <summary>How often groups have written a result.</summary>
    public long Renderings => Interlocked.Read(ref _renderings);

    internal StateRoot Root => gateway.Root;

    /// <summary>Waits for an index above the one that the caller has seen; null when there is one already. The query belongs to the group from now on.</summary>
    public RpcWaiter? Join(string method, QueryArguments arguments, RpcQuery query)
    {
        string key = method + ' ' + arguments.Question();
        while (true)
        {
            RpcWatchGroup? group;
            lock (_gate)
            {
                if (!_groups.TryGetValue(key, out group))
                {
                    group = new RpcWatchGroup(this, key, query);
                    _groups.Add(key, group);
                }
            }
            if (group.Join(arguments.Options.MinQueryIndex, () => new RpcWaiter(group), out var waiter) != JoinResult.Closed) return waiter;
        }
    }

    /// <summary>What stands beside an answer of this moment.</summary>
    internal QueryMeta MetaOf(ulong index)
    {
        // A stale grant is there at once on a server that has anything to show, and calls do not wait on others.
        var granted = gateway.ReadAsync(ReadMode.Stale, CancellationToken.None);
        var grant = granted.IsCompletedSuccessfully ? granted.Result : new ReadGrant(null, null, gateway.Status.KnownLeader, 0);
        if (!granted.IsCompleted) _ = granted.AsTask().ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return new QueryMeta(index, grant.KnownLeader, grant.LastContactMilliseconds * 1_000_000);
    }

    internal void NoteEvaluation() => Interlocked.Increment(ref _evaluations);

    internal void NoteRendering() => Interlocked.Increment(ref _renderings);

    internal void Remove(RpcWatchGroup group)
    {
        lock (_gate)
        {
            if (_groups.TryGetValue(group.Key, out var known) && ReferenceEquals(known, group)) _groups.Remove(group.Key);
        }
    }
}
