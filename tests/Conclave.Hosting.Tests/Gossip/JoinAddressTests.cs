using System.Net;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;

namespace Conclave.Tests.Gossip;

public sealed class JoinAddressTests
{
    [Theory]
    [InlineData("10.0.0.1", "", "10.0.0.1", 7946)]
    [InlineData("10.0.0.1:12", "", "10.0.0.1", 12)]
    [InlineData("b.dc1/10.0.0.1:12", "b.dc1", "10.0.0.1", 12)]
    [InlineData("fd00::1", "", "fd00::1", 7946)]
    [InlineData("[fd00::1]", "", "fd00::1", 7946)]
    [InlineData("[fd00::1]:12", "", "fd00::1", 12)]
    public async Task An_address_is_understood(string address, string name, string ip, int port)
    {
        var (targets, errors) = await JoinAddresses.ResolveAsync([address], 7946, TestContext.Current.CancellationToken);

        Assert.Equal("", errors);
        Assert.Equal([new GossipTarget(GossipEndpoint.From(IPAddress.Parse(ip), port), name)], targets);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1:http")]
    [InlineData("10.0.0.1:70000")]
    [InlineData("no-such-host.invalid")]
    public async Task What_cannot_be_understood_is_told_and_does_not_hinder_the_others(string address)
    {
        var (targets, errors) = await JoinAddresses.ResolveAsync([address, "127.0.0.1:1"], 7946, TestContext.Current.CancellationToken);

        Assert.StartsWith($"Failed to resolve {address}: ", errors);
        Assert.Single(targets);
    }
}
