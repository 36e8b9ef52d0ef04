using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>One client for each combination of transport settings that checks use. Connections are not kept between runs of HTTP checks: a check must see what a new client sees.</summary>
internal sealed class HttpClients : IDisposable
{
    private const int RedirectsMax = 10;
    private readonly ConcurrentDictionary<Key, HttpClient> _clients = new();

    public HttpClient For(CheckDefinition check) => _clients.GetOrAdd(new(check.TlsSkipVerify, check.TlsServerName, !check.DisableRedirects), Make);

    public void Dispose()
    {
        foreach (var client in _clients.Values) client.Dispose();
    }

    private static HttpClient Make(Key key)
    {
        var tls = new SslClientAuthenticationOptions();
        if (key.ServerName.Length > 0) tls.TargetHost = key.ServerName;
        if (key.SkipVerify) tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = key.FollowRedirects,
            MaxAutomaticRedirections = RedirectsMax,
            AutomaticDecompression = DecompressionMethods.GZip,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1),
            SslOptions = tls,
        };
        return new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private readonly record struct Key(bool SkipVerify, string ServerName, bool FollowRedirects);
}
