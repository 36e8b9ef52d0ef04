using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Agent.Pools;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Logging;

namespace Conclave.Hosting;

/// <summary>The agent's verbs about itself, for front ends.</summary>
internal sealed class AgentControl(AgentHost host, AgentRuntime local, IAgentPools pools, AgentLog log) : IAgentControl
{
    /// <inheritdoc/>
    public AgentIdentity Identity => host.Identity;

    /// <inheritdoc/>
    public IAgentPools Pools => pools;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> NodeMeta => local.NodeMeta;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, object?>> DebugConfig => AgentDebugConfig.Build(host.Config, Identity);

    /// <inheritdoc/>
    public IReadOnlyList<StatsSection> Stats() => AgentStats.Build(Identity, host.Gateway, local.Counts, host.Gossip);

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, object?>> HostFacts() => Agent.HostFacts.Collect(host.Config.InMemory ? "" : host.Config.DataDir, TimeProvider.System);

    /// <inheritdoc/>
    public async ValueTask<AgentOutcome> LeaveAsync(CancellationToken stop)
    {
        await host.LeaveAsync().ConfigureAwait(false);
        host.EndWith(new AgentEnd(AgentEndKind.Left, ""));
        return AgentOutcome.Ok;
    }

    /// <inheritdoc/>
    public async ValueTask<AgentOutcome> ReloadAsync(CancellationToken stop) => await host.ReloadAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public IDisposable SubscribeLog(LogLevels level, IAgentLogSink sink) => log.Subscribe(level, sink);
}
