using System.Net;
using System.Text.Json;
using Conclave.Http.Blocking;
using Conclave.Http.Remote;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Conclave.Http.Tests.Support;
using Conclave.Node.Streaming;
using Conclave.Rpc.Grpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Http.Tests.Remote;

/// <summary>Services that subscriptions tell of, as clients see them.</summary>
public sealed class ServiceViewTests : IAsyncDisposable
{
    private readonly ScriptedServers _servers = new();
    private readonly ScriptedStreams _streams = new();
    private HttpFrontEnd _frontEnd = null!;
    private RunningFrontEnd? _running;
    private ReadResponder _reads = null!;

    private HttpClient Client => _running!.Client;

    public async ValueTask DisposeAsync()
    {
        if (_running is not null) await _running.DisposeAsync();
    }

    [Fact]
    public async Task Who_waits_gets_the_next_change_and_the_server_is_asked_nothing_else()
    {
        await StartAsync();
        var watching = GetAsync("/v1/health/service/web?index=11");
        var stream = await _streams.NextAsync();
        Assert.Equal((StreamTopic.ServiceHealth, "web", 0UL), (stream.Request.Topic, stream.Request.Key, stream.Request.Index));
        stream.Begin(11, "n1").Tell(12, "n2");
        using var answer = await watching;
        Assert.Equal("12 n1 n2", await ShownAsync(answer));
        Assert.Equal(("streaming", "true", "0", "leader"), (Header(answer, "X-Consul-Query-Backend"), Header(answer, "X-Consul-KnownLeader"), Header(answer, "X-Consul-LastContact"), Header(answer, "X-Consul-Effective-Consistency")));
        Assert.False(answer.Headers.Contains("X-Cache"));
        Assert.Equal(0, _servers.Asked);
    }

    [Fact]
    public async Task A_thousand_watchers_are_one_subscription_and_a_change_is_rendered_once()
    {
        await StartAsync();
        var watching = Enumerable.Range(0, 1000).Select(_ => GetAsync("/v1/health/service/web?index=11")).ToArray();
        var stream = (await _streams.NextAsync()).Begin(11, "n1");
        await Until(() => _frontEnd.Waits.Count == 1000);
        stream.Tell(12, "n2");
        foreach (var one in watching)
        {
            using var answer = await one;
            Assert.Equal("12 n1 n2", await ShownAsync(answer));
        }
        Assert.Equal((1, 1), (_reads.Views!.Subscriptions, _reads.Views.Renderings));
    }

    [Fact]
    public async Task Conditions_are_applied_here_and_each_question_gets_its_own_answer()
    {
        await StartAsync();
        (string Query, string Shown)[] asked =
        [
            ("index=11", "12 n1 n2 x3"), ("index=11&passing", "12 n1 n2"), ("index=11&tag=N2", "12 n2"), ("index=11&node-meta=of:x3", "12 x3"), ("index=11&filter=Node.Node!=n1", "12 n2 x3"), ("index=11&passing&tag=x3", "12"),
        ];
        var watching = asked.Select(one => GetAsync("/v1/health/service/web?" + one.Query)).ToArray();
        var stream = (await _streams.NextAsync()).Begin(11, "n1", "x3");
        await Until(() => _frontEnd.Waits.Count == asked.Length);
        stream.Tell(12, "n2");
        for (int i = 0; i < asked.Length; i++)
        {
            using var answer = await watching[i];
            Assert.Equal(asked[i].Shown, await ShownAsync(answer));
        }
        Assert.Equal((1, (long)asked.Length), (_reads.Views!.Subscriptions, _reads.Views.Renderings));
    }

    [Fact]
    public async Task Who_asks_for_distances_or_consistency_or_does_not_wait_asks_the_servers()
    {
        await StartAsync();
        foreach (string query in (string[])["index=3&near=n1", "index=3&consistent", "stale", "cached&near=_agent"])
        {
            var asking = GetAsync("/v1/health/service/web?" + query);
            (await _servers.NextAsync()).GiveInstances(7, "n1");
            using var answer = await asking;
            Assert.Equal(("7 n1", "blocking-query"), (await ShownAsync(answer), Header(answer, "X-Consul-Query-Backend")));
        }
        Assert.Equal(0, _streams.Open);
    }

    [Fact]
    public async Task Proxies_of_a_service_have_a_topic_of_their_own_and_tokens_subscriptions_of_their_own()
    {
        await StartAsync();
        var first = GetAsync("/v1/health/connect/web?index=1");
        var proxies = await _streams.NextAsync();
        Assert.Equal(StreamTopic.ServiceHealthConnect, proxies.Request.Topic);
        var second = GetAsync("/v1/health/service/web?index=1&token=secret");
        var secret = await _streams.NextAsync();
        Assert.Equal("secret", secret.Request.Token);
        proxies.Begin(5, "n1");
        secret.Begin(6, "n2");
        using var a = await first;
        using var b = await second;
        Assert.Equal(("5 n1", "6 n2"), (await ShownAsync(a), await ShownAsync(b)));
    }

    [Fact]
    public async Task The_cache_says_whether_it_had_the_answer_and_its_subscription_goes_on()
    {
        await StartAsync(new ViewLimits { Linger = TimeSpan.Zero });
        var asking = GetAsync("/v1/health/service/web?cached");
        var stream = (await _streams.NextAsync()).Begin(11, "n1");
        using var first = await asking;
        Assert.Equal(("11 n1", "MISS", false), (await ShownAsync(first), Header(first, "X-Cache"), first.Headers.Contains("Age")));
        using var second = await GetAsync("/v1/health/service/web?cached");
        Assert.Equal(("11 n1", "HIT", "0"), (await ShownAsync(second), Header(second, "X-Cache"), Header(second, "Age")));
        stream.Tell(12, "n2");
        using var third = await GetAsync("/v1/health/service/web?cached&index=11");
        Assert.Equal(("12 n1 n2", "HIT"), (await ShownAsync(third), Header(third, "X-Cache")));
        Assert.Equal((1, 1L), (_streams.Open, _reads.Views!.Subscriptions));
    }

    [Fact]
    public async Task A_view_that_nobody_has_asked_the_cache_for_any_more_ends()
    {
        await StartAsync(new ViewLimits { Linger = TimeSpan.Zero, CachedMax = TimeSpan.FromMilliseconds(1) });
        var asking = GetAsync("/v1/health/service/web?cached");
        (await _streams.NextAsync()).Begin(11, "n1");
        (await asking).Dispose();
        await Until(() => _streams.Open == 0 && _reads.Views!.Count == 0 && _reads.Views.Bytes == 0);
    }

    [Fact]
    public async Task The_subscription_ends_when_the_last_watcher_leaves()
    {
        await StartAsync(new ViewLimits { Linger = TimeSpan.FromHours(1) });
        using var leaving = new CancellationTokenSource();
        var first = Client.GetAsync("/v1/health/service/web?index=11", leaving.Token);
        var second = GetAsync("/v1/health/service/web?index=10");
        (await _streams.NextAsync()).Begin(10, "n1");
        await Until(() => _frontEnd.Waits.Count == 2);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Until(() => _frontEnd.Waits.Count == 1);
        Assert.Equal(1, _streams.Open);
        Client.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await Until(() => _streams.Open == 0);
        Assert.Equal(0, _reads.Views!.Count);
    }

    [Fact]
    public async Task A_lost_subscription_goes_on_at_another_server_and_watchers_notice_nothing()
    {
        await StartAsync();
        _streams.ServerCount = 2;
        var watching = GetAsync("/v1/health/service/web?index=11");
        var stream = (await _streams.NextAsync()).Begin(11, "n1");
        await Until(() => _frontEnd.Waits.Count == 1);
        stream.End(StreamEnd.Lost);
        (await _streams.NextAsync()).End(StreamEnd.Lost);
        var again = await _streams.NextAsync();
        Assert.Equal(11u, again.Request.Index);
        again.Reader.OnServed();
        again.Tell(12, "n2");
        using var answer = await watching;
        Assert.Equal("12 n1 n2", await ShownAsync(answer));
        Assert.Equal(0, _servers.Asked);
    }

    [Fact]
    public async Task Everything_told_anew_with_nothing_new_in_it_wakes_nobody_and_an_index_that_went_back_wakes_all()
    {
        await StartAsync();
        var watching = GetAsync("/v1/health/service/web?index=11");
        var stream = (await _streams.NextAsync()).Begin(11, "n1");
        await Until(() => _frontEnd.Waits.Count == 1);
        stream.End(StreamEnd.Lost);
        stream = (await _streams.NextAsync()).BeginAnew(11, "n1");
        Assert.Equal(1, _frontEnd.Waits.Count);
        stream.End(StreamEnd.Reset);
        stream = await _streams.NextAsync();
        Assert.Equal(0u, stream.Request.Index);
        stream.Begin(4, "n9");
        using var answer = await watching;
        Assert.Equal("4 n9", await ShownAsync(answer));
    }

    [Fact]
    public async Task When_no_server_serves_subscriptions_watchers_wait_in_calls_and_none_is_tried_again_for_a_while()
    {
        await StartAsync();
        var watching = GetAsync("/v1/health/service/web?index=11");
        (await _streams.NextAsync()).End(StreamEnd.Refused);
        var call = await _servers.NextAsync();
        Assert.Equal(11u, call.Arguments.Options.MinQueryIndex);
        call.GiveInstances(12, "n1");
        using var answer = await watching;
        Assert.Equal(("12 n1", "blocking-query"), (await ShownAsync(answer), Header(answer, "X-Consul-Query-Backend")));

        var cached = GetAsync("/v1/health/service/web?cached");
        (await _servers.NextAsync()).GiveInstances(12, "n1");
        using var found = await cached;
        Assert.Equal("12 n1", await ShownAsync(found));
        Assert.Equal(1, _reads.Views!.Subscriptions);
    }

    [Fact]
    public async Task When_subscriptions_stay_lost_beyond_the_hold_time_watchers_ask_the_servers_and_the_cache_grows_old()
    {
        await StartAsync();
        _streams.HoldTime = TimeSpan.Zero;
        var watching = GetAsync("/v1/health/service/web?index=11&cached");
        var stream = (await _streams.NextAsync()).Begin(11, "n1");
        await Until(() => _frontEnd.Waits.Count == 1);
        var plain = GetAsync("/v1/health/service/web?index=11");
        await Until(() => _frontEnd.Waits.Count == 2);
        stream.End(StreamEnd.Lost);
        (await _servers.NextAsync()).Refuse("No cluster leader");
        (await _servers.NextAsync()).Refuse("No cluster leader");
        using var a = await plain;
        using var b = await watching;
        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError), (a.StatusCode, b.StatusCode));
        using var old = await GetAsync("/v1/health/service/web?cached");
        Assert.Equal(("11 n1", "HIT", "false"), (await ShownAsync(old), Header(old, "X-Cache"), Header(old, "X-Consul-KnownLeader")));
        // A subscription that comes again is used again.
        (await _streams.NextAsync()).BeginAnew(12, "n2");
        using var fresh = await GetAsync("/v1/health/service/web?index=11");
        Assert.Equal("12 n2", await ShownAsync(fresh));
    }

    [Fact]
    public async Task A_server_that_says_nothing_holds_up_nobody_who_needs_a_first_answer()
    {
        await StartAsync(new ViewLimits { FirstAnswerMax = TimeSpan.FromMilliseconds(1) });
        var watching = GetAsync("/v1/health/service/web?index=11");
        (await _servers.NextAsync()).GiveInstances(12, "n1");
        using var answer = await watching;
        Assert.Equal("12 n1", await ShownAsync(answer));
    }

    [Fact]
    public async Task At_the_end_of_its_time_a_watcher_that_knows_more_than_the_view_is_told_what_the_servers_know()
    {
        await StartAsync();
        var behind = GetAsync("/v1/health/service/web?index=20&wait=10ms");
        (await _streams.NextAsync()).Begin(11, "n1");
        var call = await _servers.NextAsync();
        Assert.Equal(0u, call.Arguments.Options.MinQueryIndex);
        call.GiveInstances(21, "n1", "n2");
        using var answer = await behind;
        Assert.Equal("21 n1 n2", await ShownAsync(answer));
        using var same = await GetAsync("/v1/health/service/web?index=11&wait=10ms");
        Assert.Equal(("11 n1", "streaming"), (await ShownAsync(same), Header(same, "X-Consul-Query-Backend")));
    }

    [Fact]
    public async Task A_service_beyond_the_bound_is_waited_for_in_calls()
    {
        await StartAsync(new ViewLimits { ViewBytesMax = 1000 });
        var watching = GetAsync("/v1/health/service/web?index=11");
        (await _streams.NextAsync()).Begin(11, "n1", "n2", "n3");
        (await _servers.NextAsync()).GiveInstances(12, "n1");
        using var answer = await watching;
        Assert.Equal("12 n1", await ShownAsync(answer));
        Assert.Equal((0, 0L), (_streams.Open, _reads.Views!.Bytes));
    }

    [Fact]
    public async Task More_services_or_questions_than_there_may_be_are_waited_for_in_calls()
    {
        await StartAsync(new ViewLimits { ViewsMax = 1, QuestionsMax = 1 });
        var first = GetAsync("/v1/health/service/web?index=11");
        var stream = (await _streams.NextAsync()).Begin(11, "n1");
        await Until(() => _frontEnd.Waits.Count == 1);
        var service = GetAsync("/v1/health/service/other?index=11");
        (await _servers.NextAsync()).GiveInstances(12);
        var question = GetAsync("/v1/health/service/web?index=11&passing");
        (await _servers.NextAsync()).GiveInstances(12);
        (await service).Dispose();
        (await question).Dispose();
        stream.Tell(12, "n2");
        using var answer = await first;
        Assert.Equal("12 n1 n2", await ShownAsync(answer));
        Assert.Equal(1, _reads.Views!.Subscriptions);
    }

    private async Task StartAsync(ViewLimits? limits = null)
    {
        var router = new Router();
        _reads = new ReadResponder(new MemoryGateway(), _servers, _streams, limits ?? new ViewLimits { Linger = TimeSpan.FromHours(1) });
        HttpApi.MapState(router, _reads, new FixedPools(), "1.10.11");
        _frontEnd = new HttpFrontEnd(new HttpOptions { ConnectionsPerClientMax = 0 }, router, NullLogger<HttpFrontEnd>.Instance);
        _running = new RunningFrontEnd(await HttpListenerHost.StartAsync(_frontEnd, [HttpBinding.Tcp(IPAddress.Loopback, 0)], NullLoggerFactory.Instance, default));
    }

    private Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path, TestContext.Current.CancellationToken);

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    private static async Task<string> ShownAsync(HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        return string.Join(' ', [Header(answer, "X-Consul-Index"), .. json.RootElement.EnumerateArray().Select(row => row.GetProperty("Node").GetProperty("Node").GetString())]);
    }

    private static async Task Until(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
