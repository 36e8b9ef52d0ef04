using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Gossip.Consul;

namespace Conclave.Hosting.Pools;

/// <summary>What this agent tells about itself in its pools.</summary>
internal static class PoolTags
{
    /// <summary>Of a running agent.</summary>
    public static ConsulTags Of(AgentConfig config, AgentIdentity identity) => Of(identity) with
    {
        Expect = config.BootstrapExpect > 1 ? config.BootstrapExpect : identity.Bootstrap ? 1 : 0,
        UseTls = config.Tls.VerifyOutgoing,
        IsReadReplica = config.ReadReplica,
        ReconnectTimeout = config.AdvertiseReconnectTimeout,
    };

    /// <summary>Of whoever has this identity.</summary>
    public static ConsulTags Of(AgentIdentity identity) => new()
    {
        Datacenter = identity.Datacenter,
        Id = identity.NodeId,
        Build = $"{identity.Version}:{identity.Revision}",
        ServerPort = identity.IsServer ? (ushort)identity.ServerPort : (ushort)0,
        WanJoinPort = (ushort)Math.Max(0, identity.SerfWanPort),
        Expect = identity.Bootstrap ? 1 : 0,
    };
}
