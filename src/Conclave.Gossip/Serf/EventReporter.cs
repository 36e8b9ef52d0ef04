using Conclave.Gossip.Files;

namespace Conclave.Gossip.Serf;

/// <summary>Tells what happened: to the snapshot file at once, to the application at once or, if it wants fewer, after holding back what may be outdated soon.</summary>
internal sealed class EventReporter(SerfContext context, SnapshotKeeper? snapshot)
{
    private readonly MemberCoalescer? _members = context.Config.CoalescePeriod > TimeSpan.Zero ? new MemberCoalescer(context) : null;
    private readonly UserCoalescer? _users = context.Config.UserCoalescePeriod > TimeSpan.Zero ? new UserCoalescer(context) : null;

    public void Member(GossipEventKind kind, GossipMember member)
    {
        snapshot?.OnMember(kind, member);
        var happened = new GossipEvent { Kind = kind, Member = member };
        if (_members is null) context.Outbox.Raise(happened);
        else _members.Hold(happened);
    }

    public void User(GossipEvent happened)
    {
        snapshot?.OnUserEvent(happened.LamportTime);
        if (_users is null || !happened.MayCoalesce) context.Outbox.Raise(happened);
        else _users.Hold(happened);
    }

    /// <summary>A query came by, for us or not.</summary>
    public void QuerySeen(ulong time) => snapshot?.OnQuery(time);

    /// <summary>What must not wait: queries and what comes of ours.</summary>
    public void Query(GossipEvent happened) => context.Outbox.Raise(happened);

    public void FlushMembers() => _members?.Flush();

    public void FlushUsers() => _users?.Flush();
}
