using System.Net;
using Conclave.Http.Blocking;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Http.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Http.Tests.Remote;

/// <summary>Reads of an agent without a state of its own.</summary>
public sealed class RemoteReadTests : IAsyncLifetime
{
    private readonly ScriptedServers _servers = new();
    private HttpFrontEnd _frontEnd = null!;
    private RunningFrontEnd _running = null!;

    private HttpClient Client => _running.Client;

    public async ValueTask InitializeAsync()
    {
        var router = new Router();
        HttpApi.MapState(router, new ReadResponder(new MemoryGateway(), _servers), new FixedPools(), "1.10.11");
        _frontEnd = new HttpFrontEnd(new HttpOptions(), router, NullLogger<HttpFrontEnd>.Instance);
        _running = new RunningFrontEnd(await HttpListenerHost.StartAsync(_frontEnd, [HttpBinding.Tcp(IPAddress.Loopback, 0)], NullLoggerFactory.Instance, default));
    }

    public ValueTask DisposeAsync() => _running.DisposeAsync();

    [Fact]
    public async Task A_read_is_asked_of_the_servers_and_shown_as_a_server_shows_it()
    {
        var asking = Client.GetAsync("/v1/kv/a?stale");
        var call = await _servers.NextAsync();
        Assert.Equal(("KVS.Get", "a", true), (call.Method, System.Text.Encoding.UTF8.GetString(call.Arguments.Key), call.Arguments.Options.AllowStale));
        call.GiveKey("1", 7, lastContactNanoseconds: 12_000_000);
        using var answer = await asking;
        Assert.Equal(("7", "true", "12"), (Header(answer, "X-Consul-Index"), Header(answer, "X-Consul-KnownLeader"), Header(answer, "X-Consul-LastContact")));
        Assert.Equal("""[{"LockIndex":0,"Key":"a","Flags":0,"Value":"MQ==","CreateIndex":1,"ModifyIndex":7}]""", (await answer.Content.ReadAsStringAsync()).Trim());
    }

    [Fact]
    public async Task What_the_servers_refuse_is_the_answer_and_what_they_do_not_have_is_missing()
    {
        var refused = Client.GetAsync("/v1/kv/a");
        (await _servers.NextAsync()).Refuse("No cluster leader");
        using var answer = await refused;
        Assert.Equal((HttpStatusCode.InternalServerError, "No cluster leader"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));

        var missing = Client.GetAsync("/v1/kv/a");
        (await _servers.NextAsync()).GiveKey(null, 3);
        using var none = await missing;
        Assert.Equal((HttpStatusCode.NotFound, "3"), (none.StatusCode, Header(none, "X-Consul-Index")));
    }

    [Fact]
    public async Task A_stale_answer_that_is_too_old_is_asked_of_the_leader()
    {
        var asking = Client.GetAsync("/v1/kv/a?max_stale=1s");
        (await _servers.NextAsync()).GiveKey("old", 1, lastContactNanoseconds: 2_000_000_000);
        var again = await _servers.NextAsync();
        Assert.False(again.Arguments.Options.AllowStale);
        again.GiveKey("new", 2);
        using var answer = await asking;
        Assert.Equal("2", Header(answer, "X-Consul-Index"));
    }

    [Fact]
    public async Task Parameters_of_a_request_become_arguments_and_passing_is_judged_here()
    {
        var asking = Client.GetAsync("/v1/health/service/web?passing&tag=a&tag=b&near=_agent&node-meta=k:v&filter=Service.ID==web");
        var call = await _servers.NextAsync();
        var arguments = call.Arguments;
        Assert.Equal(("Health.ServiceNodes", "web", "Service.ID==web"), (call.Method, arguments.ServiceName, arguments.Options.Filter));
        Assert.True(arguments.TagFilter);
        Assert.Equal(["a", "b"], arguments.ServiceTags!);
        Assert.Equal("v", arguments.NodeMetaFilters!["k"]);
        Assert.Equal(new MemoryGateway().Identity.NodeName, arguments.SourceNode);
        call.GiveInstances(5, "n2", "x1", "n1");
        using var answer = await asking;
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(body.IndexOf("n2", StringComparison.Ordinal) < body.IndexOf("n1", StringComparison.Ordinal), "the servers' order stays");
        Assert.DoesNotContain("x1", body);
    }

    [Fact]
    public async Task Many_watchers_of_one_question_are_one_call()
    {
        var first = Client.GetAsync("/v1/health/service/web?index=5&wait=60s");
        var call = await _servers.NextAsync();
        Assert.Equal((5UL, 60_000_000_000), (call.Arguments.Options.MinQueryIndex, call.Arguments.Options.MaxQueryTimeNanoseconds));
        var others = Enumerable.Range(0, 100).Select(_ => Client.GetAsync("/v1/health/service/web?index=5&wait=60s")).ToArray();
        await Until(() => _frontEnd.Waits.Count == 101);
        call.GiveInstances(6, "n1");
        foreach (var watcher in others.Append(first))
        {
            using var answer = await watcher;
            Assert.Equal("6", Header(answer, "X-Consul-Index"));
        }
        Assert.Equal(1, _servers.Asked);
    }

    [Fact]
    public async Task The_call_ends_when_the_last_watcher_has_left()
    {
        using var leaving = new CancellationTokenSource();
        var watching = Client.GetAsync("/v1/kv/a?index=5&wait=60s", leaving.Token);
        var call = await _servers.NextAsync();
        Assert.False(call.Stop.IsCancellationRequested);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
        await Until(() => call.Stop.IsCancellationRequested);
    }

    [Fact]
    public async Task A_watcher_with_more_patience_outlives_the_call_of_one_with_less()
    {
        var hasty = Client.GetAsync("/v1/kv/a?index=5&wait=1s");
        var call = await _servers.NextAsync();
        var patient = Client.GetAsync("/v1/kv/a?index=5&wait=60s");
        await Until(() => _frontEnd.Waits.Count == 2);
        var since = System.Diagnostics.Stopwatch.StartNew();
        await Until(() => since.Elapsed > TimeSpan.FromSeconds(1));    // the hasty one's time, which the server would have waited
        call.GiveKey("1", 5);
        using var ended = await hasty;
        Assert.Equal("5", Header(ended, "X-Consul-Index"));
        (await _servers.NextAsync()).GiveKey("2", 6);
        using var changed = await patient;
        Assert.Equal("6", Header(changed, "X-Consul-Index"));
    }

    [Fact]
    public async Task A_cached_answer_is_asked_for_once_and_kept_current()
    {
        var first = Client.GetAsync("/v1/health/service/web?cached");
        (await _servers.NextAsync()).GiveInstances(5, "n1");
        using var missed = await first;
        Assert.Equal(("MISS", "5"), (Header(missed, "X-Cache"), Header(missed, "X-Consul-Index")));
        Assert.Null(missed.Headers.Age);

        var refresh = await _servers.NextAsync();
        Assert.Equal(5UL, refresh.Arguments.Options.MinQueryIndex);
        using var hit = await Client.GetAsync("/v1/health/service/web?cached");
        Assert.Equal(("HIT", TimeSpan.Zero), (Header(hit, "X-Cache"), hit.Headers.Age));

        var watching = Client.GetAsync("/v1/health/service/web?cached&index=5&wait=60s");
        await Until(() => _frontEnd.Waits.Count == 1);
        refresh.GiveInstances(6, "n1", "n2");
        using var changed = await watching;
        Assert.Equal("6", Header(changed, "X-Consul-Index"));
    }

    [Fact]
    public async Task Whoever_brings_an_answer_into_the_cache_has_missed_however_quick_the_servers_are()
    {
        _servers.AtOnce = static call =>
        {
            if (call.Arguments.Options.MinQueryIndex == 0) call.GiveInstances(5, "n1");
        };
        using var missed = await Client.GetAsync("/v1/health/service/web?cached");
        Assert.Equal("MISS", Header(missed, "X-Cache"));
        Assert.Null(missed.Headers.Age);
        using var hit = await Client.GetAsync("/v1/health/service/web?cached");
        Assert.Equal("HIT", Header(hit, "X-Cache"));
    }

    [Fact]
    public async Task A_cached_answer_outlives_the_servers_and_ages_from_then_on()
    {
        var first = Client.GetAsync("/v1/catalog/services?cached");
        (await _servers.NextAsync()).Answer.SetResult(new Http.Remote.ServerReply(Convert.FromHexString("82a5496e64657805a8536572766963657380"), null));
        using var missed = await first;
        (await _servers.NextAsync()).Refuse("No known Consul servers");
        await _servers.NextAsync();                                    // it tries again meanwhile
        using var kept = await Client.GetAsync("/v1/catalog/services?cached");
        Assert.Equal((HttpStatusCode.OK, "HIT"), (kept.StatusCode, Header(kept, "X-Cache")));
        Assert.NotNull(kept.Headers.Age);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/catalog/services?cached");
        request.Headers.Add("Cache-Control", "stale-if-error=0");
        using var tooOld = await Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.InternalServerError, "No known Consul servers"), (tooOld.StatusCode, await tooOld.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task An_answer_that_was_never_there_is_not_kept()
    {
        var first = Client.GetAsync("/v1/health/service/web?cached");
        (await _servers.NextAsync()).Refuse("No cluster leader");
        using var refused = await first;
        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        var second = Client.GetAsync("/v1/health/service/web?cached");
        (await _servers.NextAsync()).GiveInstances(5, "n1");
        using var answer = await second;
        Assert.Equal("MISS", Header(answer, "X-Cache"));
    }

    [Fact]
    public async Task An_archive_is_passed_on_with_what_stands_beside_it()
    {
        using var answer = await Client.GetAsync("/v1/snapshot");
        Assert.Equal(("9", "archive"), (Header(answer, "X-Consul-Index"), await answer.Content.ReadAsStringAsync()));
        using var refused = await Client.PutAsync("/v1/snapshot", new StringContent("not an archive"));
        Assert.Equal((HttpStatusCode.InternalServerError, "not an archive"), (refused.StatusCode, await refused.Content.ReadAsStringAsync()));
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    private static async Task Until(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
