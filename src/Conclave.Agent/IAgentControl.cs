using Conclave.Agent.Configuration;
using Conclave.Agent.Pools;

namespace Conclave.Agent;

/// <summary>One block of <c>agent/self</c>'s Stats and of <c>info</c>.</summary>
/// <param name="Name">agent, build, consul, raft, runtime, serf_lan, serf_wan.</param>
/// <param name="Values">Keys in ordinal order with their text values.</param>
public sealed record StatsSection(string Name, IReadOnlyList<KeyValuePair<string, string>> Values);

/// <summary>Gets log lines of the agent.</summary>
public interface IAgentLogSink
{
    /// <summary>A finished line without line end. Must return at once and may drop; called on any thread.</summary>
    void OnLine(string line);
}

/// <summary>Verbs of <c>/v1/agent</c> about the agent itself rather than about services and checks. Thread-safe.</summary>
public interface IAgentControl
{
    /// <summary>Who this agent is.</summary>
    AgentIdentity Identity { get; }

    /// <summary>Whom this agent gossips with.</summary>
    IAgentPools Pools { get; }

    /// <summary>Metadata of the node as the catalog shows it.</summary>
    IReadOnlyDictionary<string, string> NodeMeta { get; }

    /// <summary>Configuration in effect for people who debug, without secrets; names in order of display, values null, bool, long, double, string, lists and maps of these.</summary>
    IReadOnlyList<KeyValuePair<string, object?>> DebugConfig { get; }

    /// <summary>Blocks of numbers about this agent, ordered by name.</summary>
    IReadOnlyList<StatsSection> Stats();

    /// <summary>What is known of the machine: names in order of display, values as in <see cref="DebugConfig"/>.</summary>
    IReadOnlyList<KeyValuePair<string, object?>> HostFacts();

    /// <summary>Leaves the cluster and its gossip pools gracefully; the process ends afterwards. Completes when the leave is done.</summary>
    ValueTask<AgentOutcome> LeaveAsync(CancellationToken stop);

    /// <summary>Reads the configuration anew and applies what may change at run time.</summary>
    ValueTask<AgentOutcome> ReloadAsync(CancellationToken stop);

    /// <summary>Sends log lines of <paramref name="level"/> and above to <paramref name="sink"/> until the result is disposed.</summary>
    IDisposable SubscribeLog(LogLevels level, IAgentLogSink sink);
}
