using Conclave.Core.Model;
using Conclave.Hosting.Streaming;
using Conclave.Rpc.Grpc;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>Subscriptions over a real connection.</summary>
public sealed class SubscribeTests : IAsyncDisposable
{
    private readonly GrpcPort _port = new();

    public ValueTask DisposeAsync() => _port.DisposeAsync();

    [Fact]
    public async Task Proxies_are_told_to_those_who_ask_how_a_service_is_reached()
    {
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(Web() with { Topic = StreamTopic.ServiceHealthConnect });
        Assert.True((await stream.NextEventAsync()).IsEnd);
        _port.Apply(Registrations.Service("n1", "web1"));
        _port.Apply(Registrations.Proxy("n1", "p1", "web"));
        Assert.True(await stream.NextEventAsync() is { ServiceId: "p1", IsGone: false, Index: 12 });
        _port.Apply(Registrations.Gone("n1", "p1"));
        Assert.True(await stream.NextEventAsync() is { ServiceId: "p1", IsGone: true, Index: 13 });
    }

    [Fact]
    public async Task Who_has_seen_the_newest_index_goes_on_in_silence()
    {
        _port.Apply(Registrations.Service("n1", "web1"));
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(Web() with { Index = 11 });
        _port.Apply(Registrations.Service("n2", "web2"));
        Assert.True(await stream.NextEventAsync() is { Index: 12, Node: "n2", ServiceId: "web2" });
    }

    [Fact]
    public async Task Who_has_missed_changes_that_are_kept_gets_them_and_nothing_else()
    {
        _port.Apply(Registrations.Service("n1", "web1"));
        using var client = new GrpcClient(_port.Address);
        using var other = await client.SubscribeAsync(Web());
        Assert.True(await other.NextEventAsync() is { Index: 11 });
        Assert.True((await other.NextEventAsync()).IsEnd);
        _port.Apply(Registrations.Service("n2", "web2"));
        _port.Apply(Registrations.Gone("n1", "web1"));
        Assert.Equal(12u, (await other.NextEventAsync()).Index);
        Assert.Equal(13u, (await other.NextEventAsync()).Index);

        using var stream = await client.SubscribeAsync(Web() with { Index = 12 });
        Assert.True(await stream.NextEventAsync() is { Index: 13, IsGone: true, ServiceId: "web1" });
    }

    [Fact]
    public async Task Who_has_missed_changes_that_nobody_kept_is_told_everything_anew()
    {
        _port.Apply(Registrations.Service("n1", "web1"));
        _port.Apply(Registrations.Service("n2", "web2"));
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(Web() with { Index = 11 });
        Assert.True(await stream.NextEventAsync() is { IsNewSnapshot: true, Index: 0 });
        Assert.True(await stream.NextEventAsync() is { Index: 12, ServiceId: "web1" });
        Assert.True(await stream.NextEventAsync() is { Index: 12, ServiceId: "web2" });
        Assert.True(await stream.NextEventAsync() is { Index: 12, IsEnd: true });
    }

    [Fact]
    public async Task A_restored_state_ends_all_subscriptions_and_believes_no_index_from_before()
    {
        _port.Apply(Registrations.Service("n1", "web1"));
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(Web());
        Assert.Equal(11u, (await stream.NextEventAsync()).Index);
        _port.Cluster.SkipTo(20);
        _port.Cluster.Restore(_port.Node.CatchUp);
        Assert.Equal(GrpcStatus.Aborted, await stream.EndAsync());
        Assert.Equal("subscription closed by server, client must reset state and resubscribe", stream.Message);

        _port.Apply(Registrations.Service("n9", "web9"));
        using var again = await client.SubscribeAsync(Web() with { Index = 11 });
        Assert.True((await again.NextEventAsync()).IsNewSnapshot);
        Assert.True(await again.NextEventAsync() is { ServiceId: "web9", Index: 21 });
    }

    [Fact]
    public async Task A_service_that_dies_out_and_comes_back_is_told_both()
    {
        _port.Apply(Registrations.Service("n1", "web1"));
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(Web());
        Assert.Equal(11u, (await stream.NextEventAsync()).Index);
        Assert.True((await stream.NextEventAsync()).IsEnd);
        _port.Apply(Registrations.Gone("n1"));
        Assert.True(await stream.NextEventAsync() is { Index: 12, IsGone: true, Node: "n1", ServiceId: "web1" });
        _port.Apply(Registrations.Service("n1", "web1"));
        Assert.True(await stream.NextEventAsync() is { Index: 13, IsGone: false });
        _port.Apply(Registrations.NoCheck("n1", "c-web1"));
        Assert.True(await stream.NextEventAsync() is { Index: 14, IsGone: false, ServiceId: "web1" });
    }

    [Theory]
    [InlineData("dc9", "", "web", 1, GrpcStatus.Unknown, "No path to datacenter")]
    [InlineData("dc1", "team", "web", 1, GrpcStatus.InvalidArgument, "Namespaces are a Consul Enterprise feature")]
    [InlineData("", "default", "", 1, GrpcStatus.InvalidArgument, "Key is required")]
    [InlineData("", "", "web", 9, GrpcStatus.InvalidArgument, "unknown topic 9")]
    public async Task What_cannot_be_subscribed_to_is_refused_with_a_reason(string datacenter, string name, string key, int topic, GrpcStatus status, string message)
    {
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.SubscribeAsync(new SubscribeRequest { Datacenter = datacenter, Namespace = name, Key = key, Topic = (StreamTopic)topic });
        Assert.Equal(status, await stream.EndAsync());
        Assert.Equal(message, stream.Message);
    }

    [Theory]
    [InlineData("/subscribe.StateChangeSubscription/Nothing", "unknown method Nothing for service subscribe.StateChangeSubscription")]
    [InlineData("/other.Service/Call", "unknown service other.Service")]
    [InlineData("/nothing", "malformed method name: \"/nothing\"")]
    public async Task Other_methods_are_not_implemented(string path, string message)
    {
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.CallAsync(path, [0, 0, 0, 0, 0]);
        Assert.Equal(GrpcStatus.Unimplemented, await stream.EndAsync());
        Assert.Equal(message, stream.Message);
    }

    [Theory]
    [InlineData("00ffffffff")]                                         // 4 GiB
    [InlineData("0000010001")]                                         // one byte above the bound
    [InlineData("0100000000")]                                         // compressed
    [InlineData("0000000009")]                                         // ends before its message
    [InlineData("000000000312ff0f")]                                   // a text longer than its message
    [InlineData("")]
    public async Task Messages_that_break_the_form_end_their_call_and_nothing_else(string hex)
    {
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.CallAsync(SubscribeRequest.MethodPath, Convert.FromHexString(hex));
        Assert.Equal(GrpcStatus.Internal, await stream.EndAsync());
        Assert.NotEqual("internal error", stream.Message);
        using var next = await client.SubscribeAsync(Web());
        Assert.True((await next.NextEventAsync()).IsEnd);
    }

    [Fact]
    public async Task Requests_that_are_no_calls_are_refused_by_HTTP()
    {
        using var client = new GrpcClient(_port.Address);
        using var stream = await client.CallAsync(SubscribeRequest.MethodPath, [], "application/json");
        Assert.Equal(System.Net.HttpStatusCode.UnsupportedMediaType, stream.HttpStatus);
    }

    [Fact]
    public async Task A_subscriber_that_has_left_leaves_nothing_behind()
    {
        using var client = new GrpcClient(_port.Address);
        using (var stream = await client.SubscribeAsync(Web()))
        {
            Assert.True((await stream.NextEventAsync()).IsEnd);
            Assert.Equal(1, _port.Server.Feeds.Count);
        }
        await UntilAsync(() => _port.Server.Feeds.Count == 0);

        using var goesAway = new GrpcClient(_port.Address);
        using var cut = await goesAway.SubscribeAsync(Web());
        Assert.True((await cut.NextEventAsync()).IsEnd);
        goesAway.Break();
        await UntilAsync(() => _port.Server.Feeds.Count == 0);
    }

    [Fact]
    public async Task A_change_is_looked_at_and_written_once_for_a_thousand_subscribers()
    {
        _port.Apply(Registrations.Service("n1", "other1", "other"));
        _port.Apply(Registrations.Service("n1", "web1"));
        using var client = new GrpcClient(_port.Address);
        var streams = new List<GrpcStream>();
        for (int i = 0; i < 1000; i++) streams.Add(await client.SubscribeAsync(Web()));
        foreach (var stream in streams)
        {
            Assert.Equal(12u, (await stream.NextEventAsync()).Index);
            Assert.True((await stream.NextEventAsync()).IsEnd);
        }
        Assert.Equal((1, 1, 1), (_port.Server.Feeds.Count, _port.Server.Feeds.Evaluations, _port.Server.Feeds.Encodings));
        _port.Apply(Registrations.Service("n1", "web1", status: HealthStatus.Critical));
        foreach (var stream in streams) Assert.Equal(13u, (await stream.NextEventAsync()).Index);
        Assert.Equal((2, 2), (_port.Server.Feeds.Evaluations, _port.Server.Feeds.Encodings));
        // The name of the other service is there from the start: one that comes new parts from the names beside it, and who waits for a neighbour may look in vain then.
        _port.Apply(Registrations.Service("n1", "other1", "other", status: HealthStatus.Critical));
        _port.Apply(Registrations.Service("n1", "web1"));
        foreach (var stream in streams) Assert.Equal(15u, (await stream.NextEventAsync()).Index);
        Assert.Equal((3, 3), (_port.Server.Feeds.Evaluations, _port.Server.Feeds.Encodings));
        foreach (var stream in streams) stream.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_stops_does_not_wait_for_its_subscribers(bool portFirst)
    {
        var port = new GrpcPort();
        using var client = new GrpcClient(port.Address);
        using var stream = await client.SubscribeAsync(Web());
        Assert.True((await stream.NextEventAsync()).IsEnd);
        if (portFirst) await port.DisposeAsync();
        else await port.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => Assert.NotNull(await stream.NextAsync()));
        Assert.Equal(0, port.Server.Feeds.Count);
    }

    private static SubscribeRequest Web() => new() { Topic = StreamTopic.ServiceHealth, Key = "web" };

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds()) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
