using Conclave.Agent;
using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Agent;

/// <summary>How the local agent of a process runs.</summary>
public sealed record AgentRuntimeOptions
{
    /// <summary>Settings of the core. <see cref="AgentCoreOptions.Persist"/> is decided by <see cref="DataDirectory"/>.</summary>
    public required AgentCoreOptions Core { get; init; }

    /// <summary>Folder that registrations and TTL states are kept in; empty for nowhere.</summary>
    public string DataDirectory { get; init; } = "";

    /// <summary>Services from configuration files.</summary>
    public IReadOnlyList<ServiceDefinition> Services { get; init; } = [];

    /// <summary>Checks of the node from configuration files.</summary>
    public IReadOnlyList<CheckDefinition> Checks { get; init; } = [];

    /// <summary>Most checks that run at the same moment; others wait their turn.</summary>
    public int ConcurrentProbesMax { get; init; } = 256;

    /// <summary>Seed of the schedule's randomness; 0 for one of the runtime's own choice.</summary>
    public ulong Seed { get; init; }

    /// <summary>The options that follow from an agent's configuration.</summary>
    public static AgentRuntimeOptions From(AgentConfig config, AgentIdentity identity) => new()
    {
        Core = new()
        {
            Identity = identity,
            CheckOutputMaxSize = config.CheckOutputMaxSize,
            DiscardCheckOutput = config.DiscardCheckOutput,
            CheckUpdateInterval = config.CheckUpdateInterval,
            EnableScriptChecks = config.EnableScriptChecks,
            EnableLocalScriptChecks = config.EnableLocalScriptChecks,
            SidecarPortMin = config.Ports.SidecarMin,
            SidecarPortMax = config.Ports.SidecarMax,
        },
        DataDirectory = config.InMemory ? "" : config.DataDir,
        Services = config.Services,
        Checks = config.Checks,
    };
}
