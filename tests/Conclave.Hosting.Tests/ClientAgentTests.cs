using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
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
    public async Task A_client_asks_servers_no_more_often_than_it_may_and_a_reload_lets_it()
    {
        var server = await StartServerAsync();
        AgentConfig? started = null;
        var host = await StartClientAsync(server, config => started = config with { Limits = config.Limits with { RpcRate = 0, RpcMaxBurst = 40 } });
        HttpResponseMessage answer;
        do answer = await _client.GetAsync("/v1/kv/a", _stop.Token);
        while (answer.StatusCode != HttpStatusCode.TooManyRequests);
        Assert.Equal("", await answer.Content.ReadAsStringAsync(_stop.Token));
        using var write = await _client.PutAsync("/v1/kv/a", new StringContent("1"), _stop.Token);
        Assert.Equal(HttpStatusCode.TooManyRequests, write.StatusCode);
        // What needs no server is not held back.
        Assert.Contains("\"client\"", await TextAsync("/v1/agent/self"));

        Assert.True((await host.ReloadAsync(started! with { Limits = started.Limits with { RpcRate = -1 } })).IsOk);
        await PutAsync("/v1/kv/a", "1");
        Assert.Equal("1", await _client.GetStringAsync("/v1/kv/a?raw", _stop.Token));
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
    public async Task Many_watchers_of_a_service_are_one_subscription_and_it_ends_when_they_have_left()
    {
        var server = await StartServerAsync();
        await StartClientAsync(server);
        await PutAsync("/v1/catalog/register", """{"Node":"n1","Address":"10.0.0.1","Service":{"ID":"w1","Service":"web"}}""");
        string index = await IndexAsync("/v1/health/service/web");
        var watchers = Enumerable.Range(0, 20).Select(_ => _client.GetAsync($"/v1/health/service/web?index={index}&wait=60s", _stop.Token)).ToArray();
        await Until(() => server.Feeds!.Count == 1);
        Assert.Equal(0, server.WaitingCalls!.WaiterCount);
        await PutAsync("/v1/catalog/register", """{"Node":"n1","Address":"10.0.0.1","Service":{"ID":"w2","Service":"web"}}""");
        foreach (var watcher in watchers)
        {
            using var answer = await watcher;
            Assert.Contains("\"w2\"", await answer.Content.ReadAsStringAsync(_stop.Token));
            Assert.Equal("streaming", Assert.Single(answer.Headers.GetValues("X-Consul-Query-Backend")));
            Assert.Equal("true", Assert.Single(answer.Headers.GetValues("X-Consul-KnownLeader")));
        }
        Assert.True(server.Feeds!.Encodings <= 2);             // the service as it was, and what changed
        await Until(() => server.Feeds!.Count == 0);

        using var leaving = new CancellationTokenSource();
        var left = _client.GetAsync($"/v1/health/service/web?index={await IndexAsync("/v1/health/service/web")}&wait=60s", leaving.Token);
        await Until(() => server.Feeds!.Count == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Until(() => server.Feeds!.Count == 0);
    }

    [Fact]
    public async Task A_service_reads_the_same_out_of_a_subscription_as_out_of_a_call()
    {
        var server = await StartServerAsync();
        await StartClientAsync(server);
        await PutAsync("/v1/catalog/register", """
            {"Node":"n1","Address":"10.0.0.1","NodeMeta":{"k":"v"},"TaggedAddresses":{"lan":"10.0.0.1","wan":"1.2.3.4"},"Service":{"ID":"w1","Service":"web","Tags":["b","a"],"Meta":{"m":"é"},"Port":80,"Address":"10.1.0.1",
             "TaggedAddresses":{"lan":{"Address":"10.1.0.1","Port":81}},"Weights":{"Passing":10,"Warning":0},"EnableTagOverride":true},
             "Checks":[{"Node":"n1","CheckID":"c1","Name":"one","Status":"passing","ServiceID":"w1","Notes":"n","Output":"o","Definition":{"HTTP":"http://x","Header":{"A":["1","2"]},"Interval":"10s","Timeout":"1s"}},
                       {"Node":"n1","CheckID":"c2","Name":"two","Status":"warning"}]}
            """);
        await PutAsync("/v1/catalog/register", """{"Node":"n2","Address":"10.0.0.2","Service":{"ID":"w2","Service":"web"}}""");
        await PutAsync("/v1/catalog/register", """
            {"Node":"n2","Address":"10.0.0.2","Service":{"ID":"p1","Service":"web-proxy","Kind":"connect-proxy","Port":21000,"Proxy":{"DestinationServiceName":"web","DestinationServiceID":"w2","LocalServiceAddress":"127.0.0.1",
             "LocalServicePort":80,"Mode":"direct","Config":{"a":1,"b":[true,"x",null],"c":{"d":1.5}},"Upstreams":[{"DestinationName":"db","LocalBindPort":9191,"Config":{"t":5}}],"MeshGateway":{"Mode":"local"},
             "Expose":{"Checks":true,"Paths":[{"ListenerPort":1,"Path":"/m","LocalPathPort":2,"Protocol":"http"}]}}}}
            """);
        foreach (string path in (string[])["/v1/health/service/web?pretty", "/v1/health/service/web?tag=A", "/v1/health/service/web?passing", "/v1/health/service/web?node-meta=k:v", "/v1/health/service/web?filter=Service.ID==w2",
            "/v1/health/service/web-proxy?pretty", "/v1/health/connect/web?pretty", "/v1/health/service/none"])
        {
            string called = await TextAsync(path), separator = path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            using var first = await _client.GetAsync(path + separator + "cached", _stop.Token);
            using var second = await _client.GetAsync(path + separator + "cached", _stop.Token);
            AssertSame(called, await first.Content.ReadAsStringAsync(_stop.Token));
            AssertSame(called, await second.Content.ReadAsStringAsync(_stop.Token));
            Assert.Equal(("streaming", "HIT"), (Assert.Single(second.Headers.GetValues("X-Consul-Query-Backend")), Assert.Single(second.Headers.GetValues("X-Cache"))));
            Assert.Equal(await IndexAsync(path), Assert.Single(second.Headers.GetValues("X-Consul-Index")));
        }
        Assert.Equal(4, server.Feeds!.Count);                  // whatever was asked about them
    }

    [Fact]
    public async Task Metrics_tell_of_log_state_members_calls_and_subscriptions_and_a_reload_filters_them()
    {
        AgentConfig Measured(AgentConfig config) => config with { Telemetry = config.Telemetry with { DisableHostname = true, PrometheusRetentionTime = TimeSpan.FromMinutes(1) } };
        var server = await StartServerAsync(Measured);
        var client = await StartClientAsync(server, Measured);
        await PutAsync("/v1/catalog/register", """{"Node":"n1","Address":"10.0.0.1","Service":{"ID":"w1","Service":"web"},"Check":{"Node":"n1","CheckID":"c1","Name":"one","Status":"passing"}}""");
        var watching = _client.GetAsync($"/v1/health/service/web?index={await IndexAsync("/v1/health/service/web")}&wait=60s", _stop.Token);
        await Until(() => server.Feeds!.Count == 1);
        await PutAsync("/v1/catalog/register", """{"Node":"n1","Address":"10.0.0.1","Service":{"ID":"w2","Service":"web"}}""");
        (await watching).Dispose();
        // The answer is kept, and the subscription with it.
        using var cached = await _client.GetAsync("/v1/health/service/web?cached", _stop.Token);

        await UntilMetricsAsync(server, ["consul_server_isLeader 1", "consul_autopilot_healthy 1", "consul_autopilot_failure_tolerance 0", "consul_members_servers 1", "consul_members_clients 1", "consul_members_failed 0",
            "consul_state_service_instances 3", "consul_state_services 2", "consul_subscribe_feeds 1", "# TYPE consul_rpc_request counter", "# TYPE consul_raft_applied_index gauge"]);
        await UntilMetricsAsync(client, ["consul_client_known_servers 1", "# TYPE consul_client_rpc counter", "consul_service_views_count 1", "# TYPE consul_service_views_bytes gauge", "# TYPE consul_service_views_renderings counter",
            "# TYPE consul_service_views_subscriptions counter", "consul_members_servers 1", "# TYPE consul_api_http summary", "consul_api_http_count{method=\"PUT\",path=\"v1.catalog.register\"} 2"]);

        Assert.True((await client.ReloadAsync(client.Config with { Telemetry = client.Config.Telemetry with { PrefixFilter = ["-consul.members", "+consul.members.servers"] } })).IsOk);
        string filtered = await TextAsync("/v1/agent/metrics?format=prometheus");
        Assert.Contains("consul_members_servers", filtered);
        Assert.DoesNotContain("consul_members_clients", filtered);
    }

    private async Task UntilMetricsAsync(AgentHost host, string[] expected)
    {
        string[] missing;
        do
        {
            string shown = await _client.GetStringAsync(host.HttpAddresses[0] + "/v1/agent/metrics?format=prometheus", _stop.Token);
            missing = [.. expected.Where(line => !shown.Contains("\n" + line + "\n", StringComparison.Ordinal))];
            if (missing.Length > 0) await Task.Delay(20, _stop.Token);
        }
        while (missing.Length > 0);
    }

    [Fact]
    public async Task Where_servers_serve_no_subscriptions_or_none_are_wanted_services_are_waited_for_in_calls()
    {
        var server = await StartServerAsync(config => config with { EnableRpcStreaming = false });
        await StartClientAsync(server);
        await WatchInACallAsync(server);
    }

    [Fact]
    public async Task Without_the_streaming_backend_services_are_waited_for_in_calls()
    {
        var server = await StartServerAsync();
        await StartClientAsync(server, config => config with { UseStreamingBackend = false });
        await WatchInACallAsync(server);
        Assert.Equal(0, server.Feeds!.Evaluations);
    }

    // The settings of proxies come in the order of whoever wrote them.
    private static void AssertSame(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"{expected}\n{actual}");

    private async Task WatchInACallAsync(AgentHost server)
    {
        await PutAsync("/v1/catalog/register", """{"Node":"n1","Address":"10.0.0.1","Service":{"ID":"w1","Service":"web"}}""");
        var watching = _client.GetAsync($"/v1/health/service/web?index={await IndexAsync("/v1/health/service/web")}&wait=60s", _stop.Token);
        await Until(() => server.WaitingCalls!.WaiterCount == 1);
        await PutAsync("/v1/catalog/register", """{"Node":"n1","Address":"10.0.0.1","Service":{"ID":"w2","Service":"web"}}""");
        using var answer = await watching;
        Assert.Contains("\"w2\"", await answer.Content.ReadAsStringAsync(_stop.Token));
        Assert.Equal("blocking-query", Assert.Single(answer.Headers.GetValues("X-Consul-Query-Backend")));
        using var cached = await _client.GetAsync("/v1/health/service/web?cached", _stop.Token);
        Assert.Equal("MISS", Assert.Single(cached.Headers.GetValues("X-Cache")));
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

    private async Task<AgentHost> StartServerAsync(Func<AgentConfig, AgentConfig>? change = null)
    {
        var config = AgentConfig.Dev with { NodeName = "server", Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 } };
        var host = await StartAsync(change?.Invoke(config) ?? config);
        using var leads = new HttpClient { BaseAddress = new Uri(host.HttpAddresses[0]) };
        while ((await leads.GetStringAsync("/v1/status/leader", _stop.Token)).Trim().Length < 4) await Task.Delay(20, _stop.Token);
        return host;
    }

    private async Task<AgentHost> StartClientAsync(AgentHost? join, Func<AgentConfig, AgentConfig>? change = null)
    {
        var config = AgentConfig.Dev with
        {
            DevMode = false,
            Server = false,
            Bootstrap = false,
            NodeName = "client",
            DataDir = Path.Combine(_folder, "client"),
            Join = new JoinConfig { StartJoin = join is null ? [] : [$"127.0.0.1:{join.Identity.SerfLanPort}"] },
            Ports = new PortConfig { Http = FreePort(), Server = FreePort(), SerfLan = 0, SerfWan = 0 },
        };
        var host = await StartAsync(change?.Invoke(config) ?? config);
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
