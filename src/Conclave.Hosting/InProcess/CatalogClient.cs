using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>The catalog as it is stored: nodes, services and checks of the whole cluster, in process. Thread-safe. For the services of this process see <see cref="ServiceClient"/>.</summary>
/// <remarks>All calls throw <see cref="NodeUnavailableException"/> when no leader can be reached in time, and <see cref="ConclaveRequestException"/> when the cluster refuses.</remarks>
public sealed class CatalogClient
{
    private readonly INodeGateway _gateway;

    internal CatalogClient(INodeGateway gateway) => _gateway = gateway;

    /// <summary>Registers a node, a service instance and checks, as far as they are given.</summary>
    public async ValueTask RegisterAsync(RegisterRequest registration, CancellationToken stop = default) =>
        await _gateway.RunAsync(CommandCodec.Encode(registration), stop).ConfigureAwait(false);

    /// <summary>Removes a service instance, a check, or a whole node when neither is named.</summary>
    public async ValueTask DeregisterAsync(DeregisterRequest registration, CancellationToken stop = default) =>
        await _gateway.RunAsync(CommandCodec.Encode(registration), stop).ConfigureAwait(false);

    /// <summary>Lists the nodes.</summary>
    public async ValueTask<IReadOnlyList<NodeEntry>> NodesAsync(ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var nodes = new List<NodeEntry>();
        root.Nodes(null, null, nodes);
        return nodes;
    }

    /// <summary>Lists the names of all services, each with the tags of all its instances.</summary>
    public async ValueTask<IReadOnlyDictionary<string, SortedSet<string>>> ServicesAsync(ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var services = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        root.Services(null, null, services);
        return services;
    }

    /// <summary>Lists the service instances of a node; null when the node is unknown.</summary>
    public async ValueTask<IReadOnlyList<NodeService>?> NodeServicesAsync(string node, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var services = new List<NodeService>();
        root.NodeServices(node, null, out var found, services);
        return found is null ? null : services;
    }

    /// <summary>Lists the checks of a node.</summary>
    public async ValueTask<IReadOnlyList<HealthCheck>> NodeChecksAsync(string node, ReadMode mode = ReadMode.Default, CancellationToken stop = default)
    {
        var root = await _gateway.RootAsync(mode, stop).ConfigureAwait(false);
        var checks = new List<HealthCheck>();
        root.NodeChecks(node, null, checks);
        return checks;
    }
}
