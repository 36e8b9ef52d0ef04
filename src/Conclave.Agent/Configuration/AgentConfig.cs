namespace Conclave.Agent.Configuration;

/// <summary>
/// Everything an agent is told at start: flags and configuration files after merging, with the defaults filled in. Immutable; a reload makes a new one.
/// </summary>
/// <remarks>
/// Property names follow the configuration keys (<c>node_name</c> is <see cref="NodeName"/>). Addresses are texts because they may be host names or socket paths;
/// <see cref="Validate"/> lists everything that is wrong at once. An empty text or list means "not given" throughout.
/// </remarks>
public sealed partial record AgentConfig
{
    /// <summary>In-memory server for development (<c>-dev</c>): nothing is written unless a data folder is given.</summary>
    public bool DevMode { get; init; }

    /// <summary>Name of this node; empty means the host's name (filled in by the loader).</summary>
    public string NodeName { get; init; } = "";

    /// <summary>UUID of this node, lower case; empty means the one kept in the data folder, else a new one.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>Metadata of this node, shown in the catalog.</summary>
    public IReadOnlyDictionary<string, string> NodeMeta { get; init; } = EmptyMap;

    /// <summary>Datacenter, lower case.</summary>
    public string Datacenter { get; init; } = "dc1";

    /// <summary>Datacenter that is authoritative for ACLs and intentions; empty means <see cref="Datacenter"/>.</summary>
    public string PrimaryDatacenter { get; init; } = "";

    /// <summary>Whether this agent is a server.</summary>
    public bool Server { get; init; }

    /// <summary>Whether this server may elect itself alone. Becomes true for <c>bootstrap_expect = 1</c>.</summary>
    public bool Bootstrap { get; init; }

    /// <summary>Servers to wait for before the first election; 0 when unset.</summary>
    public int BootstrapExpect { get; init; }

    /// <summary>Non-voting server (<c>read_replica</c>).</summary>
    public bool ReadReplica { get; init; }

    /// <summary>Data folder; empty only in dev mode, where nothing is written then.</summary>
    public string DataDir { get; init; } = "";

    /// <summary>Address that the cluster ports bind to.</summary>
    public string BindAddress { get; init; } = "0.0.0.0";

    /// <summary>Addresses that HTTP, HTTPS and DNS bind to unless <see cref="Addresses"/> says otherwise.</summary>
    public IReadOnlyList<string> ClientAddresses { get; init; } = ["127.0.0.1"];

    /// <summary>Listener addresses per protocol; <c>unix:///path</c> for a socket.</summary>
    public AddressConfig Addresses { get; init; } = new();

    /// <summary>Ports.</summary>
    public PortConfig Ports { get; init; } = new();

    /// <summary>Address that others reach this agent at; empty means <see cref="BindAddress"/>, or a private address of this host when that is unspecified.</summary>
    public string AdvertiseAddress { get; init; } = "";

    /// <summary>Address for other datacenters; empty means <see cref="AdvertiseAddress"/>.</summary>
    public string AdvertiseAddressWan { get; init; } = "";

    /// <summary>Address that LAN gossip binds to; empty means <see cref="BindAddress"/>.</summary>
    public string SerfBindAddressLan { get; init; } = "";

    /// <summary>Address that WAN gossip binds to; empty means <see cref="BindAddress"/>.</summary>
    public string SerfBindAddressWan { get; init; } = "";

    /// <summary>Networks from which LAN gossip is accepted (CIDR); empty means all.</summary>
    public IReadOnlyList<string> SerfAllowedCidrsLan { get; init; } = [];

    /// <summary>Networks from which WAN gossip is accepted (CIDR); empty means all.</summary>
    public IReadOnlyList<string> SerfAllowedCidrsWan { get; init; } = [];

    /// <summary>Answer WAN addresses to clients in other datacenters.</summary>
    public bool TranslateWanAddresses { get; init; }

    /// <summary>Joining other agents.</summary>
    public JoinConfig Join { get; init; } = new();

    /// <summary>Gossip key, base64 of 16, 24 or 32 bytes; empty for none. Secret.</summary>
    public string Encrypt { get; init; } = "";

    /// <summary>Refuse unencrypted gossip once a key is set.</summary>
    public bool EncryptVerifyIncoming { get; init; } = true;

    /// <summary>Send encrypted gossip once a key is set.</summary>
    public bool EncryptVerifyOutgoing { get; init; } = true;

    /// <summary>Keep the keyring in memory only.</summary>
    public bool DisableKeyringFile { get; init; }

    /// <summary>Do not derive the node ID from the host; always true in effect, a random one is made.</summary>
    public bool DisableHostNodeId { get; init; } = true;

    /// <summary>LAN gossip timing.</summary>
    public GossipConfig GossipLan { get; init; } = GossipConfig.Lan;

    /// <summary>WAN gossip timing.</summary>
    public GossipConfig GossipWan { get; init; } = GossipConfig.Wan;

    /// <summary>How long failed members are remembered.</summary>
    public TimeSpan ReconnectTimeoutLan { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long failed servers of other datacenters are remembered.</summary>
    public TimeSpan ReconnectTimeoutWan { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long others remember this client after it failed; zero means their default.</summary>
    public TimeSpan AdvertiseReconnectTimeout { get; init; }

    /// <summary>Network segment of a client; only the empty one exists here.</summary>
    public string SegmentName { get; init; } = "";

    /// <summary>Gossip protocol version, 2 or 3.</summary>
    public int Protocol { get; init; } = 2;

    /// <summary>Raft settings.</summary>
    public RaftConfig Raft { get; init; } = new();

    /// <summary>Performance settings.</summary>
    public PerformanceConfig Performance { get; init; } = new();

    /// <summary>Autopilot settings that the first leader stores.</summary>
    public AutopilotConfig Autopilot { get; init; } = new();

    /// <summary>Limits of requests and connections.</summary>
    public LimitsConfig Limits { get; init; } = new();

    /// <summary>HTTP settings.</summary>
    public HttpConfig Http { get; init; } = new();

    /// <summary>DNS settings.</summary>
    public DnsConfig Dns { get; init; } = new();

    /// <summary>Metrics settings.</summary>
    public TelemetryConfig Telemetry { get; init; } = new();

    /// <summary>Access control.</summary>
    public AclConfig Acl { get; init; } = new();

    /// <summary>Transport security.</summary>
    public TlsConfig Tls { get; init; } = new();

    /// <summary>Service mesh.</summary>
    public ConnectConfig Connect { get; init; } = new();

    /// <summary>Logging.</summary>
    public LogConfig Log { get; init; } = new();

    /// <summary>User interface.</summary>
    public UiConfig Ui { get; init; } = new();

    /// <summary>Mode and owner of unix sockets.</summary>
    public UnixSocketConfig UnixSockets { get; init; } = new();

    /// <summary>File for the process id; empty for none.</summary>
    public string PidFile { get; init; } = "";

    /// <summary>Default wait of blocking queries.</summary>
    public TimeSpan DefaultQueryTime { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Longest wait of blocking queries.</summary>
    public TimeSpan MaxQueryTime { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>Shortest session TTL.</summary>
    public TimeSpan SessionTtlMin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a changed output of a check with unchanged status may wait before it is written to the catalog; zero for at once.</summary>
    public TimeSpan CheckUpdateInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of a check's output that are kept; at least 1.</summary>
    public int CheckOutputMaxSize { get; init; } = 4096;

    /// <summary>Do not keep the output of checks at all.</summary>
    public bool DiscardCheckOutput { get; init; }

    /// <summary>Longest staleness of discovery reads that clients are told to accept; zero for none.</summary>
    public TimeSpan DiscoveryMaxStale { get; init; }

    /// <summary>Allow script checks from files and from the HTTP API.</summary>
    public bool EnableScriptChecks { get; init; }

    /// <summary>Allow script checks from files only. Always true when <see cref="EnableScriptChecks"/> is.</summary>
    public bool EnableLocalScriptChecks { get; init; }

    /// <summary>Present the agent's own certificate in HTTPS and gRPC checks.</summary>
    public bool EnableAgentTlsForChecks { get; init; }

    /// <summary>Serve the profiling endpoints.</summary>
    public bool EnableDebug { get; init; }

    /// <summary>Merge central defaults into mesh service definitions.</summary>
    public bool EnableCentralServiceConfig { get; init; } = true;

    /// <summary>Let client agents subscribe to services at this server; without it Consul's own agents fail blocking reads of service health, and those of this program wait in calls. Key <c>rpc.enable_streaming</c>.</summary>
    public bool EnableRpcStreaming { get; init; } = true;

    /// <summary>As a client agent, subscribe at the servers to the services whose health is waited for or asked for with <c>?cached</c>. Key <c>use_streaming_backend</c>.</summary>
    public bool UseStreamingBackend { get; init; } = true;

    /// <summary>Do not take part in network coordinates.</summary>
    public bool DisableCoordinates { get; init; }

    /// <summary>Refuse remote execution; only relevant to clients.</summary>
    public bool DisableRemoteExec { get; init; } = true;

    /// <summary>Accept control characters in request paths.</summary>
    public bool DisableHttpUnprintableCharFilter { get; init; }

    /// <summary>Stop without leaving on SIGINT; null means "only servers".</summary>
    public bool? SkipLeaveOnInterrupt { get; init; }

    /// <summary>Leave on SIGTERM; null means "only clients".</summary>
    public bool? LeaveOnTerminate { get; init; }

    /// <summary>Services from configuration files.</summary>
    public IReadOnlyList<ServiceDefinition> Services { get; init; } = [];

    /// <summary>Checks of the node from configuration files.</summary>
    public IReadOnlyList<CheckDefinition> Checks { get; init; } = [];

    /// <summary>Watches from configuration files.</summary>
    public IReadOnlyList<WatchDefinition> Watches { get; init; } = [];

    /// <summary>Keys that were accepted but have no effect here; each is one warning line at start.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The keys that were given, by path in lower case, with a fingerprint of their values: a reload finds out with it which have changed. Nothing can be learned of the values from it.</summary>
    public IReadOnlyDictionary<string, ulong> Given { get; init; } = EmptyFingerprints;

    /// <summary>Whether SIGINT stops without a graceful leave.</summary>
    public bool SkipsLeaveOnInterrupt => SkipLeaveOnInterrupt ?? Server;

    /// <summary>Whether SIGTERM leaves gracefully.</summary>
    public bool LeavesOnTerminate => LeaveOnTerminate ?? !Server;

    /// <summary>Whether nothing is written to disk.</summary>
    public bool InMemory => DataDir.Length == 0 || DevMode;

    /// <summary>HTTP listeners: <see cref="AddressConfig.Http"/> or the client addresses, with the port; none when the port is off.</summary>
    public IReadOnlyList<ListenAddress> HttpListeners => Listeners(Addresses.Http, Ports.Http);

    /// <summary>HTTPS listeners; none when the port is off.</summary>
    public IReadOnlyList<ListenAddress> HttpsListeners => Listeners(Addresses.Https, Ports.Https);

    /// <summary>DNS listeners; none when the port is off.</summary>
    public IReadOnlyList<ListenAddress> DnsListeners => Listeners(Addresses.Dns, Ports.Dns);

    private static readonly IReadOnlyDictionary<string, ulong> EmptyFingerprints = new SortedDictionary<string, ulong>(StringComparer.Ordinal);

    /// <summary>An empty map with a stable identity.</summary>
    internal static readonly IReadOnlyDictionary<string, string> EmptyMap = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The settings of <c>-dev</c>: a server of its own in memory on the loopback interface, with short timers.</summary>
    public static AgentConfig Dev { get; } = new()
    {
        DevMode = true,
        Server = true,
        Bootstrap = true,
        BindAddress = "127.0.0.1",
        EnableDebug = true,
        DisableKeyringFile = true,
        Log = new LogConfig { Level = LogLevels.Debug },
        Ui = new UiConfig { Enabled = true },
        Connect = new ConnectConfig { Enabled = true },
        Performance = new PerformanceConfig { RaftMultiplier = 1, LeaveDrainTime = TimeSpan.FromSeconds(1) },
        Raft = new RaftConfig { DevTimers = true },
        GossipLan = GossipConfig.Local,
        GossipWan = GossipConfig.Local,
    };

    /// <summary>Names the type only: a printed configuration would show tokens and keys.</summary>
    public override string ToString() => $"{nameof(AgentConfig)} of {NodeName}";

    private IReadOnlyList<ListenAddress> Listeners(IReadOnlyList<string> own, int port)
    {
        if (port <= 0) return [];
        var listeners = new List<ListenAddress>();
        foreach (var address in own.Count > 0 ? own : ClientAddresses) listeners.Add(ListenAddress.From(address, port));
        return listeners;
    }
}
