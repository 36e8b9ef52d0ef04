namespace Conclave.Agent;

/// <summary>Settings of the local agent's core.</summary>
public sealed record AgentCoreOptions
{
    /// <summary>Who this agent is.</summary>
    public required AgentIdentity Identity { get; init; }

    /// <summary>Most bytes of a check's output kept; at least 1.</summary>
    public int CheckOutputMaxSize { get; init; } = 4096;

    /// <summary>Do not keep output at all.</summary>
    public bool DiscardCheckOutput { get; init; }

    /// <summary>How long a changed output with unchanged status may wait before it is written to the catalog; zero for at once.</summary>
    public TimeSpan CheckUpdateInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Allow script checks registered over HTTP or in process.</summary>
    public bool EnableScriptChecks { get; init; }

    /// <summary>Allow script checks from configuration files.</summary>
    public bool EnableLocalScriptChecks { get; init; }

    /// <summary>Whether registrations and TTL states are written to the data folder.</summary>
    public bool Persist { get; init; }

    /// <summary>First port for sidecars without one.</summary>
    public int SidecarPortMin { get; init; } = 21000;

    /// <summary>Last port for sidecars without one; below the first: none are given.</summary>
    public int SidecarPortMax { get; init; } = 21255;

    /// <summary>Shortest time between two full comparisons with the catalog; the next is drawn from [value, 2 × value).</summary>
    public TimeSpan FullSyncInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest pause after a failed write or comparison. The first pauses are shorter, so that a start without a leader is short.</summary>
    public TimeSpan SyncRetryMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time between looks for services whose checks were critical for too long.</summary>
    public TimeSpan ReapInterval { get; init; } = TimeSpan.FromSeconds(30);
}
