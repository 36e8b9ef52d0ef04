using System.Net;
using System.Net.Sockets;
using Conclave.Core.Model;

namespace Conclave.Agent.Sync;

/// <summary>What the catalog must say about the agent's own node.</summary>
internal static class NodeFacts
{
    private const string SegmentKey = "consul-network-segment";

    /// <summary>The configured addresses and the four that are always there.</summary>
    public static SortedDictionary<string, string> TaggedAddresses(AgentIdentity identity)
    {
        string lan = identity.AdvertiseAddress, wan = identity.AdvertiseAddressWan.Length > 0 ? identity.AdvertiseAddressWan : lan;
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["lan"] = lan, ["wan"] = wan };
        all["lan_" + Family(lan)] = lan;
        all["wan_" + Family(wan)] = wan;
        if (identity.TaggedAddresses is not null)
            foreach (var (name, address) in identity.TaggedAddresses) all[name] = address;
        return all;
    }

    /// <summary>The configured metadata and the segment.</summary>
    public static SortedDictionary<string, string> Meta(IReadOnlyDictionary<string, string>? configured)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal) { [SegmentKey] = "" };
        if (configured is not null)
            foreach (var (key, value) in configured) all[key] = value;
        return all;
    }

    /// <summary>Whether the catalog's entry is what it should be.</summary>
    public static bool IsSame(NodeEntry node, AgentIdentity identity, IReadOnlyDictionary<string, string> addresses, IReadOnlyDictionary<string, string> meta) =>
        node.Id == identity.NodeId && node.Address == identity.AdvertiseAddress && IsSame(node.TaggedAddresses, addresses) && IsSame(node.Meta, meta);

    /// <summary>Whether both say the same.</summary>
    public static bool IsSame(IReadOnlyDictionary<string, string>? there, IReadOnlyDictionary<string, string> here)
    {
        if (there is null || there.Count != here.Count) return false;
        foreach (var (key, value) in here)
            if (!there.TryGetValue(key, out string? other) || other != value) return false;
        return true;
    }

    private static string Family(string address) =>
        IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 && !ip.IsIPv4MappedToIPv6 ? "ipv6" : "ipv4";
}
