using System.Net;
using System.Net.Sockets;

namespace Conclave.Hosting.Gossip;

/// <summary>The two sockets of a pool, on one address and port: packets are sent from the one that listens, because answers go where they came from.</summary>
internal sealed class GossipSockets : IDisposable
{
    // As the peers ask for; systems cut it to what they allow.
    private const int ReceiveBufferBytes = 2 * 1024 * 1024;

    private const int Backlog = 128;

    // Port 0: another process may have taken the same number for the other protocol in between.
    private const int PortAttempts = 16;

    // Windows reports an earlier packet's unreachable port as an error of the next receive unless it is told not to.
    private const int IgnoreUnreachable = unchecked((int)0x9800000C);

    private GossipSockets(Socket packets, Socket streams)
    {
        Packets = packets;
        Streams = streams;
        var local = (IPEndPoint)packets.LocalEndPoint!;
        (Address, Port) = (local.Address, local.Port);
    }

    /// <summary>UDP, non-blocking.</summary>
    public Socket Packets { get; }

    /// <summary>TCP, listening.</summary>
    public Socket Streams { get; }

    /// <summary>The address of both.</summary>
    public IPAddress Address { get; }

    /// <summary>The port of both.</summary>
    public int Port { get; }

    /// <summary>Opens both; port 0 takes a number that is free for both.</summary>
    /// <exception cref="IOException">The address is in use or not of this host.</exception>
    public static GossipSockets Open(IPAddress address, int port)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return OpenBoth(address, port);
            }
            catch (SocketException failure) when (port != 0 || attempt == PortAttempts)
            {
                throw new IOException($"cannot listen for gossip on {new IPEndPoint(address, port)}: {failure.Message}", failure);
            }
            catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The next attempt draws another number.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Packets.Dispose();
        Streams.Dispose();
    }

    private static GossipSockets OpenBoth(IPAddress address, int port)
    {
        var packets = NewSocket(address, SocketType.Dgram, ProtocolType.Udp);
        Socket? streams = null;
        try
        {
            packets.Bind(new IPEndPoint(address, port));
            packets.ReceiveBufferSize = ReceiveBufferBytes;
            if (OperatingSystem.IsWindows()) packets.IOControl(IgnoreUnreachable, [0], null);
            packets.Blocking = false;
            streams = NewSocket(address, SocketType.Stream, ProtocolType.Tcp);
            streams.Bind(new IPEndPoint(address, ((IPEndPoint)packets.LocalEndPoint!).Port));
            streams.Listen(Backlog);
            return new GossipSockets(packets, streams);
        }
        catch
        {
            packets.Dispose();
            streams?.Dispose();
            throw;
        }
    }

    private static Socket NewSocket(IPAddress address, SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(address.AddressFamily, type, protocol);
        if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
        return socket;
    }
}
