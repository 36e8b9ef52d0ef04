using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Agent.Pools;
using Conclave.Hosting.Agent;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>The agent's verbs about itself where the agent is a part of somebody's program: what would end or change the process is the host's to decide.</summary>
internal sealed class EmbeddedControl(AgentIdentity identity, INodeGateway gateway, AgentRuntime local, IAgentPools pools, ClusterNodeOptions options) : IAgentControl
{
    /// <inheritdoc/>
    public AgentIdentity Identity => identity;

    /// <inheritdoc/>
    public IAgentPools Pools => pools;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> NodeMeta => local.NodeMeta;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, object?>> DebugConfig { get; } =
    [
        new("AdvertiseAddrLAN", identity.AdvertiseAddress),
        new("DataDir", options.DataDirectory ?? ""),
        new("Datacenter", identity.Datacenter),
        new("Embedded", true),
        new("NodeID", identity.NodeId),
        new("NodeName", identity.NodeName),
        new("ServerMode", identity.IsServer),
        new("Version", identity.Version),
    ];

    /// <inheritdoc/>
    public IReadOnlyList<StatsSection> Stats() => AgentStats.Build(identity, gateway, local.Counts);

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, object?>> HostFacts() => Agent.HostFacts.Collect(options.DataDirectory ?? "", options.TimeProvider);

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> LeaveAsync(CancellationToken stop) => new(AgentOutcome.Failed("an embedded node is stopped by its host"));

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> ReloadAsync(CancellationToken stop) => new(AgentOutcome.Failed("an embedded node is configured by its host"));

    /// <summary>The host's log is not ours to show: nothing is ever sent.</summary>
    public IDisposable SubscribeLog(LogLevels level, IAgentLogSink sink) => NoSubscription.Instance;

    private sealed class NoSubscription : IDisposable
    {
        public static readonly NoSubscription Instance = new();

        public void Dispose()
        {
            // Nothing was subscribed.
        }
    }
}
