using System.Net;
using Conclave.Http.Blocking;
using Conclave.Http.Routing;
using Conclave.Http.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Http.Tests.Support;

/// <summary>The endpoints of the state behind real sockets, over a node in memory.</summary>
internal sealed class StateServer : IAsyncDisposable
{
    private readonly RunningFrontEnd _running;

    private StateServer(MemoryGateway gateway, ReadResponder reads, HttpFrontEnd frontEnd, RunningFrontEnd running)
    {
        Gateway = gateway;
        Reads = reads;
        FrontEnd = frontEnd;
        _running = running;
    }

    public MemoryGateway Gateway { get; }

    public ReadResponder Reads { get; }

    public HttpFrontEnd FrontEnd { get; }

    public HttpClient Client => _running.Client;

    public int Port => _running.Port;

    public HttpListenerHost Host => _running.Host;

    public static HttpFrontEnd Compose(MemoryGateway gateway, HttpOptions options, out ReadResponder reads)
    {
        reads = new ReadResponder(gateway);
        var router = new Router();
        HttpApi.MapState(router, reads, new FixedPools(), "1.10.11");
        return new HttpFrontEnd(options, router, NullLogger<HttpFrontEnd>.Instance);
    }

    public static async Task<StateServer> StartAsync(HttpOptions? options = null)
    {
        var gateway = new MemoryGateway();
        var frontEnd = Compose(gateway, options ?? new HttpOptions(), out var reads);
        var host = await HttpListenerHost.StartAsync(frontEnd, [HttpBinding.Tcp(IPAddress.Loopback, 0)], NullLoggerFactory.Instance, default);
        return new StateServer(gateway, reads, frontEnd, new RunningFrontEnd(host));
    }

    public Task<string> RawAsync(string text) => _running.RawAsync(text);

    public async Task PutAsync(string path, string body)
    {
        using var answer = await Client.PutAsync(path, new StringContent(body));
        answer.EnsureSuccessStatusCode();
    }

    public ValueTask DisposeAsync() => _running.DisposeAsync();
}
