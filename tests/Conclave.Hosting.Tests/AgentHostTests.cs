using System.Net;
using System.Net.Sockets;
using Conclave.Agent.Configuration;
using Conclave.Hosting;
using Conclave.Hosting.Logging;

namespace Conclave.Tests;

public sealed class AgentHostTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private readonly AgentLog _log = new(new LogConfig(), console: null, TimeProvider.System);
    private readonly HttpClient _client = new();
    private AgentHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var config = AgentConfig.Dev with { NodeName = "dev", Ports = new PortConfig { Http = FreePort() } };
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

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
