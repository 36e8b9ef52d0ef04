using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Conclave.Hosting.Client;
using Conclave.Hosting.Streaming;
using Conclave.Http.Remote;
using Conclave.Node;
using Conclave.Node.Streaming;
using Conclave.Rpc;
using Conclave.Rpc.Grpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>Subscriptions of this program's client agents at real server ports.</summary>
public sealed class StreamCallsTests : IAsyncLifetime
{
    private readonly GrpcPort _first = new(), _second = new();
    private readonly ServerDirectory _directory = new();
    private readonly Reader _reader = new();
    private StreamCalls _calls = null!;
    private IPEndPoint _firstAddress = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private GrpcPort Preferred => _directory.Servers[0] == _firstAddress.ToString() ? _first : _second;

    public ValueTask InitializeAsync()
    {
        _firstAddress = _first.Address;
        Know(_firstAddress, _second.Address);
        _calls = new StreamCalls(_directory, new StreamCallLimits(), TimeSpan.FromSeconds(7), "dc1", TimeProvider.System, NullLogger.Instance);
        foreach (var port in (GrpcPort[])[_first, _second]) port.Apply(Registrations.Service("n1", "web1"));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _calls.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task What_the_server_tells_fills_a_view()
    {
        var following = FollowAsync();
        Assert.Equal("11: web1", await _reader.NextAsync());
        Preferred.Apply(Registrations.Service("n2", "web2"));
        Assert.Equal("12: web1 web2", await _reader.NextAsync());
        Preferred.Apply(Registrations.Gone("n1"));
        Assert.Equal("13: web2", await _reader.NextAsync());
        Assert.False(following.IsCompleted);
    }

    [Fact]
    public async Task Many_subscriptions_share_a_connection_and_leave_nothing_at_the_server()
    {
        using var leaving = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 50).Select(_ => new Reader()).ToArray();
        var following = readers.Select((reader, i) => _calls.FollowAsync(Web() with { Key = "s" + i, Index = reader.View.Begin() }, reader, leaving.Token).AsTask()).ToArray();
        foreach (var reader in readers) Assert.Equal("11:", (await reader.NextAsync())[..3]);
        Assert.Equal(50, Preferred.Server.Feeds.Count);
        await leaving.CancelAsync();
        await Task.WhenAll(following);
        await Until(() => Preferred.Server.Feeds.Count == 0);
    }

    [Fact]
    public async Task A_server_that_is_gone_ends_the_subscription_and_the_next_one_goes_to_another()
    {
        var following = FollowAsync();
        await _reader.NextAsync();
        var lost = Preferred;
        await lost.StopAsync();
        Assert.Equal(StreamEnd.Lost, await following);
        Assert.NotSame(lost, Preferred);
        var again = FollowAsync();
        // This server has the same state: nothing is told twice, and what changes is told.
        await Until(() => Preferred.Server.Feeds.Count == 1);
        Preferred.Apply(Registrations.Service("n2", "web2"));
        Assert.Equal("12: web1 web2", await _reader.NextAsync());
        Assert.False(again.IsCompleted);
    }

    [Fact]
    public async Task A_restored_state_resets_the_subscription_and_the_server_stays_preferred()
    {
        var following = FollowAsync();
        await _reader.NextAsync();
        var server = Preferred;
        server.Cluster.SkipTo(20);
        server.Cluster.Restore(server.Node.CatchUp);
        Assert.Equal(StreamEnd.Reset, await following);
        Assert.Same(server, Preferred);
    }

    [Fact]
    public async Task A_server_that_gossip_has_lost_is_given_up_though_its_connection_stands()
    {
        var following = FollowAsync();
        await _reader.NextAsync();
        Know(Preferred == _first ? _second.Address : _first.Address);
        Assert.Equal(StreamEnd.Lost, await following);
    }

    [Fact]
    public async Task A_port_that_closes_connections_of_this_kind_refuses_and_one_that_is_not_there_is_lost()
    {
        var silent = new ServerListener(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance);
        silent.Start();
        Know(silent.Address);
        Assert.Equal(StreamEnd.Refused, await FollowAsync());
        await silent.DisposeAsync();
        Assert.Equal(StreamEnd.Lost, await FollowAsync());
        Know();
        Assert.Equal((StreamEnd.Lost, 0), (await FollowAsync(), _calls.ServerCount));
    }

    [Fact]
    public async Task What_a_server_does_not_serve_is_refused()
    {
        Assert.Equal(StreamEnd.Refused, await _calls.FollowAsync(Web() with { Namespace = "other" }, _reader, Stop));
        Assert.Equal(StreamEnd.Refused, await _calls.FollowAsync(Web() with { Topic = (StreamTopic)9 }, _reader, Stop));
    }

    [Fact]
    public async Task A_server_that_takes_a_connection_and_says_nothing_is_left()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Know((IPEndPoint)silent.LocalEndpoint);
        await using var hasty = new StreamCalls(_directory, new StreamCallLimits { AcceptTimeout = TimeSpan.FromMilliseconds(50) }, TimeSpan.FromSeconds(7), "dc1", TimeProvider.System, NullLogger.Instance);
        Assert.Equal(StreamEnd.Lost, await hasty.FollowAsync(Web(), _reader, Stop));
    }

    [Fact]
    public async Task A_reader_that_cannot_hold_more_ends_the_subscription_at_the_server_too()
    {
        _reader.Accepts = false;
        Assert.Equal(StreamEnd.Refused, await FollowAsync());
        await Until(() => _first.Server.Feeds.Count + _second.Server.Feeds.Count == 0);
    }

    [Fact]
    public async Task An_agent_that_stops_ends_its_subscriptions()
    {
        var following = FollowAsync();
        await _reader.NextAsync();
        await _calls.DisposeAsync();
        Assert.Equal(StreamEnd.Stopping, await following);
        Assert.Equal(StreamEnd.Stopping, await FollowAsync());
    }

    private Task<StreamEnd> FollowAsync() => _calls.FollowAsync(Web() with { Index = _reader.View.Begin() }, _reader, Stop).AsTask();

    private void Know(params IPEndPoint[] servers) => _directory.Update(Array.ConvertAll(servers, static server => ServerNamed(server)));

    private static ServerMember ServerNamed(IPEndPoint address) => new(address.ToString(), address.ToString(), address.ToString(), ServerMemberStatus.Alive);

    private static SubscribeRequest Web() => new() { Topic = StreamTopic.ServiceHealth, Key = "web" };

    private static async Task Until(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(5, Stop);
    }

    private sealed class Reader : IStreamReader
    {
        private readonly Channel<string> _shown = Channel.CreateUnbounded<string>();

        public ServiceView View { get; } = new(1 << 20);

        public bool Accepts { get; set; } = true;

        public async Task<string> NextAsync() => await _shown.Reader.ReadAsync(Stop);

        public void OnServed()
        {
            // The view says what is there.
        }

        public bool OnMessage(ReadOnlySpan<byte> message) => Accepts && View.Take(message) != ViewStep.TooLarge;

        public void OnDrained()
        {
            if (View.Index > 0 && View.Publish() is { } rows) _shown.Writer.TryWrite($"{rows.Index}:" + string.Concat(rows.Rows.Select(row => " " + row.Service.Id)));
        }
    }
}
