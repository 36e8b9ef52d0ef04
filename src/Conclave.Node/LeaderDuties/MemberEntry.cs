using System.Globalization;
using System.Net;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Node.LeaderDuties;

/// <summary>What the catalog must say of a member of the pool: its node, the check <c>serfHealth</c> and, for a server, the service <c>consul</c>.</summary>
internal static class MemberEntry
{
    /// <summary>The check that tells whether gossip reaches a node. Only leaders write it, so whoever has it was a member once.</summary>
    public const string CheckId = "serfHealth";

    private const string ServiceName = "consul", CheckName = "Serf Health Status", AliveOutput = "Agent alive and reachable", FailedOutput = "Agent not live or unreachable";

    /// <summary>This server as its configuration describes it.</summary>
    public static PoolMember Self(NodeConfig config) => new(config.Identity.NodeName, config.Identity.NodeId, config.Address, PoolRole.Server, ServerMemberStatus.Alive)
    {
        Server = new ServerMember(config.Identity.NodeId, config.Identity.NodeName, config.Identity.RpcAddress, ServerMemberStatus.Alive) { Version = config.Version, Port = config.ServerPort },
    };

    /// <summary>Whether the catalog says all there is to say of a member that is there. Does not allocate.</summary>
    public static bool IsCurrent(PoolMember member, NodeEntry? node, StateRoot root)
    {
        if (node is null || !IsSameAddress(node.Address, member.Address)) return false;
        if (member.Id.Length > 0 && !IsSameId(node.Id, member.Id)) return false;
        if (root.CheckOn(node.Name, CheckId) is not { Status: HealthStatus.Passing }) return false;
        return member.Server is not { } server || IsServiceCurrent(server, root.ServiceOn(node.Name, ServiceName));
    }

    /// <summary>The registration of a member that is there. What the agent itself wrote of its node is kept: it knows more than its tags tell.</summary>
    /// <param name="member">The member.</param>
    /// <param name="node">Its node in the catalog, or null.</param>
    /// <param name="config">Ours: what our own node has besides, when it is registered for the first time.</param>
    public static RegisterRequest Alive(PoolMember member, NodeEntry? node, NodeConfig config)
    {
        bool isNewSelf = node is null && member.Name == config.Identity.NodeName;
        return new RegisterRequest
        {
            Datacenter = config.Identity.Datacenter,
            Id = member.Id.Length > 0 ? member.Id : node?.Id ?? "",
            Node = member.Name,
            Address = member.Address,
            TaggedAddresses = isNewSelf ? config.TaggedAddresses : node?.TaggedAddresses,
            NodeMeta = isNewSelf ? config.NodeMeta : node?.Meta,
            Service = member.Server is { } server ? Service(server) : null,
            Check = Check(member.Name, HealthStatus.Passing, AliveOutput),
        };
    }

    /// <summary>The registration that makes the check of a node critical, and changes nothing else.</summary>
    public static RegisterRequest Failed(NodeEntry node, NodeConfig config) => new()
    {
        Datacenter = config.Identity.Datacenter,
        Id = node.Id,
        Node = node.Name,
        Address = node.Address,
        SkipNodeUpdate = true,
        Check = Check(node.Name, HealthStatus.Critical, FailedOutput),
    };

    /// <summary>Whether two ids are the same.</summary>
    public static bool IsSameId(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static HealthCheck Check(string node, string status, string output) => new() { Node = node, CheckId = CheckId, Name = CheckName, Status = status, Output = output };

    private static NodeService Service(ServerMember server) => new()
    {
        Id = ServiceName,
        Service = ServiceName,
        Port = server.Port,
        Weights = ServiceWeights.Default,
        Meta = Meta(server),
    };

    // The rule a peer uses too. Different values would be rewritten at each change of leader.
    private static SortedDictionary<string, string> Meta(ServerMember server) => new(StringComparer.Ordinal)
    {
        ["non_voter"] = server.IsReadReplica ? "true" : "false",
        ["raft_version"] = Text(server.RaftVersion),
        ["read_replica"] = server.IsReadReplica ? "true" : "false",
        ["serf_protocol_current"] = Text(server.ProtocolCurrent),
        ["serf_protocol_max"] = Text(server.ProtocolMax),
        ["serf_protocol_min"] = Text(server.ProtocolMin),
        ["version"] = server.Version,
    };

    private static bool IsServiceCurrent(ServerMember server, NodeService? service) => service is not null && service.Port == server.Port && IsSame(service.Meta, Meta(server));

    private static bool IsSame(IReadOnlyDictionary<string, string>? a, SortedDictionary<string, string> b)
    {
        if (a is null || a.Count != b.Count) return false;
        foreach (var (key, value) in b)
            if (!a.TryGetValue(key, out string? other) || other != value) return false;
        return true;
    }

    // An agent may write its own address in another way than the pool tells it.
    private static bool IsSameAddress(string a, string b) => a == b || (IPAddress.TryParse(a, out var first) && IPAddress.TryParse(b, out var second) && first.Equals(second));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
