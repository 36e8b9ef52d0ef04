using System.Net;
using System.Net.Sockets;
using Conclave.Hosting.Gossip;

namespace Conclave.Tests.Gossip;

public sealed class GossipSocketsTests
{
    [Fact]
    public void Any_port_means_the_same_one_for_packets_and_streams()
    {
        using var sockets = GossipSockets.Open(IPAddress.Loopback, 0);

        Assert.NotEqual(0, sockets.Port);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, sockets.Port), sockets.Packets.LocalEndPoint);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, sockets.Port), sockets.Streams.LocalEndPoint);
    }

    [Theory]
    [InlineData(SocketType.Dgram, ProtocolType.Udp)]
    [InlineData(SocketType.Stream, ProtocolType.Tcp)]
    public void A_port_that_one_of_the_protocols_has_taken_is_refused(SocketType type, ProtocolType protocol)
    {
        using var other = new Socket(AddressFamily.InterNetwork, type, protocol);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)other.LocalEndPoint!).Port;
        if (type == SocketType.Stream) other.Listen();

        var failure = Assert.Throws<IOException>(() => GossipSockets.Open(IPAddress.Loopback, port));

        Assert.Contains($"127.0.0.1:{port}", failure.Message);
    }
}
