using System.Net;
using System.Net.Sockets;

namespace Conclave.Hosting;

/// <summary>Addresses of a node in the forms that the catalog shows.</summary>
internal static class NodeAddresses
{
    /// <summary>Key that every node carries in its metadata; empty where there are no segments.</summary>
    private const string SegmentKey = "consul-network-segment";

    /// <summary><c>ip:port</c>, with brackets around IPv6.</summary>
    public static string Join(string address, int port) => address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}";

    /// <summary>The named addresses of a node.</summary>
    public static SortedDictionary<string, string> Tagged(string lan, string wan)
    {
        var tagged = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["lan"] = lan, ["wan"] = wan };
        tagged["lan" + Family(lan)] = lan;
        tagged["wan" + Family(wan)] = wan;
        return tagged;
    }

    /// <summary>The metadata of a node: what was configured and what every node has.</summary>
    public static SortedDictionary<string, string> Meta(IEnumerable<KeyValuePair<string, string>> configured)
    {
        var meta = new SortedDictionary<string, string>(StringComparer.Ordinal) { [SegmentKey] = "" };
        foreach (var (key, value) in configured) meta[key] = value;
        return meta;
    }

    private static string Family(string address) =>
        IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetworkV6 ? "_ipv6" : "_ipv4";
}
