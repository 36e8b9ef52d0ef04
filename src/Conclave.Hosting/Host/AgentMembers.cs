using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Gossip.Consul;
using Conclave.Hosting.Pools;

namespace Conclave.Hosting;

/// <summary>This agent as a member of the gossip pools, with the tags that servers carry.</summary>
internal static class AgentMembers
{
    /// <summary>The own member of the pool in the datacenter, or of the one between datacenters.</summary>
    public static AgentMember Self(AgentIdentity identity, bool wan) => new()
    {
        Name = wan ? ConsulTags.WanName(identity.NodeName, identity.Datacenter) : identity.NodeName,
        Address = wan && identity.AdvertiseAddressWan.Length > 0 ? identity.AdvertiseAddressWan : identity.AdvertiseAddress,
        Port = wan ? identity.SerfWanPort : identity.SerfLanPort,
        Tags = wan ? PoolTags.Of(identity).ForWan() : PoolTags.Of(identity).ForLan(),
    };

    /// <summary>The pools of an agent that gossips with nobody.</summary>
    public static LonePools Alone(AgentIdentity identity, EventReceiver receiver) =>
        new(identity, Self(identity, wan: false), identity.IsServer && identity.SerfWanPort > 0 ? Self(identity, wan: true) : null, receiver);
}
