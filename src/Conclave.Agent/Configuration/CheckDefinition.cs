namespace Conclave.Agent.Configuration;

/// <summary>A check as an operator or a client defines it: in files (<c>check</c>) and in the bodies of <c>agent/check/register</c> and <c>agent/service/register</c>.</summary>
public sealed record CheckDefinition
{
    /// <summary>Id; empty means the name (node checks) or <c>service:id</c> with a number.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Notes for people.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Service instance the check belongs to; empty for a node check.</summary>
    public string ServiceId { get; init; } = "";

    /// <summary>Token for the registration. Secret.</summary>
    public string Token { get; init; } = "";

    /// <summary>First status; empty means critical.</summary>
    public string Status { get; init; } = "";

    /// <summary>Program and arguments (<c>args</c>); null when absent.</summary>
    public IReadOnlyList<string>? ScriptArgs { get; init; }

    /// <summary>URL to get.</summary>
    public string Http { get; init; } = "";

    /// <summary>Headers of the HTTP request; null when absent.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Header { get; init; }

    /// <summary>Method of the HTTP request; empty means GET.</summary>
    public string Method { get; init; } = "";

    /// <summary>Body of the HTTP request.</summary>
    public string Body { get; init; } = "";

    /// <summary>Whether a redirect counts as the answer instead of being followed.</summary>
    public bool DisableRedirects { get; init; }

    /// <summary><c>host:port</c> to ping with HTTP/2.</summary>
    public string H2Ping { get; init; } = "";

    /// <summary>Whether the HTTP/2 ping uses TLS.</summary>
    public bool H2PingUseTls { get; init; } = true;

    /// <summary><c>host:port</c> to connect to.</summary>
    public string Tcp { get; init; } = "";

    /// <summary><c>host:port</c> to send a datagram to.</summary>
    public string Udp { get; init; } = "";

    /// <summary>Time between runs; zero when absent.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Container to run the script in.</summary>
    public string DockerContainerId { get; init; } = "";

    /// <summary>Shell of a container's script.</summary>
    public string Shell { get; init; } = "";

    /// <summary><c>host:port/service</c> to ask with gRPC's health protocol.</summary>
    public string Grpc { get; init; } = "";

    /// <summary>Whether gRPC uses TLS.</summary>
    public bool GrpcUseTls { get; init; }

    /// <summary>Name expected in the certificate.</summary>
    public string TlsServerName { get; init; } = "";

    /// <summary>Accept any certificate.</summary>
    public bool TlsSkipVerify { get; init; }

    /// <summary>Node whose health this check repeats.</summary>
    public string AliasNode { get; init; } = "";

    /// <summary>Service whose health this check repeats.</summary>
    public string AliasService { get; init; } = "";

    /// <summary>Time for one run; zero for the kind's default.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Time within which the check must be reported; zero when it is no TTL check.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>Good runs in a row before the status becomes passing.</summary>
    public int SuccessBeforePassing { get; init; }

    /// <summary>Bad runs in a row before the status becomes warning.</summary>
    public int FailuresBeforeWarning { get; init; }

    /// <summary>Bad runs in a row before the status becomes critical.</summary>
    public int FailuresBeforeCritical { get; init; }

    /// <summary>HTTP address that proxies expose for this check; kept.</summary>
    public string ProxyHttp { get; init; } = "";

    /// <summary>gRPC address that proxies expose for this check; kept.</summary>
    public string ProxyGrpc { get; init; } = "";

    /// <summary>Time in state critical after which the service is removed; zero for never.</summary>
    public TimeSpan DeregisterCriticalServiceAfter { get; init; }

    /// <summary>Bytes of output that are kept; 0 for the agent's limit.</summary>
    public int OutputMaxSize { get; init; }

    /// <summary>Name and id only: the token is secret.</summary>
    public override string ToString() => $"{Name} ({Id})";
}
