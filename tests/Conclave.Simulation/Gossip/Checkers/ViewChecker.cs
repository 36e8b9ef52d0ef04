using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>What a pool tells in events and what its list of members says are the same.</summary>
internal sealed class ViewChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    private const string Name = "events tell the list";

    private readonly Dictionary<GossipProcess, SortedDictionary<string, MemberStatus>> _views = [];
    private readonly List<GossipMember> _members = [];

    public override void OnStarted(GossipProcess node) => _views[node] = new(StringComparer.Ordinal);

    public override void OnStopped(GossipProcess node) => _views.Remove(node);

    public override void OnEvent(GossipProcess node, GossipEvent happened)
    {
        if (happened.Member is not { } member) return;
        var view = _views[node];
        switch (happened.Kind)
        {
            case GossipEventKind.Joined: view[member.Name] = MemberStatus.Alive; break;
            case GossipEventKind.Left: view[member.Name] = MemberStatus.Left; break;
            case GossipEventKind.Failed: view[member.Name] = MemberStatus.Failed; break;
            case GossipEventKind.Reaped: view.Remove(member.Name); break;
            case GossipEventKind.Updated when !view.ContainsKey(member.Name): SimFailureException.Safety(Name, $"{node.Name} hears of an update of {member.Name}, which it never heard of"); break;
        }
    }

    public override void OnSecond()
    {
        foreach (var (node, view) in _views)
        {
            node.Pool.CopyMembers(_members);
            if (node.Pool.MemberCount != _members.Count) SimFailureException.Safety(Name, $"{node.Name} counts {node.Pool.MemberCount} members and lists {_members.Count}");
            if (view.Count != _members.Count) SimFailureException.Safety(Name, $"{node.Name} heard of {view.Count} members and lists {_members.Count}");
            foreach (var member in _members) Compare(node, view, member);
        }
    }

    private static void Compare(GossipProcess node, SortedDictionary<string, MemberStatus> view, GossipMember member)
    {
        var status = member.Status == MemberStatus.Leaving ? MemberStatus.Alive : member.Status;
        if (!view.TryGetValue(member.Name, out var heard) || heard != status) SimFailureException.Safety(Name, $"{node.Name} lists {member.Name} as {member.Status} and heard of it as {heard}");
    }
}
