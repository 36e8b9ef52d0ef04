namespace Conclave.Agent;

/// <summary>How a check is to be run and named, as registered over HTTP, in a configuration file or in process. A value: never changed after it was handed over.</summary>
/// <remarks>Zero durations and counts mean "not given". Exactly one kind is set; <see cref="CheckRules.Validate"/> tells what is wrong otherwise.</remarks>
public sealed record CheckDefinition
{
    /// <summary>Nothing set.</summary>
    public static CheckDefinition Empty { get; } = new();

    /// <summary>Id; empty for the default (the name of a node check, <c>service:ID</c> for a service's check).</summary>
    public string Id { get; init; } = "";

    /// <summary>Name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Notes for people.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Service instance the check belongs to; only for checks registered on their own.</summary>
    public string ServiceId { get; init; } = "";

    /// <summary>Status until the first result: passing, warning, critical, or empty for critical.</summary>
    public string Status { get; init; } = "";

    /// <summary>Token used to write the check into the catalog; secret.</summary>
    public string Token { get; init; } = "";

    /// <summary>URL to request.</summary>
    public string Http { get; init; } = "";

    /// <summary>Method of the request; empty for GET.</summary>
    public string Method { get; init; } = "";

    /// <summary>Extra headers of the request.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Header { get; init; }

    /// <summary>Body of the request.</summary>
    public string Body { get; init; } = "";

    /// <summary>Whether a redirect counts as the answer instead of being followed.</summary>
    public bool DisableRedirects { get; init; }

    /// <summary>Name expected in the server's certificate; empty for the host of the target.</summary>
    public string TlsServerName { get; init; } = "";

    /// <summary>Whether any certificate is accepted.</summary>
    public bool TlsSkipVerify { get; init; }

    /// <summary>Target <c>host:port</c> to connect to.</summary>
    public string Tcp { get; init; } = "";

    /// <summary>Target <c>host:port</c> to send a datagram to.</summary>
    public string Udp { get; init; } = "";

    /// <summary>Target <c>host:port[/service]</c> of the gRPC health protocol.</summary>
    public string Grpc { get; init; } = "";

    /// <summary>Whether the gRPC connection uses TLS.</summary>
    public bool GrpcUseTls { get; init; }

    /// <summary>Target <c>host:port</c> of an HTTP/2 ping.</summary>
    public string H2Ping { get; init; } = "";

    /// <summary>Whether the HTTP/2 connection uses TLS; null means yes.</summary>
    public bool? H2PingUseTls { get; init; }

    /// <summary>Program and arguments to run; never through a shell.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Container to run <see cref="Args"/> in.</summary>
    public string DockerContainerId { get; init; } = "";

    /// <summary>Shell inside the container.</summary>
    public string Shell { get; init; } = "";

    /// <summary>Node whose health is copied; empty for this node.</summary>
    public string AliasNode { get; init; } = "";

    /// <summary>Service instance whose health is copied.</summary>
    public string AliasService { get; init; } = "";

    /// <summary>Time between the end of a run and the start of the next.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Longest time a run may take; zero for the kind's default (10 s, scripts 30 s).</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Time within which somebody must report the state.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>Consecutive good results before the check turns passing or warning.</summary>
    public int SuccessBeforePassing { get; init; }

    /// <summary>Consecutive bad results before the check turns warning; zero for the value of <see cref="FailuresBeforeCritical"/>.</summary>
    public int FailuresBeforeWarning { get; init; }

    /// <summary>Consecutive bad results before the check turns critical.</summary>
    public int FailuresBeforeCritical { get; init; }

    /// <summary>The service is deregistered when the check was critical for so long; zero for never, at least a minute in effect.</summary>
    public TimeSpan DeregisterCriticalServiceAfter { get; init; }

    /// <summary>Most bytes of output kept; zero for the agent's limit, which also bounds it.</summary>
    public int OutputMaxSize { get; init; }
}
