using System.Net;
using System.Text.Json;
using Conclave.Http.Endpoints.Agent;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests.Agent;

public sealed class AgentEndpointTests : IAsyncLifetime
{
    private readonly CoreAgent _agent = new();
    private readonly FixedControl _control = new();
    private RunningFrontEnd _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await RunningFrontEnd.StartAsync(router => new AgentEndpoints(_agent, _control, _control).Map(router));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_registration_with_explicit_nulls_gets_the_defaults()
    {
        await PutAsync("/v1/agent/service/register", """
            {"Name":"web","Id":"web-1","Address":"10.8.0.1","Port":9090,"Check":{"CheckID":null,"Name":null,"Args":null,"Interval":null,"TTL":"10s","HTTP":null,"TCP":null,"GRPC":null,
             "GRPCUseTLS":null,"Timeout":null,"Notes":null,"DeregisterCriticalServiceAfter":"30m","TLSSkipVerify":null,"Status":null,"SuccessBeforePassing":null,
             "FailuresBeforeCritical":null},"Checks":[],"Tags":["a"],"Meta":{"k":"v"},"EnableTagOverride":null,"Weights":null}

            """);
        using var service = await GetAsync("/v1/agent/service/web-1");
        Assert.Equal(9090, service.RootElement.GetProperty("Port").GetInt32());
        Assert.Equal(1, service.RootElement.GetProperty("Weights").GetProperty("Passing").GetInt32());
        using var checks = await GetAsync("/v1/agent/checks");
        Assert.Equal("ttl", checks.RootElement.GetProperty("service:web-1").GetProperty("Type").GetString());
    }

    [Theory]
    [InlineData("""{"Name":"web","Bogus":1}""", "Request decode failed: json: unknown field \"Bogus\"")]
    [InlineData("""{"Name":"web","Check":{"TTL":"1s","Bogus":1}}""", "Request decode failed: json: unknown field \"Bogus\"")]
    [InlineData("""{"Name":"web","Check":{"TTL":"soon"}}""", "Request decode failed: time: invalid duration \"soon\"")]
    [InlineData("", "Request decode failed: EOF")]
    public async Task Bodies_that_cannot_be_understood_are_refused(string body, string text)
    {
        using var answer = await SendAsync(HttpMethod.Put, "/v1/agent/service/register", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Members_that_the_java_client_adds_to_a_check_are_tolerated()
    {
        await PutAsync("/v1/agent/service/register", """{"Name":"web","Tags":["a"]}""");
        await PutAsync("/v1/agent/check/register", """{"ID":"c","Name":"c","Output":"x","ServiceTags":["b"],"ServiceID":"web","TTL":"15.0s"}""");
        using var checks = await GetAsync("/v1/agent/checks");
        Assert.Equal("a", checks.RootElement.GetProperty("c").GetProperty("ServiceTags")[0].GetString());
    }

    [Fact]
    public async Task Durations_are_texts_or_nanoseconds_and_names_of_any_case_or_snake_case()
    {
        await PutAsync("/v1/agent/check/register", """{"name":"a","INTERVAL":1500000000,"tcp":"127.0.0.1:1","timeout":"1m2.5s","failures_before_critical":3}""");
        using var checks = await GetAsync("/v1/agent/checks");
        Assert.Equal("1.5s", checks.RootElement.GetProperty("a").GetProperty("Interval").GetString());
        Assert.Equal("1m2.5s", checks.RootElement.GetProperty("a").GetProperty("Timeout").GetString());
    }

    [Fact]
    public async Task Ids_with_slashes_colons_and_blanks_are_one_id()
    {
        await PutAsync("/v1/agent/service/register", """{"Name":"db","ID":"pat8/pg1: x","Check":{"TTL":"10s"}}""");
        await PutAsync("/v1/agent/check/pass/service:pat8%2Fpg1:%20x?note=up", "");
        await PutAsync("/v1/agent/check/pass/service:pat8/pg1:%20x?note=up", "");
        using var checks = await GetAsync("/v1/agent/checks");
        Assert.Equal("up", checks.RootElement.GetProperty("service:pat8/pg1: x").GetProperty("Output").GetString());
        await PutAsync("/v1/agent/service/deregister/pat8/pg1:%20x", "");
        Assert.Null(_agent.GetService("pat8/pg1: x"));
    }

    [Fact]
    public async Task A_read_with_the_current_hash_waits_for_a_change()
    {
        await PutAsync("/v1/agent/service/register", """{"Name":"web","Port":1}""");
        string hash = _agent.GetService("web")!.ContentHash;
        var waiting = GetAsync($"/v1/agent/service/web?hash={hash}&wait=1m");
        while (_agent.Watches == 0) await Task.Delay(1);
        Assert.False(waiting.IsCompleted);
        await PutAsync("/v1/agent/service/register", """{"Name":"web","Port":2}""");
        using var changed = await waiting;
        Assert.Equal(2, changed.RootElement.GetProperty("Port").GetInt32());
        Assert.Equal(0, _agent.Watches);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_watch()
    {
        await PutAsync("/v1/agent/service/register", """{"Name":"web"}""");
        using var leave = new CancellationTokenSource();
        var waiting = _server.Client.GetAsync($"/v1/agent/service/web?hash={_agent.GetService("web")!.ContentHash}&wait=10m", leave.Token);
        while (_agent.Watches == 0) await Task.Delay(1);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        while (_agent.Watches != 0) await Task.Delay(1);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_watches()
    {
        await PutAsync("/v1/agent/service/register", """{"Name":"web"}""");
        var waiting = _server.Client.GetAsync($"/v1/agent/service/web?hash={_agent.GetService("web")!.ContentHash}&wait=10m");
        while (_agent.Watches == 0) await Task.Delay(1);
        await _server.Host.StopAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => waiting);
    }

    [Theory]
    [InlineData("pass", 200, "passing")]
    [InlineData("warn", 429, "warning")]
    [InlineData("fail", 503, "critical")]
    public async Task Health_is_a_status_code_for_load_balancers(string verb, int status, string text)
    {
        await PutAsync("/v1/agent/service/register", """{"Name":"web","Check":{"CheckID":"c","TTL":"10s"}}""");
        await PutAsync("/v1/agent/check/" + verb + "/c", "");
        foreach (string path in (string[])["name/web?format=text", "id/web?format=text"])
        {
            using var answer = await _server.Client.GetAsync("/v1/agent/health/service/" + path);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal(text, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Monitor_sends_each_line_at_once_and_ends_with_the_client()
    {
        using var leave = new CancellationTokenSource();
        using var answer = await _server.Client.GetAsync("/v1/agent/monitor?loglevel=warn", HttpCompletionOption.ResponseHeadersRead, leave.Token);
        var sink = await _control.Subscribed;
        Assert.Equal(Conclave.Agent.Configuration.LogLevels.Warn, _control.LevelAsked);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(leave.Token));
        foreach (string line in (string[])["first", "second"])
        {
            sink.OnLine(line);
            Assert.Equal(line, await reader.ReadLineAsync(leave.Token));
        }
        reader.Dispose();
        while (_control.IsSubscribed) await Task.Delay(1);
    }

    [Fact]
    public async Task Metrics_have_the_known_shape_and_a_form_for_prometheus()
    {
        using var json = await GetAsync("/v1/agent/metrics");
        Assert.Equal("1970-01-01 00:00:00 +0000 UTC", json.RootElement.GetProperty("Timestamp").GetString());
        Assert.Equal("GET", json.RootElement.GetProperty("Counters")[0].GetProperty("Labels").GetProperty("method").GetString());
        string text = await _server.Client.GetStringAsync("/v1/agent/metrics?format=prometheus");
        Assert.Equal(
            """
            # HELP consul_runtime_alloc_bytes consul_runtime_alloc_bytes
            # TYPE consul_runtime_alloc_bytes gauge
            consul_runtime_alloc_bytes 5
            # HELP consul_http_requests consul_http_requests
            # TYPE consul_http_requests counter
            consul_http_requests{method="GET"} 2
            # HELP consul_raft_commit consul_raft_commit
            # TYPE consul_raft_commit summary
            consul_raft_commit_sum 6
            consul_raft_commit_count 3

            """, text, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task Prometheus_is_refused_while_it_is_off()
    {
        var off = new FixedControl { IsPrometheusEnabled = false };
        await using var server = await RunningFrontEnd.StartAsync(router => new AgentEndpoints(_agent, off, off).Map(router));
        using var answer = await server.Client.GetAsync("/v1/agent/metrics?format=prometheus");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Theory]
    [InlineData("/v1/agent/join/10.0.0.1:8301?wan", "join 10.0.0.1:8301 True")]
    [InlineData("/v1/agent/join/10.0.0.1?wan=false", "join 10.0.0.1 False")]
    [InlineData("/v1/agent/force-leave/x?prune", "force-leave x True False")]
    [InlineData("/v1/agent/force-leave/x.dc1?wan", "force-leave x.dc1 False True")]
    public async Task Verbs_on_members_reach_the_agent_with_their_switches(string path, string text)
    {
        using var answer = await SendAsync(HttpMethod.Put, path, "");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Self_shows_configuration_member_coordinate_and_numbers()
    {
        using var self = await GetAsync("/v1/agent/self");
        Assert.Equal("node-1", self.RootElement.GetProperty("Member").GetProperty("Name").GetString());
        Assert.Equal(8, self.RootElement.GetProperty("Coord").GetProperty("Vec").GetArrayLength());
        Assert.Equal("0", self.RootElement.GetProperty("Stats").GetProperty("agent").GetProperty("checks").GetString());
        Assert.Equal("[1,2.5,true,null]", self.RootElement.GetProperty("DebugConfig").GetProperty("Ports").GetRawText());
        Assert.Equal("r1", self.RootElement.GetProperty("Meta").GetProperty("rack").GetString());
    }

    [Fact]
    public async Task A_proxy_keeps_its_settings_under_their_canonical_names()
    {
        await PutAsync("/v1/agent/service/register", """
            {"Kind":"connect-proxy","Name":"p","Port":1,"Proxy":{"destination_service_name":"web","Config":{"a":{"b":[1,2.5,"x",null,true]}},"Upstreams":[{"DestinationName":"db"}]}}
            """);
        using var service = await GetAsync("/v1/agent/service/p");
        var proxy = service.RootElement.GetProperty("Proxy");
        Assert.Equal("web", proxy.GetProperty("DestinationServiceName").GetString());
        Assert.Equal("""{"a":{"b":[1,2.5,"x",null,true]}}""", proxy.GetProperty("Config").GetRawText());
        Assert.Equal("{}", proxy.GetProperty("MeshGateway").GetRawText());
    }

    [Fact]
    public async Task Nesting_without_end_is_refused()
    {
        string deep = "{\"Kind\":\"connect-proxy\",\"Name\":\"p\",\"Proxy\":{\"Config\":" + string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5002);
        using var answer = await SendAsync(HttpMethod.Put, "/v1/agent/service/register", deep);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private async Task PutAsync(string path, string body)
    {
        using var answer = await SendAsync(HttpMethod.Put, path, body);
        Assert.Equal((HttpStatusCode.OK, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Null(answer.Content.Headers.ContentType);
    }

    private async Task<JsonDocument> GetAsync(string path) => JsonDocument.Parse(await _server.Client.GetStringAsync(path));

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string body) =>
        _server.Client.SendAsync(new HttpRequestMessage(method, path) { Content = new StringContent(body) });
}
