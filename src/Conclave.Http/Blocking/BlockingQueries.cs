using Conclave.Http.Requests;
using Conclave.Node;
using Conclave.State;

namespace Conclave.Http.Blocking;

/// <summary>Reads that wait for a change. Only groups with waiting requests exist; when the last one leaves, nothing of the group is left in the state.</summary>
public sealed class BlockingQueries(INodeGateway gateway)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RequestGroup> _groups = new(StringComparer.Ordinal);   // Guarded by _gate.

    internal StateRoot Root => gateway.Root;

    /// <summary>Groups with waiting requests.</summary>
    public int GroupCount
    {
        get
        {
            lock (_gate) return _groups.Count;
        }
    }

    /// <summary>Waits until the answer's index is above <paramref name="indexSeen"/>. The group is null when it is so already.</summary>
    internal (RequestGroup? Group, Waiter? Waiter) Join(ApiRequest request, ReadQuery query, ulong indexSeen, TimeSpan wait)
    {
        var key = request.QuestionKey();
        var waits = request.Server.Waits;
        while (true)
        {
            RequestGroup? group;
            lock (_gate)
            {
                if (!_groups.TryGetValue(key, out group))
                {
                    group = new RequestGroup(this, key, request.IsPretty, query);
                    _groups.Add(key, group);
                }
            }
            switch (group.Join(indexSeen, () => waits.Start(request, wait), out var waiter))
            {
                case JoinResult.Joined: return (group, waiter);
                case JoinResult.Newer: return default;
            }
        }
    }

    internal void Remove(RequestGroup group)
    {
        lock (_gate)
        {
            if (_groups.TryGetValue(group.Key, out var known) && ReferenceEquals(known, group)) _groups.Remove(group.Key);
        }
    }
}
