using Conclave.Core;

namespace Conclave.Node.Pool;

/// <summary>
/// Notices servers that gossip has given up and that Raft hears again, so that the pool comes together when the first packet flows, and not when its own timer says so.
/// </summary>
/// <param name="outbox">Where wishes go.</param>
internal sealed class LostContacts(Outbox outbox)
{
    // An exchange that fails takes a moment; the next message gives another chance.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    // Servers given up, by id, and from when on a word of theirs makes the pool go and meet them.
    private readonly SortedDictionary<string, (string Name, Instant From)> _lost = new(StringComparer.Ordinal);

    /// <summary>Takes over the members; what is known of those that are still lost is kept.</summary>
    public void OnMembers(IReadOnlyList<PoolMember> members)
    {
        string[] before = [.. _lost.Keys];
        var still = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var member in members)
        {
            if (member is not { Server: { IsFitForRaft: true } server, Status: ServerMemberStatus.Failed }) continue;
            still.Add(server.Id);
            _lost.TryAdd(server.Id, (server.Name, default));
        }
        foreach (string id in before)
            if (!still.Contains(id)) _lost.Remove(id);
    }

    /// <summary>A server has said something. Costs nothing while none is lost.</summary>
    public void OnHeard(string serverId, Instant now)
    {
        if (_lost.Count == 0 || !_lost.TryGetValue(serverId, out var lost) || now < lost.From) return;
        _lost[serverId] = (lost.Name, now + RetryAfter);
        outbox.Reconnect(lost.Name);
    }
}
