using System.Net;
using System.Net.Sockets;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Tests.Rpc;
using Conclave.Rpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Tests.Server;

/// <summary>What becomes of connections to the server port before anybody serves them.</summary>
public sealed class ServerListenerTests : IAsyncDisposable
{
    private readonly Lines _lines = new();
    private readonly ServerListener _port;
    private readonly TaskCompletionSource _release = new();

    public ServerListenerTests()
    {
        _port = new ServerListener(new IPEndPoint(IPAddress.Loopback, 0), _lines);
        _port.Handle(ConnectionKind.Mux, new Waiting(_release.Task));
        _port.Handle(ConnectionKind.Raft, new Waiting(_release.Task));
        _port.Start();
    }

    public async ValueTask DisposeAsync()
    {
        _release.TrySetResult();
        await _port.DisposeAsync();
    }

    [Theory]
    [InlineData(2, "unrecognized RPC byte: byte=2")]
    [InlineData(6, "unrecognized RPC byte: byte=6")]
    [InlineData(99, "unrecognized RPC byte: byte=99")]
    [InlineData(3, "TLS connection attempted, server not configured for TLS")]
    [InlineData(7, "TLS connection attempted, server not configured for TLS")]
    [InlineData(0x16, "TLS connection attempted, server not configured for TLS")]
    [InlineData(8, "GRPC conn opened but GRPC is not enabled, closing")]
    public async Task What_is_not_served_is_closed_and_a_line_says_why(byte first, string line)
    {
        using var client = await ConnectAsync(first);
        Assert.True(await IsClosedAsync(client));
        Assert.Contains(_lines.All, logged => logged.StartsWith(line, StringComparison.Ordinal) && logged.Contains("conn=from=127.0.0.1:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_connections_that_mean_nothing_do_not_fill_the_log()
    {
        for (int i = 0; i < 100; i++)
        {
            using var client = await ConnectAsync(99);
            Assert.True(await IsClosedAsync(client));
        }
        Assert.InRange(_lines.All.Count, 20, 60);
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_closed_when_its_time_is_over()
    {
        _port.HandshakeTimeout = TimeSpan.FromMilliseconds(20);
        using var silent = await ConnectAsync();
        Assert.True(await IsClosedAsync(silent));
    }

    [Fact]
    public async Task An_address_has_its_number_of_connections_and_the_Raft_transport_is_not_counted()
    {
        _port.ConnectionsPerAddressMax = 2;
        using var one = await ConnectAsync(4);
        Assert.False(await HasEndedAsync(one));
        using var two = await ConnectAsync(4);
        Assert.False(await HasEndedAsync(two));
        using var tooMany = await ConnectAsync(4);
        Assert.True(await IsClosedAsync(tooMany));
        Assert.Contains(_lines.All, logged => logged.StartsWith("rejecting RPC connection because rpc_max_conns_per_client was exceeded", StringComparison.Ordinal));
        using var raft = await ConnectAsync(1);
        Assert.False(await HasEndedAsync(raft));
    }

    [Fact]
    public async Task Calls_above_the_rate_are_refused_and_those_that_servers_send_on_are_not_counted()
    {
        var methods = new RpcMethods();
        methods.Add("Test.Ping", (_, result) =>
        {
            result.GetSpan(1)[0] = 0x80;
            result.Advance(1);
            return new((string?)null);
        });
        await using var port = new BarePort(methods);
        port.Server.Rates.Configure(perSecond: 1e-9, burst: 2);
        await using var client = await RawCallClient.ConnectAsync(port.Address, single: true);
        Assert.Equal("", await client.ErrorOfAsync("Test.Ping"));
        Assert.Equal("", await client.ErrorOfAsync("Test.Ping"));
        Assert.Equal("RPC rate limit exceeded", await client.ErrorOfAsync("Test.Ping"));
        port.Server.Rates.Configure(perSecond: -1, burst: 2);
        Assert.Equal("", await client.ErrorOfAsync("Test.Ping"));
    }

    [Fact]
    public void A_rate_is_kept_for_each_address_and_comes_back_with_time()
    {
        var time = new StillTime();
        var rates = new CallRates(time);
        rates.Configure(perSecond: 10, burst: 3);
        IPAddress a = IPAddress.Parse("10.0.0.1"), b = IPAddress.Parse("10.0.0.2");
        Assert.True(rates.TryTake(a) && rates.TryTake(a) && rates.TryTake(a));
        Assert.False(rates.TryTake(a));
        Assert.True(rates.TryTake(b));
        time.Now += TimeSpan.FromMilliseconds(200).Ticks;
        Assert.True(rates.TryTake(a) && rates.TryTake(a));
        Assert.False(rates.TryTake(a));
        time.Now += TimeSpan.FromHours(1).Ticks;
        Assert.True(rates.TryTake(a) && rates.TryTake(a) && rates.TryTake(a));
        Assert.False(rates.TryTake(a));
    }

    private async Task<Socket> ConnectAsync(params byte[] first)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_port.Address, TestContext.Current.CancellationToken);
        if (first.Length > 0) await socket.SendAsync(first, TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    // What is served is told so with one byte.
    private static async Task<bool> HasEndedAsync(Socket socket) => await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken) == 0;

    private sealed class Waiting(Task end) : IServerConnectionHandler
    {
        public async Task ServeAsync(ServerConnection connection, CancellationToken stop)
        {
            await connection.Stream.WriteAsync(new byte[] { 1 }, stop);
            await end.WaitAsync(stop);
        }
    }

    private sealed class StillTime : TimeProvider
    {
        public long Now { get; set; } = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }

    private sealed class Lines : ILoggerFactory, ILogger
    {
        private readonly List<string> _lines = [];

        public List<string> All
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
            // Nothing is held.
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            lock (_lines) _lines.Add(formatter(state, exception));
        }
    }
}
