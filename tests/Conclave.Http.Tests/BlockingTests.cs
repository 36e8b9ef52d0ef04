using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Http.Blocking;
using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class BlockingTests
{
    [Fact]
    public async Task A_read_with_the_current_index_waits_for_the_next_change()
    {
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/a", "1");
        var waiting = server.Client.GetAsync("/v1/kv/a?index=1&wait=60s");
        await Until(() => server.FrontEnd.Waits.Count == 1);
        await server.PutAsync("/v1/kv/other", "1");
        await server.PutAsync("/v1/kv/a", "2");
        using var answer = await waiting;
        Assert.Equal("3", Assert.Single(answer.Headers.GetValues("X-Consul-Index")));
        Assert.Contains("\"Value\":\"Mg==\"", await answer.Content.ReadAsStringAsync());
        await Until(() => server.Reads.Blocking.GroupCount == 0 && server.FrontEnd.Waits.Count == 0);
    }

    [Fact]
    public async Task An_older_index_is_answered_at_once()
    {
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/x", "1");
        await server.PutAsync("/v1/kv/a", "1");
        using var answer = await server.Client.GetAsync("/v1/kv/a?index=1&wait=60s");
        Assert.Equal("2", Assert.Single(answer.Headers.GetValues("X-Consul-Index")));
        Assert.Equal(0, server.Reads.Blocking.GroupCount);
    }

    [Fact]
    public async Task When_the_time_is_over_the_answer_has_the_same_index()
    {
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/a", "1");
        using var answer = await server.Client.GetAsync("/v1/kv/a?index=1&wait=30ms");
        Assert.Equal("1", Assert.Single(answer.Headers.GetValues("X-Consul-Index")));
        Assert.Contains("\"Value\":\"MQ==\"", await answer.Content.ReadAsStringAsync());
        Assert.Equal(0, server.Reads.Blocking.GroupCount);
    }

    [Fact]
    public async Task A_missing_key_is_awaited_and_its_end_is_a_404()
    {
        await using var server = await StateServer.StartAsync();
        var creation = server.Client.GetAsync("/v1/kv/a?index=1&wait=60s");
        await Until(() => server.FrontEnd.Waits.Count == 1);
        await server.PutAsync("/v1/kv/first", "1");
        await server.PutAsync("/v1/kv/a", "1");
        using var created = await creation;
        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        var removal = server.Client.GetAsync("/v1/kv/a?index=2&wait=60s");
        await Until(() => server.FrontEnd.Waits.Count == 1);
        using var deleted = await server.Client.DeleteAsync("/v1/kv/a");
        using var removed = await removal;
        Assert.Equal(HttpStatusCode.NotFound, removed.StatusCode);
        Assert.Equal("3", Assert.Single(removed.Headers.GetValues("X-Consul-Index")));
    }

    [Fact]
    public async Task Equal_questions_share_a_group_and_all_get_the_answer()
    {
        const int Clients = 100;
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/p/a", "1");
        var waiting = Enumerable.Range(0, Clients).Select(i => server.Client.GetStringAsync(i % 2 == 0 ? "/v1/kv/p/?recurse&index=1&wait=60s" : "/v1/kv/p/?wait=50s&index=1&recurse&stale")).ToArray();
        await Until(() => server.FrontEnd.Waits.Count == Clients);
        Assert.Equal(1, server.Reads.Blocking.GroupCount);
        await server.PutAsync("/v1/kv/p/b", "2");
        foreach (var body in await Task.WhenAll(waiting)) Assert.Contains("\"Key\":\"p/b\"", body);
        await Until(() => server.Reads.Blocking.GroupCount == 0);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_watch()
    {
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/a", "1");
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(IPAddress.Loopback, server.Port);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /v1/kv/a?index=1&wait=5m HTTP/1.1\r\nHost: x\r\n\r\n"));
            await Until(() => server.FrontEnd.Waits.Count == 1);
        }
        await Until(() => server.FrontEnd.Waits.Count == 0 && server.Reads.Blocking.GroupCount == 0);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_blocked_reads()
    {
        var server = await StateServer.StartAsync();
        var waiting = server.Client.GetAsync("/v1/kv/a?index=1&wait=5m");
        await Until(() => server.FrontEnd.Waits.Count == 1);
        var clock = Stopwatch.StartNew();
        await server.Host.StopAsync(TimeSpan.FromSeconds(30));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), "Stopping waited for the blocked read.");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => waiting);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Racing_writes_and_watches_never_miss_the_last_value()
    {
        const int Writes = 300, Watchers = 8;
        await using var server = await StateServer.StartAsync();
        await server.PutAsync("/v1/kv/a", "0");
        var watchers = Enumerable.Range(0, Watchers).Select(async i =>
        {
            // Different questions about one key, so that groups come and go while others live on.
            var (index, body) = (1UL, "");
            while (body != Writes.ToString())
            {
                using var answer = await server.Client.GetAsync($"/v1/kv/a?raw&x={i}&index={index}&wait=60s");
                index = ulong.Parse(answer.Headers.GetValues("X-Consul-Index").Single());
                body = await answer.Content.ReadAsStringAsync();
            }
        }).ToArray();
        for (var i = 1; i <= Writes; i++) await server.PutAsync("/v1/kv/a", i.ToString());
        await Task.WhenAll(watchers).WaitAsync(TimeSpan.FromSeconds(50));
        await Until(() => server.Reads.Blocking.GroupCount == 0);
    }

    [Fact]
    public async Task A_question_that_fails_is_an_answer_of_500_and_leaves_nothing()
    {
        var gateway = new MemoryGateway();
        var reads = new ReadResponder(gateway);
        await using var server = await RunningFrontEnd.StartAsync(router =>
        {
            HttpApi.MapState(router, reads, new FixedPools(), "1.10.11");
            router.Add("/v1/broken", Routing.HttpVerbs.Get, request =>
            {
                request.TryReadOptions(out var options);
                return reads.RespondAsync(request, new BrokenQuery(), options, ReadStyle.Plain);
            });
        });
        using var first = await server.Client.PutAsync("/v1/kv/a", new StringContent("1"));
        var waiting = server.Client.GetAsync("/v1/broken?index=1&wait=60s");
        await Until(() => reads.Blocking.GroupCount == 1);
        using var second = await server.Client.PutAsync("/v1/kv/a", new StringContent("2"));
        using var answer = await waiting;
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        using var again = await server.Client.GetAsync("/v1/broken?index=1&wait=60s");
        Assert.Equal(HttpStatusCode.InternalServerError, again.StatusCode);
        await Until(() => reads.Blocking.GroupCount == 0);
    }

    [Fact]
    public async Task A_change_is_looked_at_and_written_once_for_a_thousand_watchers()
    {
        const int Watchers = 1000;
        var reads = new ReadResponder(new MemoryGateway());
        var counts = new Counts();
        await using var server = await RunningFrontEnd.StartAsync(router =>
        {
            HttpApi.MapState(router, reads, new FixedPools(), "1.10.11");
            router.Add("/v1/counted", Routing.HttpVerbs.Get, request =>
            {
                request.TryReadOptions(out var options);
                return reads.RespondAsync(request, new CountedQuery(counts), options, ReadStyle.Plain);
            });
        }, new HttpOptions { ConnectionsPerClientMax = 0 });
        using var first = await server.Client.PutAsync("/v1/kv/a", new StringContent("1"));
        var waiting = Enumerable.Range(0, Watchers).Select(_ => server.Client.GetStringAsync("/v1/counted?index=1&wait=300s")).ToArray();
        await Until(() => server.FrontEnd!.Waits.Count == Watchers);
        Assert.Equal((1, 0), (counts.Runs, counts.Writes));
        using var other = await server.Client.PutAsync("/v1/kv/b", new StringContent("2"));
        using var second = await server.Client.PutAsync("/v1/kv/a", new StringContent("2"));
        await Task.WhenAll(waiting);
        Assert.Equal((2, 1), (counts.Runs, counts.Writes));
    }

    private sealed class Counts
    {
        public int Runs;
        public int Writes;
    }

    private sealed class CountedQuery(Counts counts) : ReadQuery
    {
        public override ulong Run(State.StateRoot root, State.WatchSet? watches)
        {
            Interlocked.Increment(ref counts.Runs);
            return root.KvGet("a"u8, watches, out _);
        }

        public override Rpc.Messages.QueryMeta Read(ReadOnlyMemory<byte> result) => throw new NotSupportedException();

        public override void Write(Json.JsonOut json)
        {
            Interlocked.Increment(ref counts.Writes);
            json.Null();
        }

        public override void Forget()
        {
        }

        protected override void OnCopied()
        {
        }
    }

    private sealed class BrokenQuery : ReadQuery
    {
        public override ulong Run(State.StateRoot root, State.WatchSet? watches)
        {
            var index = root.KvGet("a"u8, watches, out _);
            return index < 2 ? index : throw new InvalidOperationException("broken");
        }

        public override Rpc.Messages.QueryMeta Read(ReadOnlyMemory<byte> result) => throw new NotSupportedException();

        public override void Write(Json.JsonOut json) => json.Null();

        public override void Forget()
        {
        }

        protected override void OnCopied()
        {
        }
    }

    [Fact]
    public void Deadlines_come_due_in_order_and_departures_end_waits()
    {
        using var waits = new RequestWaits(new HttpOptions());
        using var departure = new CancellationTokenSource();
        var late = waits.StartUntil(CancellationToken.None, waits.DeadlineOf(TimeSpan.FromMinutes(1)));
        var early = waits.StartUntil(CancellationToken.None, waits.DeadlineOf(TimeSpan.FromMilliseconds(5)));
        var leaving = waits.StartUntil(departure.Token, waits.DeadlineOf(TimeSpan.FromMinutes(1)));
        departure.Cancel();
        Assert.Equal(WaitEnd.ClientGone, Outcome(leaving));
        Assert.Equal(WaitEnd.Deadline, Outcome(early));
        late.Wake();
        Assert.Equal(WaitEnd.Changed, Outcome(late));
        Assert.Equal(0, waits.Count);
    }

    [Fact]
    public void After_the_stop_nobody_waits()
    {
        using var waits = new RequestWaits(new HttpOptions());
        var waiting = waits.StartUntil(CancellationToken.None, waits.DeadlineOf(TimeSpan.FromMinutes(1)));
        waits.Stop();
        Assert.Equal(WaitEnd.Stopping, Outcome(waiting));
        Assert.Equal(WaitEnd.Stopping, Outcome(waits.StartUntil(CancellationToken.None, waits.DeadlineOf(TimeSpan.FromMinutes(1)))));
    }

    private static WaitEnd Outcome(Waiter waiter) => waiter.WaitAsync().AsTask().GetAwaiter().GetResult();

    private static async Task Until(Func<bool> holds)
    {
        for (var i = 0; i < 1000 && !holds(); i++) await Task.Delay(10);
        Assert.True(holds(), "The condition did not come true in ten seconds.");
    }
}
