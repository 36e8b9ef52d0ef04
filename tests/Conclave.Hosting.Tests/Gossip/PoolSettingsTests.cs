using System.Net;
using Conclave.Agent;
using Conclave.Hosting.Configuration;
using Conclave.Hosting.Gossip;
using Conclave.Hosting.Pools;
using Microsoft.Extensions.Logging.Abstractions;
using PoolConfig = Conclave.Gossip.GossipConfig;

namespace Conclave.Tests.Gossip;

/// <summary>What an operator configures about gossip is what the pools are given.</summary>
public sealed class PoolSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-settings").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("gossip_lan", false)]
    [InlineData("gossip_wan", true)]
    public void Timing_reaches_its_own_pool_alone(string section, bool isWan)
    {
        var (own, other) = Pools($$"""{"{{section}}":{"gossip_nodes":7,"gossip_interval":"310ms","probe_interval":"2100ms","probe_timeout":"620ms","suspicion_mult":9,"retransmit_mult":11} }""", isWan);

        Assert.Equal((7, 310, 2100, 620, 9, 11), Timing(own));
        var standard = isWan ? PoolConfig.Lan("x", default) : PoolConfig.Wan("x", default);
        Assert.Equal(Timing(standard), Timing(other));
    }

    [Theory]
    [InlineData("reconnect_timeout", false)]
    [InlineData("reconnect_timeout_wan", true)]
    public void The_time_after_which_the_failed_are_forgotten_reaches_its_own_pool_alone(string key, bool isWan)
    {
        var (own, other) = Pools($$"""{"{{key}}":"11h"}""", isWan);

        Assert.Equal((TimeSpan.FromHours(11), TimeSpan.FromHours(72)), (own.ReconnectTimeout, other.ReconnectTimeout));
    }

    [Theory]
    [InlineData("serf_lan_allowed_cidrs", false, false)]
    [InlineData("serf_wan_allowed_cidrs", true, false)]
    [InlineData("serf_lan_allowed_cidrs", false, true)]
    [InlineData("serf_wan_allowed_cidrs", true, true)]
    public void Allowed_networks_reach_their_own_pool_alone_from_files_and_flags(string key, bool isWan, bool isFlag)
    {
        var (own, other) = isFlag ? Pools("{}", isWan, (key, "10.1.0.0/16"), (key, "fd00::/8")) : Pools($$"""{"{{key}}":["10.1.0.0/16","fd00::/8"]}""", isWan);

        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")], own.AllowedNetworks);
        Assert.Null(other.AllowedNetworks);
    }

    [Theory]
    [InlineData("{}", true, true)]
    [InlineData("""{"encrypt_verify_incoming":false}""", false, true)]
    [InlineData("""{"encrypt_verify_outgoing":false}""", true, false)]
    public void What_must_be_encrypted_reaches_both_pools(string text, bool incoming, bool outgoing)
    {
        var (lan, wan) = Pools(text, isWan: false);

        Assert.All([lan, wan], pool => Assert.Equal((incoming, outgoing), (pool.VerifyIncoming, pool.VerifyOutgoing)));
    }

    [Fact]
    public void Advertised_addresses_reach_their_own_pool()
    {
        var identity = Identity with { AdvertiseAddress = "10.1.0.9", SerfLanPort = 9301, AdvertiseAddressWan = "192.0.2.7", SerfWanPort = 9302 };

        var (lan, wan) = Pools("{}", isWan: false, identity);

        Assert.Equal(("10.1.0.9:9301", "192.0.2.7:9302"), (lan.Advertise.ToString(), wan.Advertise.ToString()));
        Assert.Equal(("here", "here.dc1"), (lan.Name, wan.Name));
    }

    [Fact]
    public void Without_an_address_for_others_the_pool_between_datacenters_advertises_the_same()
    {
        var (_, wan) = Pools("{}", isWan: false, Identity with { AdvertiseAddress = "10.1.0.9", AdvertiseAddressWan = "" });

        Assert.Equal("10.1.0.9:8302", wan.Advertise.ToString());
    }

    [Fact]
    public void Rejoining_coordinates_and_the_time_members_are_told_to_wait_for_us_reach_the_pools()
    {
        var (lan, wan) = Pools("""{"rejoin_after_leave":true,"disable_coordinates":true,"advertise_reconnect_timeout":"3h"}""", isWan: false);

        Assert.All([lan, wan], static pool => Assert.Equal((true, false), (pool.RejoinAfterLeave, pool.EnableCoordinates)));
        Assert.Equal("3h0m0s", lan.Tags.Single(static tag => tag.Key == "rc_tm").Value);
    }

    [Fact]
    public void Files_lie_in_the_data_folder_and_the_keyring_only_when_it_may()
    {
        var (lan, wan) = Options("{}", Identity);
        Assert.Equal(Path.Combine(_folder, "serf", "local.snapshot"), lan.SnapshotPath);
        Assert.Equal(Path.Combine(_folder, "serf", "remote.snapshot"), wan.SnapshotPath);
        Assert.Equal(Path.Combine(_folder, "serf", "local.keyring"), lan.KeyringPath);
        Assert.Equal(Path.Combine(_folder, "serf", "remote.keyring"), wan.KeyringPath);

        string key = Convert.ToBase64String(new byte[32]);
        (lan, wan) = Options($$"""{"disable_keyring_file":true,"encrypt":"{{key}}"}""", Identity);
        Assert.All([lan, wan], pool => Assert.Equal((null, 1), (pool.KeyringPath, pool.Keyring!.Keys.Count)));
        Assert.False(File.Exists(Path.Combine(_folder, "serf", "local.keyring")));
    }

    private static AgentIdentity Identity => new() { NodeName = "here", NodeId = "11111111-2222-3333-4444-555555555555" };

    private static (int, double, double, double, int, int) Timing(PoolConfig pool) =>
        (pool.GossipNodes, pool.GossipInterval.TotalMilliseconds, pool.ProbeInterval.TotalMilliseconds, pool.ProbeTimeout.TotalMilliseconds, pool.SuspicionMult, pool.RetransmitMult);

    // The pool that the setting is for, and the other one.
    private (PoolConfig Own, PoolConfig Other) Pools(string text, bool isWan, params (string Key, object Value)[] flags) => Pools(text, isWan, Identity, flags);

    private (PoolConfig Own, PoolConfig Other) Pools(string text, bool isWan, AgentIdentity identity, params (string Key, object Value)[] flags)
    {
        var (lan, wan) = Options(text, identity, flags);
        return isWan ? (wan.Config, lan.Config) : (lan.Config, wan.Config);
    }

    private (GossipRuntimeOptions Lan, GossipRuntimeOptions Wan) Options(string text, AgentIdentity identity, params (string Key, object Value)[] flags)
    {
        var loader = new ConfigLoader();
        foreach (var (key, value) in flags) loader.Set(key, value);
        loader.Add(new ConfigSource("base.json", ConfigFormat.Json, $$"""{"data_dir":"{{_folder}}","server":true,"bind_addr":"127.0.0.1"}"""));
        loader.Add(new ConfigSource("own.json", ConfigFormat.Json, text));
        var config = loader.Load();
        using var lan = GossipSockets.Open(IPAddress.Loopback, 0);
        using var wan = GossipSockets.Open(IPAddress.Loopback, 0);
        var listener = new NoEvents();
        return (PoolSettings.Lan(config, identity, lan, listener, NullLoggerFactory.Instance, TimeProvider.System), PoolSettings.Wan(config, identity, wan, listener, NullLoggerFactory.Instance, TimeProvider.System));
    }
}
