using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>
/// The members of the datacenter's pool as the node needs them. Members that are as before stay the same objects, so that a change costs what has changed. For one thread at a time.
/// </summary>
/// <param name="datacenter">Whose members count.</param>
internal sealed class PoolMembers(string datacenter)
{
    private IReadOnlyList<GossipMember> _seen = [];
    private PoolMember[] _members = [];

    /// <summary>The members in the order of <paramref name="members"/>, which is ordinal by name: a list that never changes.</summary>
    public IReadOnlyList<PoolMember> Of(IReadOnlyList<GossipMember> members)
    {
        var translated = new PoolMember[members.Count];
        for (int i = 0, before = 0; i < translated.Length; i++)
        {
            while (before < _seen.Count && string.CompareOrdinal(_seen[before].Name, members[i].Name) < 0) before++;
            translated[i] = before < _seen.Count && ReferenceEquals(_seen[before], members[i]) ? _members[before] : Translate(members[i]);
        }
        (_seen, _members) = (members, translated);
        return translated;
    }

    /// <summary>Those of them that can belong to a cluster.</summary>
    public static List<ServerMember> Servers(IReadOnlyList<PoolMember> members)
    {
        var servers = new List<ServerMember>();
        foreach (var member in members)
            if (member.Server is { IsFitForRaft: true } server) servers.Add(server);
        return servers;
    }

    private PoolMember Translate(GossipMember member)
    {
        string id = member.Tag("id") ?? "", address = member.Endpoint.ToIPAddress().ToString();
        var status = StatusOf(member.Status);
        bool isHere = member.Tag("dc") == datacenter;
        if (isHere && ConsulServer.TryParse(member, out var server)) return new PoolMember(member.Name, id, address, PoolRole.Server, status) { Server = Translate(server, member, status) };
        return new PoolMember(member.Name, id, address, isHere && member.Tag("role") == ConsulTags.ClientRole ? PoolRole.Client : PoolRole.Other, status);
    }

    private static ServerMember Translate(ConsulServer server, GossipMember member, ServerMemberStatus status)
    {
        var versions = member.Versions.Span;
        return new ServerMember(server.Id, member.Name, NodeAddresses.Join(server.Rpc.ToIPAddress().ToString(), server.Rpc.Port), status)
        {
            Version = server.Build.ToString(),
            IsReadReplica = server.IsReadReplica,
            Expect = server.Bootstrap ? 1 : server.Expect,
            Port = server.Rpc.Port,
            RaftVersion = server.RaftVersion,
            ProtocolMin = versions.Length > 0 ? versions[0] : 0,
            ProtocolMax = versions.Length > 1 ? versions[1] : 0,
            ProtocolCurrent = versions.Length > 2 ? versions[2] : 0,
            IsFitForRaft = server.IsFitForRaft && server.Rpc.Port > 0,
        };
    }

    private static ServerMemberStatus StatusOf(MemberStatus status) => status switch
    {
        MemberStatus.Left => ServerMemberStatus.Left,
        MemberStatus.Failed => ServerMemberStatus.Failed,
        MemberStatus.Leaving => ServerMemberStatus.Leaving,
        _ => ServerMemberStatus.Alive,
    };
}
