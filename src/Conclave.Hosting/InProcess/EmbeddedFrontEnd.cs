using Conclave.Agent;
using Conclave.Agent.Events;
using Conclave.Hosting.Agent;
using Conclave.Http;
using Conclave.Http.Server;

namespace Conclave.Hosting;

/// <summary>The HTTP API of an embedded node.</summary>
internal sealed class EmbeddedFrontEnd : IAsyncDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromMilliseconds(500);

    private readonly AgentMetrics _metrics;
    private readonly HttpListenerHost _http;

    private EmbeddedFrontEnd(AgentMetrics metrics, HttpListenerHost http) => (_metrics, _http) = (metrics, http);

    /// <summary>Where it listens, as URLs.</summary>
    public IReadOnlyList<string> Addresses => _http.Addresses;

    /// <summary>Opens the listeners.</summary>
    /// <exception cref="IOException">An address is in use or not of this host.</exception>
    public static async Task<EmbeddedFrontEnd> StartAsync(ClusterNodeOptions options, AgentIdentity identity, NodeGateway gateway, AgentRuntime agent, CancellationToken stop)
    {
        var metrics = new AgentMetrics(identity.NodeName, "consul", gaugeHost: "", prometheus: false, options.TimeProvider);
        try
        {
            var events = new EventLog();
            var pools = AgentMembers.Alone(identity, new EventReceiver(identity.NodeName, agent, events));
            var control = new EmbeddedControl(identity, gateway, agent, pools, options);
            var frontEnd = HttpApi.Create(new HttpOptions(), gateway, agent, control, metrics, events, options.LoggerFactory);
            var bindings = options.HttpEndPoints.Select(static point => new HttpBinding(point, null, null)).ToList();
            return new EmbeddedFrontEnd(metrics, await HttpListenerHost.StartAsync(frontEnd, bindings, options.LoggerFactory, stop).ConfigureAwait(false));
        }
        catch
        {
            metrics.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _http.StopAsync(StopGrace).ConfigureAwait(false);
        await _http.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }
}
