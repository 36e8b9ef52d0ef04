using System.Net;
using System.Net.Sockets;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Host and port of a check.</summary>
/// <param name="Host">Name or IP without brackets.</param>
/// <param name="Port">Port.</param>
internal readonly record struct ProbeTarget(string Host, int Port)
{
    /// <summary>Splits <c>host:port</c>; brackets around the host are taken away whatever is inside.</summary>
    public static bool TryParse(string text, out ProbeTarget target)
    {
        target = default;
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), out ushort port)) return false;
        string host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        else if (host.Contains(':')) return false;
        target = new(host.Length == 0 ? "localhost" : host, port);
        return true;
    }

    /// <summary>Connects; an address literal needs no name service.</summary>
    public async Task<Socket> ConnectAsync(ProtocolType protocol, CancellationToken stop)
    {
        var type = protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream;
        if (IPAddress.TryParse(Host, out var address)) return await ConnectAsync(address, type, protocol, stop).ConfigureAwait(false);
        Exception? last = null;
        foreach (var candidate in await Dns.GetHostAddressesAsync(Host, stop).ConfigureAwait(false))
        {
            try
            {
                return await ConnectAsync(candidate, type, protocol, stop).ConfigureAwait(false);
            }
            catch (SocketException failure)
            {
                last = failure;                                // the next address may do
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<Socket> ConnectAsync(IPAddress address, SocketType type, ProtocolType protocol, CancellationToken stop)
    {
        var socket = new Socket(address.AddressFamily, type, protocol);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, Port), stop).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
