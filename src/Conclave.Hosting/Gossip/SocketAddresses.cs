using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>
/// Endpoints in the form that the operating system takes, without an object per packet. All systems have the port at byte 2, an IPv4 address at byte 4
/// and an IPv6 address at byte 8. Each thread of use needs an object of its own.
/// </summary>
internal sealed class SocketAddresses
{
    private const int PortAt = 2, IPv4At = 4, IPv6At = 8, MappedPrefixBytes = 12;

    private readonly SocketAddress _address;
    private readonly bool _isIPv6;

    /// <param name="family">Of the socket. One for IPv6 is taken to serve both.</param>
    public SocketAddresses(AddressFamily family)
    {
        _isIPv6 = family == AddressFamily.InterNetworkV6;
        _address = New(family);
    }

    /// <summary>Room for the address of a received packet.</summary>
    public static SocketAddress New(AddressFamily family) => new IPEndPoint(family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0).Serialize();

    /// <summary>The endpoint as an address; valid until the next call. Null when the socket cannot reach it.</summary>
    public SocketAddress? TryEncode(GossipEndpoint endpoint)
    {
        var bytes = _address.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], endpoint.Port);
        if (!_isIPv6)
        {
            if (endpoint.IsIPv6) return null;
            BinaryPrimitives.WriteUInt32BigEndian(bytes[IPv4At..], (uint)endpoint.Address);
            return _address;
        }
        var value = endpoint.IsIPv6 ? endpoint.Address : endpoint.Address | ((UInt128)0xffff << 32);     // IPv4 inside IPv6
        BinaryPrimitives.WriteUInt128BigEndian(bytes[IPv6At..], value);
        return _address;
    }

    /// <summary>The endpoint that a received address means; empty for one of neither family.</summary>
    public static GossipEndpoint Decode(SocketAddress address)
    {
        var bytes = address.Buffer.Span;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]);
        if (address.Family == AddressFamily.InterNetwork) return GossipEndpoint.From(bytes.Slice(IPv4At, 4), port);
        if (address.Family != AddressFamily.InterNetworkV6) return default;
        var ip = bytes.Slice(IPv6At, GossipEndpoint.AddressBytesMax);
        return GossipEndpoint.From(IsMapped(ip) ? ip[MappedPrefixBytes..] : ip, port);
    }

    private static bool IsMapped(ReadOnlySpan<byte> ip) => ip[..10].IndexOfAnyExcept((byte)0) < 0 && ip[10] == 0xff && ip[11] == 0xff;
}
