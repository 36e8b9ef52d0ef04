namespace Conclave.Agent.Configuration;

/// <summary>Keys <c>raft_*</c>.</summary>
public sealed record RaftConfig
{
    /// <summary>Only 3 is accepted.</summary>
    public int Protocol { get; init; } = 3;

    /// <summary>Entries after the last snapshot that trigger the next one.</summary>
    public int SnapshotThreshold { get; init; } = 16384;

    /// <summary>How often the threshold is looked at.</summary>
    public TimeSpan SnapshotInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most entries that may be kept before a snapshot.</summary>
    public const int TrailingLogsMax = 1 << 24;

    /// <summary>Entries kept before a snapshot for followers that are behind.</summary>
    public int TrailingLogs { get; init; } = 10240;

    /// <summary>Use the short election timers of dev mode (tens of milliseconds) whatever the multiplier.</summary>
    public bool DevTimers { get; init; }
}

/// <summary>Key <c>performance</c>.</summary>
public sealed record PerformanceConfig
{
    /// <summary>Largest accepted <see cref="RaftMultiplier"/>.</summary>
    public const int RaftMultiplierMax = 10;

    /// <summary>1 to 10: scales heartbeat and election timeouts (1 s each) and the leader lease (0.5 s). Null: times of this program's own, which find a new leader sooner than any of them.</summary>
    public int? RaftMultiplier { get; init; }

    /// <summary>How long a leaving server refuses requests before it goes.</summary>
    public TimeSpan LeaveDrainTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for a leader before it fails.</summary>
    public TimeSpan RpcHoldTimeout { get; init; } = TimeSpan.FromSeconds(7);
}

/// <summary>Key <c>autopilot</c>.</summary>
public sealed record AutopilotConfig
{
    /// <summary>Remove failed servers from the Raft configuration.</summary>
    public bool CleanupDeadServers { get; init; } = true;

    /// <summary>A server without word from the leader for longer is unhealthy.</summary>
    public TimeSpan LastContactThreshold { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A server more entries behind is unhealthy.</summary>
    public int MaxTrailingLogs { get; init; } = 250;

    /// <summary>No removal below this number of voters; 0 for no limit.</summary>
    public int MinQuorum { get; init; }

    /// <summary>Continuous health before a new server becomes a voter.</summary>
    public TimeSpan ServerStabilizationTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Stored and shown, without effect.</summary>
    public string RedundancyZoneTag { get; init; } = "";

    /// <summary>Stored and shown, without effect.</summary>
    public bool DisableUpgradeMigration { get; init; }

    /// <summary>Stored and shown, without effect.</summary>
    public string UpgradeVersionTag { get; init; } = "";
}

/// <summary>Key <c>limits</c>. Sizes in bytes; zero or negative means "no limit" only where said.</summary>
public sealed record LimitsConfig
{
    /// <summary>Connections of one client address to HTTP and HTTPS; 0 for no limit.</summary>
    public int HttpMaxConnsPerClient { get; init; } = 200;

    /// <summary>Time for a TLS handshake; zero for no limit.</summary>
    public TimeSpan HttpsHandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for a handshake on the server port; zero for no limit.</summary>
    public TimeSpan RpcHandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time a forwarded request may take.</summary>
    public TimeSpan RpcClientTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Connections of one client address to the server port; 0 for no limit.</summary>
    public int RpcMaxConnsPerClient { get; init; } = 100;

    /// <summary>Requests per second that a client agent may send to servers; negative for no limit.</summary>
    public double RpcRate { get; init; } = -1;

    /// <summary>Requests that may come at once before the rate counts.</summary>
    public int RpcMaxBurst { get; init; } = 1000;

    /// <summary>Largest value of a key.</summary>
    public long KvMaxValueSize { get; init; } = 512 * 1024;

    /// <summary>Largest body of a transaction.</summary>
    public long TxnMaxReqLen { get; init; } = 512 * 1024;
}
