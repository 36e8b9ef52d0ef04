namespace Conclave.Core.Model;

/// <summary>A node of the catalog.</summary>
public sealed record NodeEntry
{
    /// <summary>UUID of the node, lower case, or empty.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name; unique without regard to case. Wire name <c>Node</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Address as registered.</summary>
    public string Address { get; init; } = "";

    /// <summary>Datacenter; empty in some stored records means the local one.</summary>
    public string Datacenter { get; init; } = "";

    /// <summary>Named addresses (lan, wan, lan_ipv4, …); null and empty are different in JSON.</summary>
    public IReadOnlyDictionary<string, string>? TaggedAddresses { get; init; }

    /// <summary>Free metadata; null and empty are different in JSON.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>Raft index of creation.</summary>
    public ulong CreateIndex { get; init; }

    /// <summary>Raft index of the last change.</summary>
    public ulong ModifyIndex { get; init; }
}

/// <summary>Address and port under a name (service tagged addresses).</summary>
/// <param name="Address">Host or IP.</param>
/// <param name="Port">Port, 0 when none.</param>
public readonly record struct ServiceAddress(string Address, int Port);

/// <summary>Load-balancing weights of an instance.</summary>
/// <param name="Passing">Weight while passing; at least 1 in valid registrations.</param>
/// <param name="Warning">Weight while warning.</param>
public readonly record struct ServiceWeights(int Passing, int Warning)
{
    /// <summary>The default, 1 and 1.</summary>
    public static ServiceWeights Default => new(1, 1);
}

/// <summary>An instance of a service on a node, as in registrations, the catalog and health answers.</summary>
public sealed record NodeService
{
    /// <summary>"", connect-proxy, mesh-gateway, terminating-gateway or ingress-gateway.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Id, unique on its node.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name of the service. Wire name <c>Service</c>.</summary>
    public string Service { get; init; } = "";

    /// <summary>Tags in the order given; null and empty are different in JSON.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Address, or empty for the node's.</summary>
    public string Address { get; init; } = "";

    /// <summary>Named addresses; null when absent.</summary>
    public IReadOnlyDictionary<string, ServiceAddress>? TaggedAddresses { get; init; }

    /// <summary>Free metadata; null and empty are different in JSON.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>Port, 0 when none.</summary>
    public int Port { get; init; }

    /// <summary>Path of a unix socket instead of address and port.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>Weights; null when absent on the wire.</summary>
    public ServiceWeights? Weights { get; init; }

    /// <summary>Whether the catalog's tags win over the agent's.</summary>
    public bool EnableTagOverride { get; init; }

    /// <summary>Proxy settings (mesh) as a generic tree; null when all fields are zero.</summary>
    public MsgPackMap? Proxy { get; init; }

    /// <summary>Connect settings (mesh) as a generic tree; null when all fields are zero.</summary>
    public MsgPackMap? Connect { get; init; }

    /// <summary>Set for a sidecar that the agent made itself.</summary>
    public bool LocallyRegisteredAsSidecar { get; init; }

    /// <summary>Raft index of creation.</summary>
    public ulong CreateIndex { get; init; }

    /// <summary>Raft index of the last change.</summary>
    public ulong ModifyIndex { get; init; }
}

/// <summary>States of a check, as spelled on the wire.</summary>
public static class HealthStatus
{
#pragma warning disable CS1591 // The value is the documentation.
    public const string Any = "any", Passing = "passing", Warning = "warning", Critical = "critical", Maintenance = "maintenance";
#pragma warning restore CS1591
}

/// <summary>A health check as in the catalog.</summary>
public sealed record HealthCheck
{
    /// <summary>Node the check is on.</summary>
    public string Node { get; init; } = "";

    /// <summary>Id, unique on its node.</summary>
    public string CheckId { get; init; } = "";

    /// <summary>Name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>passing, warning or critical.</summary>
    public string Status { get; init; } = "";

    /// <summary>Notes for people.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Output of the last run.</summary>
    public string Output { get; init; } = "";

    /// <summary>Service instance the check belongs to; empty for a node check.</summary>
    public string ServiceId { get; init; } = "";

    /// <summary>Name of that service.</summary>
    public string ServiceName { get; init; } = "";

    /// <summary>Tags of that service at the time of registration.</summary>
    public IReadOnlyList<string>? ServiceTags { get; init; }

    /// <summary>ttl, http, tcp, udp, grpc, script, docker, alias or empty.</summary>
    public string Type { get; init; } = "";

    /// <summary>Interval in Go duration text, or empty.</summary>
    public string Interval { get; init; } = "";

    /// <summary>Timeout in Go duration text, or empty.</summary>
    public string Timeout { get; init; } = "";

    /// <summary>Port exposed for the check through a proxy, 0 when none.</summary>
    public int ExposedPort { get; init; }

    /// <summary>How to run the check, for external monitors.</summary>
    public HealthCheckDefinition Definition { get; init; } = HealthCheckDefinition.Empty;

    /// <summary>Raft index of creation.</summary>
    public ulong CreateIndex { get; init; }

    /// <summary>Raft index of the last change.</summary>
    public ulong ModifyIndex { get; init; }
}

/// <summary>How an external monitor runs a check; kept, not acted on.</summary>
public sealed record HealthCheckDefinition
{
    /// <summary>All fields zero.</summary>
    public static HealthCheckDefinition Empty { get; } = new();
#pragma warning disable CS1591 // Names of the wire; durations in nanoseconds as on the wire.
    public string Http { get; init; } = "";
    public string TlsServerName { get; init; } = "";
    public bool TlsSkipVerify { get; init; }
    public bool DisableRedirects { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Header { get; init; }
    public string Method { get; init; } = "";
    public string Body { get; init; } = "";
    public string Tcp { get; init; } = "";
    public string Udp { get; init; } = "";
    public string Grpc { get; init; } = "";
    public bool GrpcUseTls { get; init; }
    public string DockerContainerId { get; init; } = "";
    public string Shell { get; init; } = "";
    public string H2Ping { get; init; } = "";
    public bool H2PingUseTls { get; init; }
    public IReadOnlyList<string>? ScriptArgs { get; init; }
    public string AliasNode { get; init; } = "";
    public string AliasService { get; init; } = "";
    public long TtlNanoseconds { get; init; }
    public long IntervalNanoseconds { get; init; }
    public long TimeoutNanoseconds { get; init; }
    public long DeregisterCriticalServiceAfterNanoseconds { get; init; }
    public uint OutputMaxSize { get; init; }
#pragma warning restore CS1591
}

/// <summary>Registers a node, a service instance and checks: command type 0, RPC <c>Catalog.Register</c>.</summary>
public sealed class RegisterRequest
{
#pragma warning disable CS1591 // As in NodeEntry.
    public string Datacenter { get; init; } = "";
    public string Id { get; init; } = "";
    public string Node { get; init; } = "";
    public string Address { get; init; } = "";
    public IReadOnlyDictionary<string, string>? TaggedAddresses { get; init; }
    public IReadOnlyDictionary<string, string>? NodeMeta { get; init; }
    public NodeService? Service { get; init; }
    public HealthCheck? Check { get; init; }
    public IReadOnlyList<HealthCheck>? Checks { get; init; }
    public bool SkipNodeUpdate { get; init; }
    public ulong CreateIndex { get; init; }
    public ulong ModifyIndex { get; init; }
    public string Token { get; init; } = "";
#pragma warning restore CS1591
}

/// <summary>Removes a service, a check or a whole node: command type 1, RPC <c>Catalog.Deregister</c>. <see cref="ServiceId"/> wins over <see cref="CheckId"/>; both empty removes the node.</summary>
public sealed class DeregisterRequest
{
#pragma warning disable CS1591 // As in NodeEntry.
    public string Datacenter { get; init; } = "";
    public string Node { get; init; } = "";
    public string ServiceId { get; init; } = "";
    public string CheckId { get; init; } = "";
    public string Token { get; init; } = "";
#pragma warning restore CS1591
}

/// <summary>A service instance with its node, as <c>catalog/service</c> shows it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Service">The instance.</param>
public readonly record struct ServiceNode(NodeEntry Node, NodeService Service);

/// <summary>A service instance with its node and the checks of both, as <c>health/service</c> shows it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Service">The instance.</param>
/// <param name="Checks">Node checks and the instance's checks, in the store's order.</param>
public readonly record struct CheckServiceNode(NodeEntry Node, NodeService Service, IReadOnlyList<HealthCheck> Checks);
