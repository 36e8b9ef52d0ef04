using System.Globalization;
using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;

namespace Conclave.Hosting;

/// <summary>This agent as a member of the gossip pools, with the tags that servers carry.</summary>
internal static class AgentMembers
{
    /// <summary>The own member of the pool in the datacenter, or of the one between datacenters.</summary>
    public static AgentMember Self(AgentIdentity identity, bool wan) => new()
    {
        Name = wan ? $"{identity.NodeName}.{identity.Datacenter}" : identity.NodeName,
        Address = wan && identity.AdvertiseAddressWan.Length > 0 ? identity.AdvertiseAddressWan : identity.AdvertiseAddress,
        Port = wan ? identity.SerfWanPort : identity.SerfLanPort,
        Tags = identity.IsServer ? ServerTags(identity) : ClientTags(identity),
    };

    /// <summary>The pools of an agent that gossips with nobody.</summary>
    public static LonePools Alone(AgentIdentity identity, EventReceiver receiver) =>
        new(identity, Self(identity, wan: false), identity.IsServer && identity.SerfWanPort > 0 ? Self(identity, wan: true) : null, receiver);

    private static List<KeyValuePair<string, string>> ServerTags(AgentIdentity identity)
    {
        var tags = new List<KeyValuePair<string, string>> { new("acls", "0") };
        if (identity.Bootstrap) tags.Add(new("bootstrap", "1"));
        tags.Add(new("build", $"{identity.Version}:{identity.Revision}"));
        tags.Add(new("dc", identity.Datacenter));
        tags.Add(new("ft_fs", "1"));
        tags.Add(new("ft_si", "1"));
        tags.Add(new("id", identity.NodeId));
        tags.Add(new("port", identity.ServerPort.ToString(CultureInfo.InvariantCulture)));
        tags.Add(new("raft_vsn", "3"));
        tags.Add(new("role", "consul"));
        tags.Add(new("segment", ""));
        AddVersions(tags);
        if (identity.SerfWanPort > 0) tags.Add(new("wan_join_port", identity.SerfWanPort.ToString(CultureInfo.InvariantCulture)));
        return tags;
    }

    private static List<KeyValuePair<string, string>> ClientTags(AgentIdentity identity)
    {
        var tags = new List<KeyValuePair<string, string>>
        {
            new("acls", "0"),
            new("build", $"{identity.Version}:{identity.Revision}"),
            new("dc", identity.Datacenter),
            new("id", identity.NodeId),
            new("role", "node"),
            new("segment", ""),
        };
        AddVersions(tags);
        return tags;
    }

    private static void AddVersions(List<KeyValuePair<string, string>> tags)
    {
        tags.Add(new("vsn", "2"));
        tags.Add(new("vsn_max", "3"));
        tags.Add(new("vsn_min", "2"));
    }
}
