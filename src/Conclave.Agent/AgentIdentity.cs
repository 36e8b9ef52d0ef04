namespace Conclave.Agent;

/// <summary>Who this agent is, fixed for its life; source of <c>agent/self</c>, <c>agent/members</c> and of the node's catalog entry.</summary>
public sealed record AgentIdentity
{
    /// <summary>Name, unique in the datacenter.</summary>
    public required string NodeName { get; init; }

    /// <summary>UUID.</summary>
    public required string NodeId { get; init; }

    /// <summary>Datacenter, lower case.</summary>
    public string Datacenter { get; init; } = "dc1";

    /// <summary>Datacenter that decides for all; the local one when there is one only.</summary>
    public string PrimaryDatacenter { get; init; } = "";

    /// <summary>Whether the agent is a server.</summary>
    public bool IsServer { get; init; } = true;

    /// <summary>Whether it was started to form a cluster alone.</summary>
    public bool Bootstrap { get; init; } = true;

    /// <summary>Version reported to clients: the level of the interface that is promised.</summary>
    public string Version { get; init; } = "1.10.11";

    /// <summary>Revision reported to clients.</summary>
    public string Revision { get; init; } = "";

    /// <summary>Address other agents reach this one at.</summary>
    public string AdvertiseAddress { get; init; } = "127.0.0.1";

    /// <summary>Address other datacenters reach this one at; empty for <see cref="AdvertiseAddress"/>.</summary>
    public string AdvertiseAddressWan { get; init; } = "";

    /// <summary>Gossip port in the datacenter.</summary>
    public int SerfLanPort { get; init; } = 8301;

    /// <summary>Gossip port between datacenters.</summary>
    public int SerfWanPort { get; init; } = 8302;

    /// <summary>Server port.</summary>
    public int ServerPort { get; init; } = 8300;

    /// <summary>Metadata of the node as configured.</summary>
    public IReadOnlyDictionary<string, string>? NodeMeta { get; init; }

    /// <summary>Named addresses as configured; added to the four that are always there.</summary>
    public IReadOnlyDictionary<string, string>? TaggedAddresses { get; init; }
}
