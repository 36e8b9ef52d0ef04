using System.Net;
using System.Net.Sockets;
using Conclave.Agent.Configuration;
using Conclave.Hosting;
using Conclave.Hosting.Logging;
using Conclave.Hosting.Tests.Rpc;

namespace Conclave.Tests;

public sealed class AgentHostTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private readonly AgentLog _log = new(new LogConfig(), console: null, TimeProvider.System);
    private readonly HttpClient _client = new();
    private AgentHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var config = AgentConfig.Dev with { NodeName = "dev", Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 } };
        _host = await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log }, _stop.Token);
        _client.BaseAddress = new Uri(_host.HttpAddresses[0]);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
        _log.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_key_that_was_put_over_http_is_read_over_http()
    {
        using var put = await _client.PutAsync("/v1/kv/app/name", new StringContent("conclave"), _stop.Token);
        Assert.Equal("true", (await put.Content.ReadAsStringAsync(_stop.Token)).Trim());

        using var get = await _client.GetAsync("/v1/kv/app/name?raw", _stop.Token);

        Assert.Equal(HttpStatusCode.OK, get.StatusCode);
        Assert.Equal("conclave", await get.Content.ReadAsStringAsync(_stop.Token));
        Assert.Equal("true", Assert.Single(get.Headers.GetValues("X-Consul-KnownLeader")));
    }

    [Fact]
    public async Task The_own_node_stands_in_the_catalog_alive()
    {
        await _client.GetAsync("/v1/kv/wait-for-leader", _stop.Token);

        string checks = await _client.GetStringAsync($"/v1/health/node/dev", _stop.Token);

        Assert.Contains("serfHealth", checks);
        Assert.Contains("Agent alive and reachable", checks);
    }

    [Fact]
    public async Task An_address_in_use_stops_the_start_and_leaves_nothing_behind()
    {
        string folder = Directory.CreateTempSubdirectory("conclave-").FullName;
        var config = _host.Config with { DevMode = false, DataDir = folder };
        try
        {
            await Assert.ThrowsAsync<IOException>(() => AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log }, _stop.Token));

            await using var other = await AgentHost.StartAsync(new AgentHostOptions { Config = config with { Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 } }, Log = _log }, _stop.Token);
            Assert.NotEmpty(other.HttpAddresses);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Development_mode_keeps_only_its_id_in_a_data_folder()
    {
        string folder = Directory.CreateTempSubdirectory("conclave-").FullName;
        try
        {
            var config = _host.Config with { DataDir = folder, NodeId = "", Ports = new PortConfig { Http = -1, Server = FreePort(), SerfLan = 0, SerfWan = 0 } };
            string first;
            await using (var host = await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log }, _stop.Token)) first = host.Identity.NodeId;

            await using var again = await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log }, _stop.Token);

            Assert.Equal(first, again.Identity.NodeId);
            Assert.False(Directory.Exists(Path.Combine(folder, "raft")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_reload_applies_services_and_log_level()
    {
        var config = _host.Config with { Services = [new ServiceDefinition { Name = "web", Port = 80 }], Log = new LogConfig { Level = LogLevels.Error } };

        var outcome = await _host.ReloadAsync(config);

        Assert.True(outcome.IsOk);
        Assert.Equal(80, _host.Local.GetService("web")!.Service.Port);
        Assert.Equal(LogLevels.Error, _log.Level);
    }

    [Fact]
    public async Task A_reload_applies_the_limits_of_the_server_port_to_connections_that_stand_and_to_new_ones()
    {
        string address = $"127.0.0.1:{_host.Config.Ports.Server}";
        await using var standing = await RawCallClient.ConnectAsync(address);
        Assert.Equal("", await standing.ErrorOfAsync("Status.Ping"));

        var limits = _host.Config.Limits with { RpcRate = 1e-9, RpcMaxBurst = 2, RpcMaxConnsPerClient = 1, RpcHandshakeTimeout = TimeSpan.FromMilliseconds(20) };
        Assert.True((await _host.ReloadAsync(_host.Config with { Limits = limits })).IsOk);

        Assert.Equal("", await standing.ErrorOfAsync("Status.Ping"));
        Assert.Equal("", await standing.ErrorOfAsync("Status.Ping"));
        Assert.Equal("RPC rate limit exceeded", await standing.ErrorOfAsync("Status.Ping"));
        await using var second = await RawCallClient.ConnectAsync(address);
        await Assert.ThrowsAnyAsync<IOException>(() => second.ErrorOfAsync("Status.Ping"));
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPEndPoint.Parse(address), _stop.Token);
        Assert.Equal(0, await silent.GetStream().ReadAsync(new byte[1], _stop.Token));

        Assert.True((await _host.ReloadAsync(_host.Config with { Limits = limits with { RpcRate = -1, RpcMaxConnsPerClient = 100 } })).IsOk);
        await using var third = await RawCallClient.ConnectAsync(address);
        Assert.Equal("", await third.ErrorOfAsync("Status.Ping"));
        Assert.Equal("", await standing.ErrorOfAsync("Status.Ping"));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
