using System.Text;
using Conclave.Http.Blocking;
using Conclave.Http.Requests;
using Conclave.Http.Routing;
using Conclave.Node;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Conclave.Http.Server;

/// <summary>
/// What stands between the transport and the endpoints: path rules, routing, methods, blocked paths, write permission, common headers and the last catch.
/// Works on any feature collection, so that tests and simulations call it without sockets.
/// </summary>
public sealed class HttpFrontEnd : IHttpApplication<ApiRequest>
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Router _router;
    private readonly ILogger _logger;
    private volatile Behaviour _behaviour;

    /// <summary>Composes a front end.</summary>
    /// <param name="options">How to behave; valid.</param>
    /// <param name="router">The routes; complete.</param>
    /// <param name="logger">For failures of the server's own making.</param>
    public HttpFrontEnd(HttpOptions options, Router router, ILogger<HttpFrontEnd> logger)
    {
        options.Validate();
        _behaviour = new Behaviour(options);
        Waits = new RequestWaits(options);
        _router = router;
        _logger = logger;
    }

    /// <summary>How this front end behaves.</summary>
    public HttpOptions Options => _behaviour.Options;

    /// <summary>
    /// Changes how it behaves, for requests that come from now on: headers, blocked endpoints, who may write, the use of the cache, the staleness of discovery and the number of connections of
    /// a client. Other options keep their values.
    /// </summary>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public void Reload(HttpOptions options)
    {
        options.Validate();
        _behaviour = new Behaviour(Options with
        {
            ResponseHeaders = options.ResponseHeaders,
            BlockEndpoints = options.BlockEndpoints,
            AllowWriteFrom = options.AllowWriteFrom,
            UseCache = options.UseCache,
            DiscoveryMaxStale = options.DiscoveryMaxStale,
            ConnectionsPerClientMax = options.ConnectionsPerClientMax,
        });
    }

    /// <summary>The requests that wait for something.</summary>
    public RequestWaits Waits { get; }

    /// <summary>Ends when the listeners are about to close: for answers that stream.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Subscriptions at servers out of which reads are answered; null without any.</summary>
    internal Remote.ServiceViews? Views { get; init; }

    /// <summary>How long requests take; null when nobody wants to know. Set before the first request.</summary>
    internal RequestTimes? Times { get; set; }

    internal void BeginStop()
    {
        _stopping.Cancel();
        Waits.Stop();
    }

    /// <inheritdoc/>
    public ApiRequest CreateContext(IFeatureCollection contextFeatures)
    {
        // The transport keeps one context per connection for us; only its first request allocates.
        var container = contextFeatures as IHostContextContainer<ApiRequest>;
        var request = container?.HostContext;
        if (request is null)
        {
            request = new ApiRequest(this);
            if (container is not null) container.HostContext = request;
        }
        request.Begin(contextFeatures);
        return request;
    }

    /// <inheritdoc/>
    public void DisposeContext(ApiRequest context, Exception? exception) => context.End();

    /// <inheritdoc/>
    public Task ProcessRequestAsync(ApiRequest context)
    {
        try
        {
            var pending = Dispatch(context);
            if (pending.IsCompletedSuccessfully)
            {
                pending.GetAwaiter().GetResult();
                Times?.Note(context);
                return Task.CompletedTask;
            }
            return Finish(context, pending);
        }
        catch (Exception failure)
        {
            return Finish(context, ValueTask.FromException(failure));
        }
    }

    private ValueTask Dispatch(ApiRequest request)
    {
        if (!request.TryDecodeTarget() || IsAmbiguous(request))
        {
            request.MarkBroken();
            return request.SendTextAsync(400, "400 Bad Request");
        }
        if (!Options.AllowUnprintablePaths && !PathText.IsPrintable(request.Path)) return request.SendEmptyAsync(400);
        if (!PathText.IsClean(request.Path)) return Redirect(request, PathText.Clean(request.Path));
        var match = _router.Match(request.Path);
        if (match.NeedsSlash) return Redirect(request, [.. request.Path, (byte)'/']);
        if (match.Route is null) return Root(request);
        request.SetRest(match.RestStart);
        request.Route = match.Route;
        return Invoke(request, match.Route);
    }

    // Chunked and with a length: somebody on the way may believe the other. The transport has set the length aside under this name.
    private static bool IsAmbiguous(ApiRequest request) => request.RequestHeaders.TransferEncoding.Count > 0 && request.RequestHeaders.ContainsKey("X-Content-Length");

    private ValueTask Invoke(ApiRequest request, Route route)
    {
        var headers = request.ResponseHeaders;
        headers.Vary = "Accept-Encoding";
        var behaviour = _behaviour;
        foreach (var (name, value) in behaviour.CommonHeaders) headers[name] = value;
        foreach (var prefix in behaviour.BlockedPrefixes)
            if (request.Path.StartsWith(prefix)) return request.SendTextAsync(403, "Endpoint is blocked by agent configuration");
        if (request.Verb == HttpVerbs.Options)
        {
            headers.Allow = route.Allow;
            return request.SendEmptyAsync();
        }
        if ((request.Verb & route.Verbs) == 0)
        {
            headers.Allow = route.Allow;
            return request.SendTextAsync(405, $"method {request.Method} not allowed");
        }
        if (request.Verb != HttpVerbs.Get && !MayWrite(request)) return request.SendTextAsync(403, "Access is restricted");
        if (!request.TryReadQuery()) return request.SendTextAsync(400, "Too many query parameters");
        return route.Handler(request);
    }

    private bool MayWrite(ApiRequest request)
    {
        var networks = Options.AllowWriteFrom;
        if (networks.Count == 0) return true;
        if (request.RemoteAddress is not { } address) return false;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var network in networks)
            if (network.Contains(address)) return true;
        return false;
    }

    private ValueTask Root(ApiRequest request)
    {
        if (request.Path.Length != 1) return request.SendEmptyAsync(404);
        if (Options.UiEnabled) return Redirect(request, "/ui/"u8.ToArray());
        return request.SendTextAsync(200, "Consul Agent: UI disabled. To enable, set ui_config.enabled=true in the agent configuration and restart.");
    }

    private static ValueTask Redirect(ApiRequest request, byte[] path)
    {
        var location = PathText.Escape(path);
        if (request.RawQuery.Length > 0) location += "?" + request.RawQuery.ToString();
        request.ResponseHeaders.Location = location;
        if (request.Verb is not (HttpVerbs.Get or HttpVerbs.Head)) return request.SendEmptyAsync(301);
        var link = location.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal);
        return request.SendAsync(301, "text/html; charset=utf-8", Encoding.UTF8.GetBytes($"<a href=\"{link}\">Moved Permanently</a>.\n\n"));
    }

    // The last catch: bad input that surfaced as an exception becomes a 4xx, our own failures a 500 with a line in the log.
    private async Task Finish(ApiRequest request, ValueTask pending)
    {
        try
        {
            await pending.ConfigureAwait(false);
            Times?.Note(request);
        }
        catch (RequestDecodeException refused)
        {
            await Answer(request, 400, refused.Message).ConfigureAwait(false);
        }
        catch (NodeUnavailableException unavailable)
        {
            request.ReleaseBody();
            if (request.HasStarted) request.MarkBroken();
            else await request.SendErrorAsync(unavailable.Message).ConfigureAwait(false);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException refused)
        {
            // Too slow, too long, cut off or malformed framing: the transport knows the status and closes the connection.
            request.MarkBroken();
            await Answer(request, refused.StatusCode, refused.StatusCode == 413 ? "Request body too large" : "Bad request").ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is ConnectionResetException or ConnectionAbortedException or OperationCanceledException)
        {
            // The client left in the middle: nobody to answer.
            request.MarkBroken();
        }
        catch (IOException)
        {
            // The transport's word for a chunk size beyond all numbers.
            request.MarkBroken();
            await Answer(request, 400, "Bad request").ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not Conclave.Core.InvariantBrokenException)
        {
            HttpLog.HandlerFailed(_logger, failure, request.Method, Encoding.UTF8.GetString(request.Path));
            await Answer(request, 500, "Internal error").ConfigureAwait(false);
        }
    }

    private static async Task Answer(ApiRequest request, int status, string text)
    {
        request.ReleaseBody();
        if (request.HasStarted) request.MarkBroken();
        else await request.SendTextAsync(status, text).ConfigureAwait(false);
    }

    // The options and what follows from them: replaced as one.
    private sealed class Behaviour
    {
        public Behaviour(HttpOptions options)
        {
            Options = options;
            BlockedPrefixes = [.. options.BlockEndpoints.Select(Encoding.UTF8.GetBytes)];
            var headers = new List<KeyValuePair<string, string>>();
            foreach (var header in options.ResponseHeaders) headers.Add(header);
            if (options.TranslateWanAddresses) headers.Add(new("X-Consul-Translate-Addresses", "true"));
            headers.Add(new("X-Consul-Default-ACL-Policy", options.DefaultAclPolicy));
            CommonHeaders = [.. headers];
        }

        public HttpOptions Options { get; }

        public byte[][] BlockedPrefixes { get; }

        public KeyValuePair<string, string>[] CommonHeaders { get; }
    }
}
