using Conclave.Agent.Configuration;
using Conclave.Hosting.Logging;

namespace Conclave.Hosting;

/// <summary>What an agent's host is given.</summary>
public sealed record AgentHostOptions
{
    /// <summary>The configuration; valid, with a node name.</summary>
    public required AgentConfig Config { get; init; }

    /// <summary>The agent's log; it stays with the caller.</summary>
    public required AgentLog Log { get; init; }

    /// <summary>Clocks and timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads the configuration anew for <c>agent/reload</c>; null when that is not possible. Failures are exceptions whose message the client gets.</summary>
    public Func<AgentConfig>? ReadConfig { get; init; }

    /// <summary>Told the new configuration after a reload that worked, for what belongs to the caller. May be called from any thread; must not throw.</summary>
    public Action<AgentConfig>? Reloaded { get; init; }
}

/// <summary>Why an agent's host ended by itself.</summary>
public enum AgentEndKind
{
    /// <summary>A client asked the agent to leave, and it has left.</summary>
    Left,
    /// <summary>It cannot go on.</summary>
    Failed,
    /// <summary>Nobody could be joined, and all attempts are used up.</summary>
    JoinFailed,
}

/// <summary>How an agent's host ended by itself.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Message">What to tell the operator; empty after a leave.</param>
public sealed record AgentEnd(AgentEndKind Kind, string Message);
