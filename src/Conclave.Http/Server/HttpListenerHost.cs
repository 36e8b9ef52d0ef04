using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Conclave.Http.Server;

/// <summary>The listeners of one agent: Kestrel, set up by hand. Started once, stopped once.</summary>
public sealed class HttpListenerHost : IAsyncDisposable
{
    private const int HeaderCountMax = 256;
    private const int StreamsPerConnectionMax = 1024;   // One HTTP/2 client may hold all its watches on one connection.

    private readonly ServiceProvider _services;
    private readonly IServer _server;
    private readonly HttpFrontEnd _frontEnd;
    private readonly TlsHandshakes _handshakes;
    private readonly IReadOnlyList<HttpBinding> _bindings;
    private bool _stopped;

    private HttpListenerHost(ServiceProvider services, HttpFrontEnd frontEnd, IReadOnlyList<HttpBinding> bindings, TlsHandshakes handshakes)
    {
        _handshakes = handshakes;
        _services = services;
        _frontEnd = frontEnd;
        _bindings = bindings;
        _server = services.GetRequiredService<IServer>();
    }

    /// <summary>Where the listeners are, as URLs, in the order of the bindings; ports that were 0 are real ones.</summary>
    public IReadOnlyList<string> Addresses => [.. _server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];

    /// <summary>The port of the first TCP binding.</summary>
    public int Port => new Uri(Addresses.First(static a => !a.Contains("unix:", StringComparison.Ordinal))).Port;

    /// <summary>Connections that come from now on are shown this certificate; all HTTPS bindings share one. Without such a binding nothing changes.</summary>
    public void Use(HttpTls tls) => _handshakes.Use(tls);

    /// <summary>Opens the listeners.</summary>
    /// <param name="frontEnd">Who answers.</param>
    /// <param name="bindings">Where to listen; at least one.</param>
    /// <param name="loggers">For the web server's own lines.</param>
    /// <param name="stop">Gives up starting.</param>
    /// <exception cref="IOException">An address is in use or not ours; nothing is left open.</exception>
    public static async Task<HttpListenerHost> StartAsync(HttpFrontEnd frontEnd, IReadOnlyList<HttpBinding> bindings, ILoggerFactory loggers, CancellationToken stop)
    {
        var handshakes = new TlsHandshakes();
        if (bindings.FirstOrDefault(static binding => binding.Tls is not null) is { Tls: { } tls }) handshakes.Use(tls);
        var services = new ServiceCollection();
        services.AddSingleton(loggers);
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddOptions();
        services.AddMetrics();
        services.AddSingleton<DiagnosticSource>(new DiagnosticListener("Conclave.Http"));
        var kestrel = new KestrelServices(services);
        kestrel.UseKestrelCore();
        services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = frontEnd.Options.InlineScheduling);
        services.Configure<KestrelServerOptions>(options => Configure(options, frontEnd, bindings, handshakes, loggers.CreateLogger<HttpListenerHost>()));
        foreach (var binding in bindings)
            if (binding.UnixPath is { } path) File.Delete(path);
        var host = new HttpListenerHost(services.BuildServiceProvider(), frontEnd, bindings, handshakes);
        try
        {
            await host._server.StartAsync(frontEnd, stop).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the listeners. Blocked reads end at once; other requests get <paramref name="grace"/> to finish, then their connections are cut.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (_stopped) return;
        _stopped = true;
        _frontEnd.BeginStop();
        using var limit = new CancellationTokenSource(grace);
        await _server.StopAsync(limit.Token).ConfigureAwait(false);
        foreach (var binding in _bindings)
            if (binding.UnixPath is { } path) File.Delete(path);
    }

    /// <summary>Cuts everything that is still open.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        await _services.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions kestrel, HttpFrontEnd frontEnd, IReadOnlyList<HttpBinding> bindings, TlsHandshakes handshakes, ILogger logger)
    {
        var options = frontEnd.Options;
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;   // Endpoints count what they read, each against its own limit.
        limits.MaxRequestLineSize = options.RequestLineBytesMax;
        limits.MaxRequestHeadersTotalSize = options.HeaderBytesMax;
        limits.MaxRequestHeaderCount = HeaderCountMax;
        limits.RequestHeadersTimeout = options.HeaderTimeout;
        limits.KeepAliveTimeout = options.KeepAliveTimeout;
        limits.Http2.MaxStreamsPerConnection = StreamsPerConnectionMax;
        var perClient = new ConnectionsPerClient(() => frontEnd.Options.ConnectionsPerClientMax, logger);
        foreach (var binding in bindings)
        {
            if (binding.UnixPath is { } path) kestrel.ListenUnixSocket(path, listen => Configure(listen, binding, perClient, handshakes));
            else kestrel.Listen(binding.EndPoint!, listen => Configure(listen, binding, perClient, handshakes));
        }
    }

    private static void Configure(ListenOptions listen, HttpBinding binding, ConnectionsPerClient perClient, TlsHandshakes handshakes)
    {
        var isTls = binding.Tls is not null;
        listen.Protocols = isTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
        listen.Use(next => perClient.Around(next, isTls));
        if (isTls) listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(handshakes.Options) });
    }
}
