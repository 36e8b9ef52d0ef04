using Conclave.Raft;

namespace Conclave.Node;

/// <summary>Whether servers that expect each other may form a cluster. Each of them decides by itself; they come to the same list.</summary>
/// <param name="Servers">The cluster to be formed, or null: wait for other members.</param>
/// <param name="Conflict">Why it cannot be formed as things stand, for the operator; empty when nothing speaks against it.</param>
public readonly record struct BootstrapPlan(Configuration? Servers, string Conflict)
{
    /// <summary>A cluster of one.</summary>
    public static BootstrapPlan Alone(NodeIdentity self) => new(new Configuration([new RaftServer(self.NodeId, self.RpcAddress, Suffrage.Voter)]), "");

    /// <summary>Decides.</summary>
    /// <param name="members">All servers that gossip knows.</param>
    /// <param name="expect">With how many this server wants to form a cluster; above 1.</param>
    public static BootstrapPlan Make(IReadOnlyList<ServerMember> members, int expect)
    {
        var servers = new SortedDictionary<string, RaftServer>(StringComparer.Ordinal);
        int voters = 0;
        foreach (var member in members)
        {
            if (member.Expect == 1) return new BootstrapPlan(null, $"Member has bootstrap mode. Expect disabled.: member={member.Name}");
            if (member.Expect != 0 && member.Expect != expect) return new BootstrapPlan(null, $"Member has a conflicting expect value. All nodes should expect the same number.: member={member.Name}");
            if (member.Status != ServerMemberStatus.Alive) continue;
            if (!servers.TryAdd(member.Id, new RaftServer(member.Id, member.Address, member.IsReadReplica ? Suffrage.Nonvoter : Suffrage.Voter)))
                return new BootstrapPlan(null, $"two servers have the same id: id={member.Id}");
            if (!member.IsReadReplica) voters++;
        }
        return new BootstrapPlan(voters < expect ? null : new Configuration(servers.Values), "");
    }
}
