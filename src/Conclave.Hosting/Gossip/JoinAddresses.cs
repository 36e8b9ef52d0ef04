using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Turns the addresses that people write into targets of a join.</summary>
internal static class JoinAddresses
{
    // A name that stands for more hosts is not a list of members.
    private const int TargetsMax = 256;

    /// <summary>Resolves <c>host</c>, <c>host:port</c> and <c>name/host:port</c>. What cannot be resolved is told in the second result, a line each.</summary>
    public static async Task<(List<GossipTarget> Targets, string Errors)> ResolveAsync(IEnumerable<string> addresses, int defaultPort, CancellationToken stop)
    {
        var targets = new List<GossipTarget>();
        var errors = new StringBuilder();
        foreach (string address in addresses)
        {
            try
            {
                await AddAsync(address, defaultPort, targets, stop).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is SocketException or FormatException or ArgumentException)
            {
                errors.Append("Failed to resolve ").Append(address).Append(": ").Append(failure.Message).Append('\n');
            }
        }
        return (targets, errors.ToString());
    }

    private static async Task AddAsync(string address, int defaultPort, List<GossipTarget> targets, CancellationToken stop)
    {
        int slash = address.IndexOf('/');
        string name = slash > 0 ? address[..slash] : "";
        var (host, port) = Split(address[(slash + 1)..], defaultPort);
        if (IPAddress.TryParse(host, out var single))
        {
            targets.Add(new GossipTarget(GossipEndpoint.From(single, port), name));
            return;
        }
        foreach (var found in await Dns.GetHostAddressesAsync(host, stop).ConfigureAwait(false))
            if (targets.Count < TargetsMax) targets.Add(new GossipTarget(GossipEndpoint.From(found, port), name));
    }

    private static (string Host, int Port) Split(string address, int defaultPort)
    {
        if (address.Length == 0) throw new FormatException("no address");
        if (IPAddress.TryParse(address, out _) && (address[0] == '[' || address.Contains(':')))
        {
            // An IPv6 address in brackets may have a port, which the parser of addresses accepts and drops.
            if (address[0] != '[') return (address, defaultPort);
            int end = address.IndexOf(']');
            string rest = address[(end + 1)..];
            return (address[1..end], rest.Length > 1 ? PortOf(rest[1..]) : defaultPort);
        }
        int colon = address.LastIndexOf(':');
        return colon < 0 ? (address, defaultPort) : (address[..colon], PortOf(address[(colon + 1)..]));
    }

    private static int PortOf(string text) => ushort.TryParse(text, out ushort port) ? port : throw new FormatException($"'{text}' is not a port");
}
