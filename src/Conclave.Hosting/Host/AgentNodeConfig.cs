using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>Translates an agent's configuration into a node's.</summary>
internal static class AgentNodeConfig
{
    /// <summary>The node's configuration.</summary>
    public static NodeConfig From(AgentConfig config, AgentIdentity identity) => new()
    {
        Identity = new NodeIdentity(identity.NodeName, identity.NodeId, identity.Datacenter, NodeAddresses.Join(identity.AdvertiseAddress, identity.ServerPort)),
        Address = identity.AdvertiseAddress,
        TaggedAddresses = NodeAddresses.Tagged(identity.AdvertiseAddress, identity.AdvertiseAddressWan),
        NodeMeta = NodeAddresses.Meta(config.NodeMeta),
        ServerPort = identity.ServerPort,
        Version = identity.Version,
        LeaderHoldTime = TimeSpan.Zero,                                // requests wait before they reach the node, where they can also go to another server
        SessionTtlMin = config.SessionTtlMin,
        Raft = RaftOf(config, identity.NodeId),
        Bootstrap = config.Server && config.Bootstrap && !AsksFirst(config),
        Autopilot = AutopilotOf(config.Autopilot),
        Limits = new NodeLimits
        {
            SnapshotThreshold = (ulong)config.Raft.SnapshotThreshold,
            SnapshotInterval = config.Raft.SnapshotInterval,
        },
    };

    /// <summary>A server that may lead itself, but names others: they may have a cluster already, which it joins then instead of forming one of its own.</summary>
    public static bool AsksFirst(AgentConfig config) => config is { Server: true, Bootstrap: true } && (config.Join.RetryJoin.Count > 0 || config.Join.StartJoin.Count > 0);

    private static Raft.RaftConfig RaftOf(AgentConfig config, string nodeId)
    {
        var timing = config.Raft.DevTimers ? Raft.RaftConfig.ForDevelopment(nodeId)
            : config.Performance.RaftMultiplier is { } multiplier ? Raft.RaftConfig.ForMultiplier(nodeId, multiplier)
            : Raft.RaftConfig.ForServer(nodeId);
        return timing with { TrailingEntries = config.Raft.TrailingLogs };
    }

    private static Core.Model.AutopilotConfig AutopilotOf(AutopilotConfig config) => new()
    {
        CleanupDeadServers = config.CleanupDeadServers,
        LastContactThresholdNanoseconds = GoDuration.From(config.LastContactThreshold).Nanoseconds,
        MaxTrailingLogs = (ulong)config.MaxTrailingLogs,
        MinQuorum = (uint)config.MinQuorum,
        ServerStabilizationTimeNanoseconds = GoDuration.From(config.ServerStabilizationTime).Nanoseconds,
        RedundancyZoneTag = config.RedundancyZoneTag,
        DisableUpgradeMigration = config.DisableUpgradeMigration,
        UpgradeVersionTag = config.UpgradeVersionTag,
    };
}
