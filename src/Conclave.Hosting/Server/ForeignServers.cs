using System.Collections.Concurrent;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>
/// Remembers which servers of the pool belong to another cluster: they have peers, and none of those is one of ours. A server that has none, or knows one of ours, is free to be added.
/// Whoever has not been judged counts as foreign. Can be used from several threads.
/// </summary>
internal sealed class ForeignServers
{
    // By id; true for foreign. As many as gossip keeps members, at most.
    private readonly ConcurrentDictionary<string, bool> _verdicts = new(StringComparer.Ordinal);

    /// <summary>The members, those marked that must not be added to the cluster with this status.</summary>
    public IReadOnlyList<PoolMember> Mark(IReadOnlyList<PoolMember> members, ClusterStatus cluster)
    {
        PoolMember[]? marked = null;
        for (int i = 0; i < members.Count; i++)
        {
            if (members[i].Server is not { } server || IsOneOf(server, cluster) || !IsForeign(server)) continue;
            marked ??= [.. members];
            marked[i] = members[i] with { Server = server with { IsForeign = true } };
        }
        foreach (string id in _verdicts.Keys)
            if (!members.Any(member => member.Server?.Id == id)) _verdicts.TryRemove(id, out _);
        return marked ?? members;
    }

    /// <summary>Whom to ask for its peers: those that could be added if they are free.</summary>
    public List<ServerMember> Unjudged(List<ServerMember> members, ClusterStatus cluster) =>
        cluster.Servers.Count == 0 ? [] : members.FindAll(member => member.Status == ServerMemberStatus.Alive && !IsOneOf(member, cluster) && IsForeign(member));

    /// <summary>Whether it is foreign, or not judged yet.</summary>
    public bool IsForeign(ServerMember member) => !_verdicts.TryGetValue(member.Id, out bool isForeign) || isForeign;

    /// <summary>Takes what a server says of its peers. True when that is news.</summary>
    /// <param name="member">The server.</param>
    /// <param name="theirs">The addresses of its peers, itself among them.</param>
    /// <param name="ours">The addresses of ours.</param>
    public bool Judge(ServerMember member, IReadOnlyList<string> theirs, IReadOnlyList<string> ours)
    {
        bool isForeign = theirs.Count > 0 && !theirs.Any(address => address != member.Address && ours.Contains(address));
        bool isNews = !_verdicts.TryGetValue(member.Id, out bool before) || before != isForeign;
        _verdicts[member.Id] = isForeign;
        return isNews;
    }

    private static bool IsOneOf(ServerMember member, ClusterStatus cluster)
    {
        foreach (var server in cluster.Servers)
            if (server.Id == member.Id) return true;
        return false;
    }
}
