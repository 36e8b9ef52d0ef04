using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Logging;

namespace Conclave.Hosting;

/// <summary>The agent's verbs about itself, for front ends.</summary>
internal sealed class AgentControl(AgentHost host, AgentRuntime local, AgentLog log) : IAgentControl
{
    /// <inheritdoc/>
    public AgentIdentity Identity => host.Identity;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> NodeMeta => local.NodeMeta;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, object?>> DebugConfig => AgentDebugConfig.Build(host.Config, Identity);

    /// <inheritdoc/>
    public IReadOnlyList<StatsSection> Stats() => AgentStats.Build(Identity, host.Gateway, local.Counts);

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, object?>> HostFacts() => Agent.HostFacts.Collect(host.Config.InMemory ? "" : host.Config.DataDir, TimeProvider.System);

    /// <inheritdoc/>
    public void ListMembers(bool wan, List<AgentMember> into)
    {
        if (!wan || Identity.IsServer) into.Add(AgentMembers.Self(Identity, wan));
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop)
    {
        var self = AgentMembers.Self(Identity, wan);
        bool isSelf = address == self.Address || address == NodeAddresses.Join(self.Address, self.Port);
        return new(isSelf ? AgentOutcome.Ok : AgentOutcome.Failed($"1 error occurred:\n\t* Failed to join {address}: this server does not take others in yet\n\n"));
    }

    /// <inheritdoc/>
    public ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, CancellationToken stop) =>
        new(node == Identity.NodeName ? AgentOutcome.Ok : AgentOutcome.Failed($"agent: No node found with name '{node}'"));

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
