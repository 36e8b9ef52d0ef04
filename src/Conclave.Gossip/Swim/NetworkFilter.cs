using System.Net;

namespace Conclave.Gossip.Swim;

/// <summary>Networks that members may have addresses in, as numbers.</summary>
internal sealed class NetworkFilter
{
    private readonly (UInt128 Base, UInt128 Mask, bool IsIPv6)[]? _networks;

    /// <summary>Takes the networks over; null allows all.</summary>
    public NetworkFilter(IReadOnlyList<IPNetwork>? networks)
    {
        if (networks is null) return;
        _networks = new (UInt128, UInt128, bool)[networks.Count];
        for (int i = 0; i < _networks.Length; i++)
        {
            var start = GossipEndpoint.From(networks[i].BaseAddress, 0);
            int hostBits = (start.IsIPv6 ? 128 : 32) - networks[i].PrefixLength;
            var mask = hostBits >= 128 ? UInt128.Zero : UInt128.MaxValue << hostBits;
            _networks[i] = (start.Address & mask, mask, start.IsIPv6);
        }
    }

    public bool Allows(GossipEndpoint endpoint)
    {
        if (_networks is null) return true;
        foreach (var (start, mask, isIPv6) in _networks)
            if (isIPv6 == endpoint.IsIPv6 && (endpoint.Address & mask) == start) return true;
        return false;
    }
}
