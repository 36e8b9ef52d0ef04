namespace Conclave.Agent.Configuration;

/// <summary>Key <c>addresses</c>: listener addresses per protocol; empty lists mean the client addresses.</summary>
public sealed record AddressConfig
{
    /// <summary>HTTP: addresses or <c>unix://</c> paths.</summary>
    public IReadOnlyList<string> Http { get; init; } = [];

    /// <summary>HTTPS: addresses or <c>unix://</c> paths.</summary>
    public IReadOnlyList<string> Https { get; init; } = [];

    /// <summary>DNS: addresses.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    /// <summary>gRPC: addresses or <c>unix://</c> paths; no listener is opened.</summary>
    public IReadOnlyList<string> Grpc { get; init; } = [];
}

/// <summary>Key <c>ports</c>. -1 switches a listener off; 0 means the default when it comes from a file, so it never stands here.</summary>
public sealed record PortConfig
{
    /// <summary>HTTP.</summary>
    public int Http { get; init; } = 8500;

    /// <summary>HTTPS, off by default.</summary>
    public int Https { get; init; } = -1;

    /// <summary>DNS, UDP and TCP.</summary>
    public int Dns { get; init; } = 8600;

    /// <summary>gRPC of the mesh, off by default also in dev mode.</summary>
    public int Grpc { get; init; } = -1;

    /// <summary>gRPC with TLS; kept for newer files, never opened.</summary>
    public int GrpcTls { get; init; } = -1;

    /// <summary>Server port: RPC and Raft.</summary>
    public int Server { get; init; } = 8300;

    /// <summary>LAN gossip, UDP and TCP.</summary>
    public int SerfLan { get; init; } = 8301;

    /// <summary>WAN gossip, UDP and TCP; -1 for none.</summary>
    public int SerfWan { get; init; } = 8302;

    /// <summary>First port of managed proxies.</summary>
    public int ProxyMin { get; init; } = 20000;

    /// <summary>Last port of managed proxies.</summary>
    public int ProxyMax { get; init; } = 20255;

    /// <summary>First port for sidecars without a port.</summary>
    public int SidecarMin { get; init; } = 21000;

    /// <summary>Last port for sidecars without a port.</summary>
    public int SidecarMax { get; init; } = 21255;

    /// <summary>First port for exposed check paths.</summary>
    public int ExposeMin { get; init; } = 21500;

    /// <summary>Last port for exposed check paths.</summary>
    public int ExposeMax { get; init; } = 21755;
}

/// <summary>Joining: <c>start_join</c>, <c>retry_join</c> and their relatives.</summary>
public sealed record JoinConfig
{
    /// <summary>Joined once at start; the start fails when none answers.</summary>
    public IReadOnlyList<string> StartJoin { get; init; } = [];

    /// <summary>Joined once at start in the WAN pool.</summary>
    public IReadOnlyList<string> StartJoinWan { get; init; } = [];

    /// <summary>Joined again and again until one answers.</summary>
    public IReadOnlyList<string> RetryJoin { get; init; } = [];

    /// <summary>The same for the WAN pool.</summary>
    public IReadOnlyList<string> RetryJoinWan { get; init; } = [];

    /// <summary>Pause between attempts.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between attempts in the WAN pool.</summary>
    public TimeSpan RetryIntervalWan { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts before the agent stops with exit code 1; 0 for no end.</summary>
    public int RetryMax { get; init; }

    /// <summary>Attempts in the WAN pool; 0 for no end.</summary>
    public int RetryMaxWan { get; init; }

    /// <summary>Try the members known before a graceful leave at the next start.</summary>
    public bool RejoinAfterLeave { get; init; }
}

/// <summary>Timing of a gossip pool.</summary>
public sealed record GossipConfig
{
    /// <summary>Members that a round of gossip goes to.</summary>
    public int GossipNodes { get; init; } = 3;

    /// <summary>Time between rounds of gossip.</summary>
    public TimeSpan GossipInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Time between probes.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time to wait for an acknowledgement.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a suspicion lasts, as a multiple of the probe interval times log of the number of members.</summary>
    public int SuspicionMultiplier { get; init; } = 4;

    /// <summary>How often a message is sent on, as a multiple of log of the number of members.</summary>
    public int RetransmitMultiplier { get; init; } = 4;

    /// <summary>Defaults of the LAN pool.</summary>
    public static GossipConfig Lan { get; } = new();

    /// <summary>Defaults of the WAN pool. Three members a round as in the LAN: the peers' number too, whatever their documents say.</summary>
    public static GossipConfig Wan { get; } = new()
    {
        GossipInterval = TimeSpan.FromMilliseconds(500),
        ProbeInterval = TimeSpan.FromSeconds(5),
        ProbeTimeout = TimeSpan.FromSeconds(3),
        SuspicionMultiplier = 6,
    };

    /// <summary>Defaults of dev mode: everything is on one host.</summary>
    public static GossipConfig Local { get; } = new()
    {
        GossipInterval = TimeSpan.FromMilliseconds(100),
        ProbeInterval = TimeSpan.FromMilliseconds(100),
        ProbeTimeout = TimeSpan.FromMilliseconds(100),
        SuspicionMultiplier = 3,
    };
}

/// <summary>Key <c>unix_sockets</c>.</summary>
public sealed record UnixSocketConfig
{
    /// <summary>Owner, a number or a name; empty to leave it.</summary>
    public string User { get; init; } = "";

    /// <summary>Group, a number; empty to leave it.</summary>
    public string Group { get; init; } = "";

    /// <summary>Mode in octal digits; empty to leave it.</summary>
    public string Mode { get; init; } = "";
}
