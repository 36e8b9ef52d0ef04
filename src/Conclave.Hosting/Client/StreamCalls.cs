using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Conclave.Core;
using Conclave.Hosting.Streaming;
using Conclave.Http.Remote;
using Conclave.Node.Streaming;
using Conclave.Rpc;
using Conclave.Rpc.Grpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Client;

/// <summary>
/// Subscribes at servers: gRPC by the platform's HTTP/2 client, over connections to the server port that begin with the byte of their kind. All subscriptions at one server share a connection.
/// </summary>
internal sealed class StreamCalls : IServiceStreams, IAsyncDisposable
{
    private static readonly MediaTypeHeaderValue s_contentType = new("application/grpc");

    private readonly ServerDirectory _directory;
    private readonly StreamCallLimits _limits;
    private readonly string _datacenter;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly HttpMessageInvoker _http;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CancellationTokenSource> _servers = new(StringComparer.Ordinal);   // Guarded by _gate: ended when gossip loses the server.
    private readonly Task _following;

    public StreamCalls(ServerDirectory directory, StreamCallLimits limits, TimeSpan holdTime, string datacenter, TimeProvider time, ILogger log)
    {
        (_directory, _limits, HoldTime, _datacenter, _time, _log) = (directory, limits, holdTime, datacenter, time, log);
        _http = new HttpMessageInvoker(Connections());
        _following = FollowServersAsync();
    }

    /// <inheritdoc/>
    public int ServerCount => _directory.Servers.Count;

    /// <inheritdoc/>
    public TimeSpan HoldTime { get; }

    /// <inheritdoc/>
    public async ValueTask<StreamEnd> FollowAsync(SubscribeRequest request, IStreamReader reader, CancellationToken stop)
    {
        if (_stopping.IsCancellationRequested) return StreamEnd.Stopping;
        if (_directory.Servers is not [string server, ..]) return StreamEnd.Lost;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, PresenceOf(server), _stopping.Token);
        // Lost in this very moment: nobody would give up this subscription.
        if (!_directory.Servers.Contains(server)) return StreamEnd.Lost;
        StreamEnd ended;
        string reason = "";
        try
        {
            (ended, reason) = await FollowAsync(server, request with { Datacenter = _datacenter }, reader, end.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError is not HttpRequestError.ConnectionError)
        {
            // A server without subscriptions takes the connection and closes it.
            (ended, reason) = (StreamEnd.Refused, failure.Message);
        }
        catch (Exception failure) when (failure is not InvariantBrokenException)
        {
            // Whatever it was, it must not end the others: the subscription is made again.
            (ended, reason) = (StreamEnd.Lost, failure.Message);
        }
        if (_stopping.IsCancellationRequested) return StreamEnd.Stopping;
        if (stop.IsCancellationRequested || ended == StreamEnd.Reset) return ended;
        _directory.OnFailed(server);
        ClientLog.SubscriptionEnded(_log, request.Key, server, reason);
        return ended;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        _http.Dispose();
    }

    private async ValueTask<(StreamEnd End, string Reason)> FollowAsync(string server, SubscribeRequest request, IStreamReader reader, CancellationToken stop)
    {
        using var message = MessageOf(server, request);
        using var response = await AcceptedAsync(message, stop).ConfigureAwait(false);
        if (response is null) return (StreamEnd.Lost, "the server did not accept the subscription in time");
        if (response.StatusCode != HttpStatusCode.OK) return (StreamEnd.Refused, $"HTTP status {(int)response.StatusCode}");
        if (EndOf(response.Headers) is { } refusal) return refusal;
        reader.OnServed();
        using var messages = new GrpcMessages(await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false), StreamEventReader.MessageBytesMax);
        while (await messages.WaitAsync(stop).ConfigureAwait(false))
        {
            while (messages.TryNext(out var next))
                if (!reader.OnMessage(next)) return (StreamEnd.Refused, "the service is larger than what is kept of one");
            reader.OnDrained();
        }
        return EndOf(response.TrailingHeaders) ?? (StreamEnd.Lost, "the stream ended without a status");
    }

    // Null when the server took too long.
    private async ValueTask<HttpResponseMessage?> AcceptedAsync(HttpRequestMessage message, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(_limits.AcceptTimeout, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        try
        {
            return await _http.SendAsync(message, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static HttpRequestMessage MessageOf(string server, SubscribeRequest request)
    {
        using var writer = new ProtoWriter();
        int begun = GrpcFraming.Begin(writer);
        request.Write(writer);
        GrpcFraming.End(writer, begun);
        var content = new ByteArrayContent(writer.ToArray());
        content.Headers.ContentType = s_contentType;
        var message = new HttpRequestMessage(HttpMethod.Post, $"http://{server}{SubscribeRequest.MethodPath}") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        return message;
    }

    // Null when the headers bear no status: then messages follow.
    private static (StreamEnd End, string Reason)? EndOf(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("grpc-status", out var values) || !int.TryParse(values.First(), out int status)) return null;
        string reason = headers.TryGetValues("grpc-message", out var texts) ? Uri.UnescapeDataString(texts.First()) : "";
        var end = (GrpcStatus)status switch
        {
            GrpcStatus.Aborted => StreamEnd.Reset,
            GrpcStatus.Ok or GrpcStatus.Unavailable or GrpcStatus.Cancelled or GrpcStatus.DeadlineExceeded or GrpcStatus.Internal => StreamEnd.Lost,
            _ => StreamEnd.Refused,
        };
        return (end, $"{(GrpcStatus)status}: {reason}");
    }

    private SocketsHttpHandler Connections() => new()
    {
        ConnectCallback = DialAsync,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = _limits.DialTimeout,
        PooledConnectionIdleTimeout = _limits.IdleTimeout,
        KeepAlivePingDelay = _limits.PingInterval,
        KeepAlivePingTimeout = _limits.PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        EnableMultipleHttp2Connections = true,                 // for servers that allow few streams on one
        InitialHttp2StreamWindowSize = _limits.WindowBytes,
        MaxResponseHeadersLength = _limits.HeaderKilobytesMax,
        ActivityHeadersPropagator = null,
    };

    private static async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, stop).ConfigureAwait(false);
            await socket.SendAsync(new[] { (byte)ConnectionKind.Grpc }, stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private CancellationToken PresenceOf(string server)
    {
        lock (_gate)
        {
            if (!_servers.TryGetValue(server, out var presence)) _servers.Add(server, presence = new CancellationTokenSource());
            return presence.Token;
        }
    }

    // A server that gossip has lost may hang without closing its connections: its subscriptions are given up.
    private async Task FollowServersAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            var changed = _directory.NextChange;
            var known = _directory.Servers;
            var gone = new List<CancellationTokenSource>();
            lock (_gate)
            {
                foreach (var (server, presence) in _servers)
                    if (!known.Contains(server)) gone.Add(presence);
                foreach (string server in _servers.Keys)
                    if (!known.Contains(server)) _servers.Remove(server);
            }
            foreach (var presence in gone) await presence.CancelAsync().ConfigureAwait(false);
            try
            {
                await changed.WaitAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
