using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Node.LeaderDuties;

/// <summary>What the catalog must say of a living server: its node, the service <c>consul</c> and the check <c>serfHealth</c>.</summary>
internal static class SelfRegistration
{
    private const string ServiceName = "consul", CheckId = "serfHealth", CheckName = "Serf Health Status", AliveOutput = "Agent alive and reachable";

    /// <summary>The registration to propose, or null when the catalog says all of it already.</summary>
    public static RegisterRequest? Missing(NodeConfig config, StateRoot root)
    {
        var wanted = Build(config);
        return IsCurrent(wanted, root) ? null : wanted;
    }

    private static RegisterRequest Build(NodeConfig config) => new()
    {
        Datacenter = config.Identity.Datacenter,
        Id = config.Identity.NodeId,
        Node = config.Identity.NodeName,
        Address = config.Address,
        TaggedAddresses = config.TaggedAddresses,
        NodeMeta = config.NodeMeta,
        Service = new NodeService
        {
            Id = ServiceName,
            Service = ServiceName,
            Port = config.ServerPort,
            Weights = ServiceWeights.Default,
            Meta = ServiceMeta(config.Version),
        },
        Check = new HealthCheck
        {
            Node = config.Identity.NodeName,
            CheckId = CheckId,
            Name = CheckName,
            Status = HealthStatus.Passing,
            Output = AliveOutput,
        },
    };

    // The rule a peer uses too: the values follow from the gossip tags of a server. Different values would be rewritten at each change of leader.
    private static SortedDictionary<string, string> ServiceMeta(string version) => new(StringComparer.Ordinal)
    {
        ["non_voter"] = "false",
        ["raft_version"] = "3",
        ["read_replica"] = "false",
        ["serf_protocol_current"] = "2",
        ["serf_protocol_max"] = "5",
        ["serf_protocol_min"] = "1",
        ["version"] = version,
    };

    private static bool IsCurrent(RegisterRequest wanted, StateRoot root)
    {
        var services = new List<NodeService>();
        root.NodeServices(wanted.Node, null, out var node, services);
        if (node is null || node.Id != wanted.Id || node.Address != wanted.Address) return false;

        var service = services.Find(s => s.Id == ServiceName);
        if (service is null || service.Port != wanted.Service!.Port || !SameMeta(service.Meta, wanted.Service.Meta)) return false;

        var checks = new List<HealthCheck>();
        root.NodeChecks(wanted.Node, null, checks);
        return checks.Exists(c => c.CheckId == CheckId && c.Status == HealthStatus.Passing && c.Output == AliveOutput);
    }

    private static bool SameMeta(IReadOnlyDictionary<string, string>? a, IReadOnlyDictionary<string, string>? b)
    {
        if ((a?.Count ?? 0) != (b?.Count ?? 0)) return false;
        foreach (var (key, value) in a ?? new SortedDictionary<string, string>())
            if (!b!.TryGetValue(key, out string? other) || other != value) return false;
        return true;
    }
}
