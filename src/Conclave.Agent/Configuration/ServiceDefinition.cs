using Conclave.Core.Model;

namespace Conclave.Agent.Configuration;

/// <summary>A service as an operator or a client defines it: in files (<c>service</c>) and in the body of <c>agent/service/register</c>.</summary>
public sealed record ServiceDefinition
{
    /// <summary>Empty, or a kind of proxy.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Id; empty means the name.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Tags; null when absent.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Address; empty means the node's.</summary>
    public string Address { get; init; } = "";

    /// <summary>Named addresses; null when absent.</summary>
    public IReadOnlyDictionary<string, ServiceAddress>? TaggedAddresses { get; init; }

    /// <summary>Metadata; null when absent.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>Port; 0 for none.</summary>
    public int Port { get; init; }

    /// <summary>Unix socket instead of a port.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>All checks of the service; the single <c>check</c> is last in files and first in registrations over HTTP, which counts for the numbers in default ids.</summary>
    public IReadOnlyList<CheckDefinition> Checks { get; init; } = [];

    /// <summary>Weights; null means 1 and 1.</summary>
    public ServiceWeights? Weights { get; init; }

    /// <summary>Token for the registration. Secret.</summary>
    public string Token { get; init; } = "";

    /// <summary>Whether the catalog's tags win over the agent's.</summary>
    public bool EnableTagOverride { get; init; }

    /// <summary>Proxy settings as a generic tree in the form of the catalog; null when absent.</summary>
    public MsgPackMap? Proxy { get; init; }

    /// <summary>Connect settings as a generic tree in the form of the catalog, without the sidecar; null when absent.</summary>
    public MsgPackMap? Connect { get; init; }

    /// <summary>Sidecar to register along (<c>connect.sidecar_service</c>); null when absent.</summary>
    public ServiceDefinition? Sidecar { get; init; }

    /// <summary>Name and id only: the token is secret.</summary>
    public override string ToString() => $"{Name} ({Id})";
}
