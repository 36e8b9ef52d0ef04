using System.Globalization;
using System.Net;

namespace Conclave.Gossip;

/// <summary>IP address and port of a member as plain numbers: comparable and stored without an object of its own.</summary>
/// <param name="Address">The address's bytes in network order, right-aligned: IPv4 uses the lowest 32 bits.</param>
/// <param name="IsIPv6">Whether <paramref name="Address"/> has 16 bytes rather than 4.</param>
/// <param name="Port">UDP and TCP port.</param>
public readonly record struct GossipEndpoint(UInt128 Address, bool IsIPv6, ushort Port)
{
    /// <summary>Most bytes of an address.</summary>
    public const int AddressBytesMax = 16;

    /// <summary>No address at all.</summary>
    public bool IsEmpty => this == default;

    /// <summary>Takes over an address; one that is IPv4 inside IPv6 becomes plain IPv4.</summary>
    public static GossipEndpoint From(IPAddress address, int port)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[AddressBytesMax];
        address.TryWriteBytes(bytes, out int written);
        return From(bytes[..written], (ushort)port);
    }

    /// <summary>Takes over the 4 or 16 bytes of an address.</summary>
    /// <exception cref="GossipFormatException">Another number of bytes.</exception>
    public static GossipEndpoint From(ReadOnlySpan<byte> address, ushort port)
    {
        if (address.Length is not (4 or AddressBytesMax)) GossipFormatException.Throw("an address of neither 4 nor 16 bytes");
        var value = UInt128.Zero;
        foreach (byte part in address) value = (value << 8) | part;
        return new GossipEndpoint(value, address.Length == AddressBytesMax, port);
    }

    /// <summary>Writes the address's bytes, without the port, into at least <see cref="AddressBytesMax"/> bytes; returns how many.</summary>
    public int CopyAddress(Span<byte> into)
    {
        int length = IsIPv6 ? AddressBytesMax : 4;
        var rest = Address;
        for (int i = length - 1; i >= 0; i--, rest >>= 8) into[i] = (byte)rest;
        return length;
    }

    /// <summary>The address without the port.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[AddressBytesMax];
        return new IPAddress(bytes[..CopyAddress(bytes)]);
    }

    /// <summary>As sockets want it.</summary>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(), Port);

    /// <summary><c>ip:port</c>, IPv6 in brackets.</summary>
    public override string ToString() => IsIPv6
        ? string.Create(CultureInfo.InvariantCulture, $"[{ToIPAddress()}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{ToIPAddress()}:{Port}");
}
