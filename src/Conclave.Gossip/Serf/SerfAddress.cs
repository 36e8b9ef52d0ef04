namespace Conclave.Gossip.Serf;

/// <summary>Addresses within Serf messages.</summary>
internal static class SerfAddress
{
    private const int MappedPrefixBytes = 12;

    /// <summary>Reads an address of 4 or 16 bytes. Some senders write IPv4 addresses in 16 bytes; members have them in 4.</summary>
    public static bool TryRead(ReadOnlySpan<byte> address, ushort port, out GossipEndpoint endpoint)
    {
        endpoint = default;
        if (address.Length is not (4 or GossipEndpoint.AddressBytesMax)) return false;
        if (address.StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])) address = address[MappedPrefixBytes..];
        endpoint = GossipEndpoint.From(address, port);
        return true;
    }
}
