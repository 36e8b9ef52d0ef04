using System.Net;
using System.Net.Sockets;
using Conclave.Agent.Configuration;
using Conclave.Hosting;
using Conclave.Hosting.Logging;

namespace Conclave.Tests;

/// <summary>An agent without a state of its own, in front of a real server.</summary>
public sealed class ClientAgentTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly AgentLog _log = new(new LogConfig(), console: null, TimeProvider.System);
    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-client-").FullName;
    private readonly List<AgentHost> _hosts = [];
    private readonly HttpClient _client = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        for (int i = _hosts.Count - 1; i >= 0; i--) await _hosts[i].DisposeAsync();
        _log.Dispose();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Without_servers_the_agent_answers_for_itself_and_says_that_it_knows_none()
    {
        await StartClientAsync(join: null);
        Assert.Contains("\"Server\":false", (await TextAsync("/v1/agent/self")).Replace(" ", "", StringComparison.Ordinal));
        using var read = await _client.GetAsync("/v1/kv/a", _stop.Token);
        Assert.Equal((HttpStatusCode.InternalServerError, "No known Consul servers"), (read.StatusCode, await read.Content.ReadAsStringAsync(_stop.Token)));
        using var write = await _client.PutAsync("/v1/kv/a", new StringContent("1"), _stop.Token);
        Assert.Equal("No known Consul servers", await write.Content.ReadAsStringAsync(_stop.Token));
    }

    [Fact]
    public async Task What_is_registered_before_a_server_is_there_reaches_the_catalog_when_one_comes()
    {
        await StartClientAsync(join: null);
        await PutAsync("/v1/agent/service/register", """{"Name":"early","Check":{"TTL":"60s","Status":"warning"}}""");
        var server = await StartServerAsync();
        await PutAsync($"/v1/agent/join/127.0.0.1:{server.Identity.SerfLanPort}", "");
        string seen = "";
        while (!seen.Contains("\"early\"", StringComparison.Ordinal)) seen = await _client.GetStringAsync(server.HttpAddresses[0] + "/v1/health/service/early", _stop.Token);
        Assert.Contains("\"warning\"", seen);
        Assert.Contains("\"client\"", seen);
    }

    [Fact]
    public async Task Many_watchers_are_one_call_at_the_server_and_it_ends_when_they_have_left()
    {
        var server = await StartServerAsync();
        await StartClientAsync(server);
        await PutAsync("/v1/kv/a", "1");
        await PutAsync("/v1/kv/b", "1");
        string index = await IndexAsync("/v1/kv/b");
        using var leaving = new CancellationTokenSource();
        var watchers = Enumerable.Range(0, 20).Select(_ => _client.GetAsync($"/v1/kv/b?index={index}&wait=60s", leaving.Token)).ToArray();
        await Until(() => server.WaitingCalls!.WaiterCount == 1);
        long evaluations = server.WaitingCalls!.Evaluations;
        await PutAsync("/v1/kv/b", "2");
        foreach (var watcher in watchers)
        {
            using var answer = await watcher;
            Assert.Contains("\"Mg==\"", await answer.Content.ReadAsStringAsync(_stop.Token));
        }
        // Some may have come after the change and were answered at once; nobody asked the state once more than needed for that.
        Assert.True(server.WaitingCalls!.Evaluations - evaluations <= 2);

        var left = _client.GetAsync($"/v1/kv/b?index={await IndexAsync("/v1/kv/b")}&wait=60s", leaving.Token);
        await Until(() => server.WaitingCalls!.WaiterCount == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Until(() => server.WaitingCalls!.WaiterCount == 0);
    }

    [Fact]
    public async Task An_archive_goes_through_the_agent_both_ways()
    {
        var server = await StartServerAsync();
        await StartClientAsync(server);
        await PutAsync("/v1/kv/a", "kept");
        byte[] archive = await _client.GetByteArrayAsync("/v1/snapshot", _stop.Token);
        await PutAsync("/v1/kv/a", "lost");
        using var restored = await _client.PutAsync("/v1/snapshot", new ByteArrayContent(archive), _stop.Token);
        Assert.Equal(HttpStatusCode.OK, restored.StatusCode);
        Assert.Equal("kept", await TextAsync("/v1/kv/a?raw"));
        using var refused = await _client.PutAsync("/v1/snapshot", new ByteArrayContent([1, 2, 3]), _stop.Token);
        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
    }

    [Fact]
    public async Task Operators_see_the_servers_through_the_agent()
    {
        var server = await StartServerAsync();
        await StartClientAsync(server);
        Assert.Equal(await _client.GetStringAsync(server.HttpAddresses[0] + "/v1/operator/raft/configuration?pretty", _stop.Token), await TextAsync("/v1/operator/raft/configuration?pretty"));
        Assert.Equal(await _client.GetStringAsync(server.HttpAddresses[0] + "/v1/operator/autopilot/configuration?pretty", _stop.Token), await TextAsync("/v1/operator/autopilot/configuration?pretty"));
        Assert.Contains(server.Identity.NodeId, await TextAsync("/v1/operator/autopilot/health"));
        Assert.Contains(server.Identity.NodeId, await TextAsync("/v1/operator/autopilot/state"));
        Assert.Contains("\"server\"", await TextAsync("/v1/coordinate/datacenters"));
    }

    private async Task<AgentHost> StartServerAsync()
    {
        var config = AgentConfig.Dev with { NodeName = "server", Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 } };
        var host = await StartAsync(config);
        using var leads = new HttpClient { BaseAddress = new Uri(host.HttpAddresses[0]) };
        while ((await leads.GetStringAsync("/v1/status/leader", _stop.Token)).Trim().Length < 4) await Task.Delay(20, _stop.Token);
        return host;
    }

    private async Task<AgentHost> StartClientAsync(AgentHost? join)
    {
        var host = await StartAsync(AgentConfig.Dev with
        {
            DevMode = false,
            Server = false,
            Bootstrap = false,
            NodeName = "client",
            DataDir = Path.Combine(_folder, "client"),
            Join = new JoinConfig { StartJoin = join is null ? [] : [$"127.0.0.1:{join.Identity.SerfLanPort}"] },
            Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 },
        });
        _client.BaseAddress = new Uri(host.HttpAddresses[0]);
        return host;
    }

    private async Task<AgentHost> StartAsync(AgentConfig config)
    {
        var host = await AgentHost.StartAsync(new AgentHostOptions { Config = config, Log = _log }, _stop.Token);
        _hosts.Add(host);
        return host;
    }

    private async Task PutAsync(string path, string body)
    {
        using var answer = await _client.PutAsync(path, new StringContent(body), _stop.Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(_stop.Token));
    }

    private Task<string> TextAsync(string path) => _client.GetStringAsync(path, _stop.Token);

    private async Task<string> IndexAsync(string path)
    {
        using var answer = await _client.GetAsync(path, _stop.Token);
        return Assert.Single(answer.Headers.GetValues("X-Consul-Index"));
    }

    private async Task Until(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(5, _stop.Token);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
