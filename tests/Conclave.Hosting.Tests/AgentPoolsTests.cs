using System.Net;
using Conclave.Agent.Configuration;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Gossip;
using Conclave.Hosting;
using Conclave.Hosting.Logging;

namespace Conclave.Tests;

/// <summary>Whole agents of this program in one process, joined through their gossip pools over the loopback interface.</summary>
public sealed class AgentPoolsTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(90));
    private readonly AgentLog _log = new(new LogConfig(), console: null, TimeProvider.System);
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-agents").FullName;
    private readonly List<AgentHost> _hosts = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
        _log.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Agents_find_each_other_by_retry_join_in_both_pools()
    {
        var first = await StartAsync("first");

        var second = await StartAsync("second", config => config with { Join = new JoinConfig { RetryJoin = [Lan(first)] } });

        foreach (var host in _hosts)
        {
            await SeesAsync(() => host.Gossip!.LanMembers, "first alive, second alive");
            await SeesAsync(() => host.Gossip!.WanMembers, "first.dc1 alive, second.dc1 alive");
        }
        var server = second.Gossip!.LanMembers.Single(static member => member.Name == "first");
        Assert.Equal(("consul", "dc1", first.Identity.NodeId, "3"), (server.Tag("role"), server.Tag("dc"), server.Tag("id"), server.Tag("raft_vsn")));
        Assert.Equal(first.Identity.SerfWanPort.ToString(System.Globalization.CultureInfo.InvariantCulture), server.Tag("wan_join_port"));
    }

    [Fact]
    public async Task Clients_are_in_the_pool_of_the_datacenter_only()
    {
        var server = await StartAsync("server");

        var client = await StartAsync("client", config => config with { Server = false, Bootstrap = false, Join = new JoinConfig { StartJoin = [Lan(server)] } });

        await SeesAsync(() => server.Gossip!.LanMembers, "client alive, server alive");
        await SeesAsync(() => server.Gossip!.WanMembers, "server.dc1 alive");
        Assert.Empty(client.Gossip!.WanMembers);
        Assert.Equal("node", server.Gossip!.LanMembers.Single(static member => member.Name == "client").Tag("role"));
        Assert.Equal("Must be a server to join WAN cluster", (await client.Gossip.JoinAsync("127.0.0.1:1", wan: true, _stop.Token)).Text);
    }

    [Fact]
    public async Task An_agent_of_another_datacenter_stays_outside()
    {
        var first = await StartAsync("first");
        var other = await StartAsync("other", static config => config with { Datacenter = "dc2" });

        await other.Gossip!.JoinAsync(Lan(first), wan: false, _stop.Token);
        Assert.True((await other.Gossip.JoinAsync($"127.0.0.1:{first.Identity.SerfWanPort}", wan: true, _stop.Token)).IsOk);

        await SeesAsync(() => first.Gossip!.WanMembers, "first.dc1 alive, other.dc2 alive");
        Assert.Equal(["first"], first.Gossip!.LanMembers.Select(static member => member.Name));
    }

    [Fact]
    public async Task A_start_that_must_join_and_cannot_fails()
    {
        var failure = await Assert.ThrowsAsync<StartJoinException>(() => StartAsync("alone", static config => config with { Join = new JoinConfig { StartJoin = ["127.0.0.1:1"] } }));

        Assert.Contains("1 error occurred:\n\t* Failed to join 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused\n\n", failure.Message);
    }

    [Fact]
    public async Task Attempts_to_join_that_are_used_up_end_the_agent()
    {
        var alone = await StartAsync("alone", static config => config with { Join = new JoinConfig { RetryJoin = ["127.0.0.1:1"], RetryMax = 2, RetryInterval = TimeSpan.FromMilliseconds(10) } });

        Assert.Equal(new AgentEnd(AgentEndKind.JoinFailed, "agent: max join retry exhausted, exiting"), await alone.Ended.WaitAsync(_stop.Token));
    }

    [Fact]
    public async Task An_agent_that_leaves_has_left_both_pools()
    {
        var (first, second) = await PairAsync();

        await second.LeaveAsync();

        await SeesAsync(() => first.Gossip!.LanMembers, "first alive, second left");
        await SeesAsync(() => first.Gossip!.WanMembers, "first.dc1 alive, second.dc1 left");
    }

    [Fact]
    public async Task An_agent_that_vanishes_fails_is_forced_out_and_can_be_forgotten()
    {
        var (first, second) = await PairAsync();

        await second.DisposeAsync();
        await SeesAsync(() => first.Gossip!.LanMembers, "first alive, second failed");
        await SeesAsync(() => first.Gossip!.WanMembers, "first.dc1 alive, second.dc1 failed");

        Assert.True((await first.Gossip!.ForceLeaveAsync("second", prune: false, wan: false, _stop.Token)).IsOk);
        await SeesAsync(() => first.Gossip!.LanMembers, "first alive, second left");
        await SeesAsync(() => first.Gossip!.WanMembers, "first.dc1 alive, second.dc1 left");
        Assert.True((await first.Gossip.ForceLeaveAsync("second", prune: true, wan: false, _stop.Token)).IsOk);
        await SeesAsync(() => first.Gossip!.LanMembers, "first alive");
        await SeesAsync(() => first.Gossip!.WanMembers, "first.dc1 alive");
        Assert.Equal("agent: No node found with name 'second'", (await first.Gossip.ForceLeaveAsync("second", prune: true, wan: false, _stop.Token)).Text);
    }

    [Fact]
    public async Task An_event_is_listed_where_its_filter_matches()
    {
        var (first, second) = await PairAsync();
        using var client = new HttpClient();

        foreach (var (name, filter) in new[] { ("for-second", "sec"), ("for-all", "") })
        {
            var outcome = await first.Gossip!.FireAsync(new UserEvent { Id = Guid.NewGuid().ToString(), Name = name, NodeFilter = filter, Payload = "p"u8.ToArray() }, _stop.Token);
            Assert.True(outcome.IsOk, outcome.Text);
        }

        await Until(async () => await EventNamesAsync(client, second), static names => names is "for-all,for-second");
        await Until(async () => await EventNamesAsync(client, first), static names => names is "for-all");
    }

    [Fact]
    public async Task An_event_that_is_too_long_is_refused_in_known_words()
    {
        var first = await StartAsync("first");

        var outcome = await first.Gossip!.FireAsync(new UserEvent { Id = Guid.NewGuid().ToString(), Name = "big", Payload = new byte[600] }, _stop.Token);

        Assert.Equal(UserEvent.TooLargeError, outcome.Text);
    }

    [Fact]
    public async Task Keys_are_changed_in_both_pools_and_kept()
    {
        string key = Convert.ToBase64String(new byte[32]), next = Convert.ToBase64String("0123456789abcdef0123456789abcdef"u8);
        var first = await StartAsync("first", config => config with { Encrypt = key });
        var second = await StartAsync("second", config => config with { Encrypt = key, Join = new JoinConfig { RetryJoin = [Lan(first)] } });
        await SeesAsync(() => first.Gossip!.WanMembers, "first.dc1 alive, second.dc1 alive");
        await SeesAsync(() => first.Gossip!.LanMembers, "first alive, second alive");

        foreach (var (verb, which) in new[] { (KeyringVerb.Install, next), (KeyringVerb.Use, next), (KeyringVerb.Remove, key) })
        {
            var changed = await first.Gossip!.ManageKeysAsync(new KeyringRequest(verb, which, 0, false), _stop.Token);
            Assert.All(changed.Pools, pool => Assert.Equal("", pool.Error));
        }

        var listed = await second.Gossip!.ManageKeysAsync(new KeyringRequest(KeyringVerb.List, "", 0, false), _stop.Token);
        Assert.Equal([(true, 2), (false, 2)], listed.Pools.Select(static pool => (pool.IsWan, pool.NodeCount)));
        Assert.All(listed.Pools, pool => Assert.Equal([new(next, 2)], pool.PrimaryKeys));
        foreach (string file in (string[])["local.keyring", "remote.keyring"])
        {
            string path = Path.Combine(_folder, "second", "serf", file);
            await Until(() => File.ReadAllTextAsync(path, _stop.Token), text => text == $"[\n  \"{next}\"\n]");
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public async Task An_agent_comes_back_from_its_snapshot_unless_it_left()
    {
        var (first, second) = await PairAsync();
        var config = second.Config with { Ports = second.Config.Ports with { SerfLan = second.Identity.SerfLanPort, SerfWan = second.Identity.SerfWanPort }, Join = new JoinConfig() };
        await second.DisposeAsync();

        var again = await StartAsync(config);
        await SeesAsync(() => again.Gossip!.LanMembers, "first alive, second alive");
        await SeesAsync(() => again.Gossip!.WanMembers, "first.dc1 alive, second.dc1 alive");
        await again.LeaveAsync();
        await again.DisposeAsync();

        var alone = await StartAsync(config);
        Assert.Equal(["second"], alone.Gossip!.LanMembers.Select(static member => member.Name));
        await SeesAsync(() => first.Gossip!.LanMembers, "first alive, second left");
    }

    [Fact]
    public async Task The_numbers_are_those_of_the_pools()
    {
        var (first, _) = await PairAsync();
        using var client = new HttpClient();

        await Until(async () => await client.GetStringAsync(first.HttpAddresses[0] + "/v1/agent/self", _stop.Token), static self =>
        {
            using var json = System.Text.Json.JsonDocument.Parse(self);
            var stats = json.RootElement.GetProperty("Stats");
            return stats.GetProperty("serf_lan").GetProperty("members").GetString() == "2" && stats.GetProperty("serf_wan").GetProperty("members").GetString() == "2"
                && int.Parse(stats.GetProperty("serf_lan").GetProperty("member_time").GetString()!, System.Globalization.CultureInfo.InvariantCulture) > 1;
        });
    }

    [Fact]
    public async Task Without_a_port_an_agent_gossips_with_nobody()
    {
        var alone = await StartAsync("alone", static config => config with { Ports = config.Ports with { SerfLan = -1 } });

        Assert.Null(alone.Gossip);
        using var client = new HttpClient();
        Assert.Contains("\"alone\"", await client.GetStringAsync(alone.HttpAddresses[0] + "/v1/agent/members", _stop.Token));
    }

    private static string Lan(AgentHost host) => $"127.0.0.1:{host.Identity.SerfLanPort}";

    private async Task<(AgentHost First, AgentHost Second)> PairAsync()
    {
        var first = await StartAsync("first");
        var second = await StartAsync("second", config => config with { Join = new JoinConfig { StartJoin = [Lan(first)] } });
        foreach (var host in (AgentHost[])[first, second])
        {
            await SeesAsync(() => host.Gossip!.LanMembers, "first alive, second alive");
            await SeesAsync(() => host.Gossip!.WanMembers, "first.dc1 alive, second.dc1 alive");
        }
        return (first, second);
    }

    private Task<AgentHost> StartAsync(string name, Func<AgentConfig, AgentConfig>? change = null)
    {
        var config = AgentConfig.Dev with
        {
            DevMode = false,
            NodeName = name,
            DataDir = Path.Combine(_folder, name),
            DisableKeyringFile = false,
            Performance = new PerformanceConfig { RaftMultiplier = 1, LeaveDrainTime = TimeSpan.Zero },
            Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 },
        };
        return StartAsync(change?.Invoke(config) ?? config);
    }

    private async Task<AgentHost> StartAsync(AgentConfig config)
    {
        var host = await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log }, _stop.Token);
        _hosts.Add(host);
        return host;
    }

    private Task SeesAsync(Func<IReadOnlyList<GossipMember>> members, string expected) =>
        Until(() => Task.FromResult(string.Join(", ", members().Select(static member => $"{member.Name} {member.Status.ToString().ToLowerInvariant()}"))), seen => seen == expected);

    private async Task Until(Func<Task<string>> look, Func<string, bool> isRight)
    {
        string seen = "";
        try
        {
            while (!isRight(seen = await look())) await Task.Delay(20, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail("last seen: " + seen);
        }
    }

    private async Task<string> EventNamesAsync(HttpClient client, AgentHost host)
    {
        using var json = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync(host.HttpAddresses[0] + "/v1/event/list", _stop.Token));
        return string.Join(',', json.RootElement.EnumerateArray().Select(static item => item.GetProperty("Name").GetString()).Order(StringComparer.Ordinal));
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
