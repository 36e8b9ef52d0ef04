using System.Net;
using System.Net.Sockets;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;

namespace Conclave.Tests.Gossip;

public sealed class SocketAddressTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork, "10.1.2.3", 7946)]
    [InlineData(AddressFamily.InterNetworkV6, "10.1.2.3", 65535)]
    [InlineData(AddressFamily.InterNetworkV6, "fd00::1:2", 1)]
    public void An_endpoint_survives_the_way_through_the_systems_form(AddressFamily family, string address, int port)
    {
        var endpoint = GossipEndpoint.From(IPAddress.Parse(address), port);

        var encoded = new SocketAddresses(family).TryEncode(endpoint);

        Assert.NotNull(encoded);
        Assert.Equal(endpoint, SocketAddresses.Decode(encoded));
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("fd00::7")]
    public void The_systems_form_is_the_one_that_the_base_library_makes(string address)
    {
        var point = new IPEndPoint(IPAddress.Parse(address), 8301);

        var encoded = new SocketAddresses(point.AddressFamily).TryEncode(GossipEndpoint.From(point.Address, point.Port));

        Assert.Equal(point.Serialize(), encoded);
    }

    [Fact]
    public void A_socket_for_the_old_protocol_cannot_reach_the_new_one() =>
        Assert.Null(new SocketAddresses(AddressFamily.InterNetwork).TryEncode(GossipEndpoint.From(IPAddress.Parse("fd00::7"), 1)));
}
