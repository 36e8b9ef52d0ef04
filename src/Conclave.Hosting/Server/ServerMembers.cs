using System.Globalization;
using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>Finds the servers among the members of the datacenter's pool.</summary>
internal static class ServerMembers
{
    /// <summary>Those of this datacenter whose tags say who and where they are.</summary>
    public static List<ServerMember> Among(IReadOnlyList<GossipMember> members, string datacenter)
    {
        var servers = new List<ServerMember>();
        foreach (var member in members)
        {
            if (member.Tag("role") != ConsulTags.ServerRole || member.Tag("dc") != datacenter || member.Tag("id") is not { Length: > 0 and <= 64 } id) continue;
            if (!ushort.TryParse(member.Tag("port"), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0) continue;
            servers.Add(new ServerMember(id, member.Name, NodeAddresses.Join(member.Endpoint.ToIPAddress().ToString(), port), StatusOf(member.Status))
            {
                Version = member.Tag("build") is { } build ? build.Split(':')[0] : "",
                IsReadReplica = member.Tag("read_replica") == "1" || member.Tag("nonvoter") == "1",
                Expect = ExpectOf(member),
            });
        }
        return servers;
    }

    private static ServerMemberStatus StatusOf(MemberStatus status) => status switch
    {
        MemberStatus.Left => ServerMemberStatus.Left,
        MemberStatus.Failed => ServerMemberStatus.Failed,
        _ => ServerMemberStatus.Alive,
    };

    private static int ExpectOf(GossipMember member)
    {
        if (member.Tag("bootstrap") == "1") return 1;
        return int.TryParse(member.Tag("expect"), NumberStyles.None, CultureInfo.InvariantCulture, out int expect) ? expect : 0;
    }
}
