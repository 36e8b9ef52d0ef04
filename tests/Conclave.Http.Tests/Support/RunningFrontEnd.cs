using System.Net;
using System.Net.Sockets;
using System.Text;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Http.Tests.Support;

/// <summary>A front end behind real sockets on a free port.</summary>
internal sealed class RunningFrontEnd(HttpListenerHost host) : IAsyncDisposable
{
    public HttpListenerHost Host { get; } = host;

    /// <summary>What is behind the sockets; null when the test made it itself.</summary>
    public HttpFrontEnd? FrontEnd { get; init; }

    public int Port => Host.Port;

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{host.Port}") };

    public static async Task<RunningFrontEnd> StartAsync(Action<Router> routes, HttpOptions? options = null)
    {
        var router = new Router();
        routes(router);
        var frontEnd = new HttpFrontEnd(options ?? new HttpOptions(), router, NullLogger<HttpFrontEnd>.Instance);
        return new(await HttpListenerHost.StartAsync(frontEnd, [HttpBinding.Tcp(IPAddress.Loopback, 0)], NullLoggerFactory.Instance, default)) { FrontEnd = frontEnd };
    }

    /// <summary>Sends raw bytes on a connection of their own and gives everything that comes back until the other side closes.</summary>
    public async Task<string> RawAsync(string text)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer);
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
    }
}
