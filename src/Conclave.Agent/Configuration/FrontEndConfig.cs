namespace Conclave.Agent.Configuration;

/// <summary>Key <c>http_config</c>.</summary>
public sealed record HttpConfig
{
    /// <summary>Headers added to every answer.</summary>
    public IReadOnlyDictionary<string, string> ResponseHeaders { get; init; } = AgentConfig.EmptyMap;

    /// <summary>Path prefixes that are answered 403.</summary>
    public IReadOnlyList<string> BlockEndpoints { get; init; } = [];

    /// <summary>Networks (CIDR) that may write; empty means all.</summary>
    public IReadOnlyList<string> AllowWriteHttpFrom { get; init; } = [];

    /// <summary>Whether <c>?cached</c> is honoured.</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>Largest size of request headers in bytes; 0 for 1 MiB.</summary>
    public int MaxHeaderBytes { get; init; }
}

/// <summary>Keys <c>dns_config</c>, <c>domain</c>, <c>alt_domain</c> and <c>recursors</c>.</summary>
public sealed record DnsConfig
{
    /// <summary>Domain served.</summary>
    public string Domain { get; init; } = "consul.";

    /// <summary>A second domain; empty for none.</summary>
    public string AltDomain { get; init; } = "";

    /// <summary>Servers that other names are asked at.</summary>
    public IReadOnlyList<string> Recursors { get; init; } = [];

    /// <summary>Time for a recursor's answer.</summary>
    public TimeSpan RecursorTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>sequential</c> or <c>random</c>.</summary>
    public string RecursorStrategy { get; init; } = "";

    /// <summary>Answer from any server.</summary>
    public bool AllowStale { get; init; } = true;

    /// <summary>Staleness above which the leader is asked again.</summary>
    public TimeSpan MaxStale { get; init; } = TimeSpan.FromSeconds(315_360_000);

    /// <summary>TTL of node answers.</summary>
    public TimeSpan NodeTtl { get; init; }

    /// <summary>TTL of service answers by name or prefix with <c>*</c>.</summary>
    public IReadOnlyDictionary<string, TimeSpan> ServiceTtl { get; init; } = new SortedDictionary<string, TimeSpan>(StringComparer.Ordinal);

    /// <summary>Set the truncation bit when answers were cut.</summary>
    public bool EnableTruncate { get; init; }

    /// <summary>Leave out instances in state warning.</summary>
    public bool OnlyPassing { get; init; }

    /// <summary>Do not compress names.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>Most answers over UDP without EDNS.</summary>
    public int UdpAnswerLimit { get; init; } = 3;

    /// <summary>Most A or AAAA records; 0 for no limit.</summary>
    public int ARecordLimit { get; init; }

    /// <summary>Add TXT records with node metadata.</summary>
    public bool NodeMetaTxt { get; init; } = true;

    /// <summary>Answer from the agent's cache.</summary>
    public bool UseCache { get; init; }

    /// <summary>Age up to which cached answers are used.</summary>
    public TimeSpan CacheMaxAge { get; init; }

    /// <summary>SOA refresh in seconds.</summary>
    public uint SoaRefresh { get; init; } = 3600;

    /// <summary>SOA retry in seconds.</summary>
    public uint SoaRetry { get; init; } = 600;

    /// <summary>SOA expiry in seconds.</summary>
    public uint SoaExpire { get; init; } = 86400;

    /// <summary>SOA minimum TTL in seconds.</summary>
    public uint SoaMinTtl { get; init; }
}

/// <summary>Key <c>ui_config</c> and the older <c>ui</c>, <c>ui_dir</c>, <c>ui_content_path</c>.</summary>
public sealed record UiConfig
{
    /// <summary>Serve the user interface.</summary>
    public bool Enabled { get; init; }

    /// <summary>Folder to serve instead of the built-in files; empty for none.</summary>
    public string Dir { get; init; } = "";

    /// <summary>Path below which it is served.</summary>
    public string ContentPath { get; init; } = "/ui/";
}

/// <summary>Key <c>telemetry</c>: what of it has an effect, the rest is accepted.</summary>
public sealed record TelemetryConfig
{
    /// <summary>Leave the host name out of gauge names.</summary>
    public bool DisableHostname { get; init; }

    /// <summary>First part of metric names.</summary>
    public string MetricsPrefix { get; init; } = "consul";

    /// <summary>How long the Prometheus form keeps a value; zero switches that form off.</summary>
    public TimeSpan PrometheusRetentionTime { get; init; }

    /// <summary>Rules <c>+prefix</c> and <c>-prefix</c>.</summary>
    public IReadOnlyList<string> PrefixFilter { get; init; } = [];

    /// <summary>Whether a metric without a rule is kept.</summary>
    public bool FilterDefault { get; init; } = true;

    /// <summary>StatsD address; empty for none.</summary>
    public string StatsdAddress { get; init; } = "";

    /// <summary>statsite address; empty for none.</summary>
    public string StatsiteAddress { get; init; } = "";

    /// <summary>DogStatsD address; empty for none.</summary>
    public string DogstatsdAddress { get; init; } = "";

    /// <summary>DogStatsD tags.</summary>
    public IReadOnlyList<string> DogstatsdTags { get; init; } = [];
}
