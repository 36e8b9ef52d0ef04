using System.Globalization;
using Conclave.Node;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Conclave.Hosting.Streaming;

/// <summary>
/// Serves the connections to the server port that carry gRPC (first byte 8): HTTP/2 by the platform's web server, the calls by <see cref="SubscribeCalls"/>. The web server is made for the first
/// connection.
/// </summary>
internal sealed class GrpcServer : IServerConnectionHandler, IAsyncDisposable
{
    // Calls that are under way when the server stops; they are cut.
    private static readonly TimeSpan StopGrace = TimeSpan.FromMilliseconds(100);

    private const int FrameBytesMax = 16 * 1024;
    private const int HeaderBytesMax = 16 * 1024;
    private const int WindowBytes = 128 * 1024;

    private readonly HandedConnections _connections = new();
    private readonly SubscribeCalls _calls;
    private readonly StreamingLimits _limits;
    private readonly SemaphoreSlim _starting = new(1);
    private KestrelServer? _server;                                    // Set under _starting.
    private bool _isStopped;                                           // Set under _starting.
    private long _lastId;

    /// <param name="gateway">The node; subscriptions are answered from its own state.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="time">Timers.</param>
    /// <param name="log">Where lines go.</param>
    public GrpcServer(INodeGateway gateway, StreamingLimits limits, TimeProvider time, ILogger log)
    {
        _limits = limits;
        Feeds = new ServiceFeeds(gateway, limits, log);
        _calls = new SubscribeCalls(gateway, Feeds, limits, time, log);
    }

    /// <summary>What is subscribed to.</summary>
    public ServiceFeeds Feeds { get; }

    /// <inheritdoc/>
    public async Task ServeAsync(ServerConnection connection, CancellationToken stop)
    {
        if (!await TryStartAsync(stop).ConfigureAwait(false)) return;
        var handed = new HandedConnection(connection.Stream, connection.Remote, "grpc-" + Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture));
        if (!_connections.TryHand(handed)) return;
        await using var link = stop.UnsafeRegister(static handed => ((HandedConnection)handed!).Abort(new ConnectionAbortedException("the server stops")), handed).ConfigureAwait(false);
        await handed.Ended.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _starting.WaitAsync().ConfigureAwait(false);
        bool isFirst = !_isStopped;
        _isStopped = true;
        _starting.Release();
        if (!isFirst) return;
        if (_server is not { } server) return;
        using var grace = new CancellationTokenSource(StopGrace);
        await server.StopAsync(grace.Token).ConfigureAwait(false);
        server.Dispose();
    }

    private async ValueTask<bool> TryStartAsync(CancellationToken stop)
    {
        if (Volatile.Read(ref _server) is not null) return !_isStopped;
        await _starting.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            if (_isStopped) return false;
            if (_server is not null) return true;
            var server = new KestrelServer(Options.Create(Configure()), _connections, NullLoggerFactory.Instance);
            await server.StartAsync(_calls, stop).ConfigureAwait(false);
            Volatile.Write(ref _server, server);
            return true;
        }
        finally
        {
            _starting.Release();
        }
    }

    private KestrelServerOptions Configure()
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = new ServiceCollection().BuildServiceProvider() };
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;                              // one message is read, with a bound of its own
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;                             // subscriptions are quiet for hours
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.KeepAliveTimeout = Timeout.InfiniteTimeSpan;            // a client may keep an idle connection; it is asked whether it is alive
        limits.Http2.MaxStreamsPerConnection = _limits.StreamsPerConnectionMax;
        limits.Http2.MaxFrameSize = FrameBytesMax;
        limits.Http2.MaxRequestHeaderFieldSize = HeaderBytesMax;
        limits.Http2.InitialConnectionWindowSize = WindowBytes;
        limits.Http2.InitialStreamWindowSize = WindowBytes;
        limits.Http2.KeepAlivePingDelay = _limits.PingInterval;
        limits.Http2.KeepAlivePingTimeout = _limits.PingTimeout;
        kestrel.Listen(_connections.EndPoint, static listen => listen.Protocols = HttpProtocols.Http2);
        return kestrel;
    }
}
