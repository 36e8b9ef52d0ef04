using System.Globalization;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core;

namespace Conclave.Hosting.Pools;

/// <summary>The tags that this agent has in its pools.</summary>
internal static class PoolTags
{
    /// <summary>The tags in the pool of the datacenter, in ordinal order.</summary>
    public static List<KeyValuePair<string, string>> Lan(AgentConfig config, AgentIdentity identity)
    {
        var tags = Common(config, identity);
        if (config.AdvertiseReconnectTimeout > TimeSpan.Zero) tags.Add(new("rc_tm", GoDuration.From(config.AdvertiseReconnectTimeout).ToString()));
        return Ordered(tags);
    }

    /// <summary>The tags in the pool between datacenters, in ordinal order.</summary>
    public static List<KeyValuePair<string, string>> Wan(AgentConfig config, AgentIdentity identity)
    {
        var tags = Common(config, identity);
        tags.RemoveAll(static tag => tag.Key == "wan_join_port");
        return Ordered(tags);
    }

    private static List<KeyValuePair<string, string>> Common(AgentConfig config, AgentIdentity identity)
    {
        var tags = new List<KeyValuePair<string, string>>(AgentMembers.Self(identity, wan: false).Tags);
        if (!config.Server) return tags;
        if (config.BootstrapExpect > 1) tags.Add(new("expect", config.BootstrapExpect.ToString(CultureInfo.InvariantCulture)));
        if (config.Tls.VerifyOutgoing) tags.Add(new("use_tls", "1"));
        if (!config.ReadReplica) return tags;
        tags.Add(new("nonvoter", "1"));
        tags.Add(new("read_replica", "1"));
        return tags;
    }

    private static List<KeyValuePair<string, string>> Ordered(List<KeyValuePair<string, string>> tags)
    {
        tags.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return tags;
    }
}
