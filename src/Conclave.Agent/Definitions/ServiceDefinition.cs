using Conclave.Core.Model;

namespace Conclave.Agent;

/// <summary>A service instance as registered over HTTP, in a configuration file or in process. A value: never changed after it was handed over.</summary>
public sealed record ServiceDefinition
{
    /// <summary>"" for a plain service, or connect-proxy, mesh-gateway, terminating-gateway, ingress-gateway.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Id, unique on the agent; empty for the name.</summary>
    public string Id { get; init; } = "";

    /// <summary>Name of the service; required.</summary>
    public string Name { get; init; } = "";

    /// <summary>Tags in order; null and empty show the same.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Address, or empty for the node's.</summary>
    public string Address { get; init; } = "";

    /// <summary>Named addresses.</summary>
    public IReadOnlyDictionary<string, ServiceAddress>? TaggedAddresses { get; init; }

    /// <summary>Free metadata.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>Port, 0 when none.</summary>
    public int Port { get; init; }

    /// <summary>Path of a unix socket instead of address and port.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>The <c>Check</c> field; ignored when nothing is set in it.</summary>
    public CheckDefinition? Check { get; init; }

    /// <summary>The <c>Checks</c> field; every element must be a valid check.</summary>
    public IReadOnlyList<CheckDefinition>? Checks { get; init; }

    /// <summary>Weights; null for 1 and 1.</summary>
    public ServiceWeights? Weights { get; init; }

    /// <summary>Whether the catalog's tags win over these.</summary>
    public bool EnableTagOverride { get; init; }

    /// <summary>Token used to write the service into the catalog; secret.</summary>
    public string Token { get; init; } = "";

    /// <summary>Proxy settings (mesh), kept as given.</summary>
    public MsgPackMap? Proxy { get; init; }

    /// <summary>Whether the service speaks the mesh's protocol itself.</summary>
    public bool ConnectNative { get; init; }

    /// <summary>Sidecar proxy to be registered together with the service; its empty fields get defaults.</summary>
    public ServiceDefinition? Sidecar { get; init; }
}
