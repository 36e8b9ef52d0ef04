using System.Net;
using Conclave.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a node to a host with dependency injection.</summary>
public static class ConclaveServiceCollectionExtensions
{
    /// <summary>
    /// Adds a node that starts and stops with the host. <see cref="ClusterNode"/>, <see cref="KvClient"/>, <see cref="SessionClient"/>, <see cref="CatalogClient"/> and
    /// <see cref="ServiceClient"/> can be injected once the host has started. One node per container; for several use <see cref="ClusterNode.StartAsync"/>.
    /// </summary>
    /// <remarks>Wrong options stop the host's start with one exception that lists them all. When the node fails later, the host is stopped.</remarks>
    public static ConclaveBuilder AddConclave(this IServiceCollection services, Action<ClusterNodeOptions>? configure = null)
    {
        var options = new ClusterNodeOptions();
        configure?.Invoke(options);
        services.TryAddSingleton(options);
        services.TryAddSingleton<ConclaveService>();
        services.AddHostedService(static provider => provider.GetRequiredService<ConclaveService>());
        services.TryAddSingleton(static provider => provider.GetRequiredService<ConclaveService>().Node);
        services.TryAddSingleton(static provider => provider.GetRequiredService<ClusterNode>().Kv);
        services.TryAddSingleton(static provider => provider.GetRequiredService<ClusterNode>().Sessions);
        services.TryAddSingleton(static provider => provider.GetRequiredService<ClusterNode>().Catalog);
        services.TryAddSingleton(static provider => provider.GetRequiredService<ClusterNode>().Services);
        return new ConclaveBuilder(options);
    }
}

/// <summary>What an added node can be given besides its options.</summary>
public sealed class ConclaveBuilder
{
    private readonly ClusterNodeOptions _options;

    internal ConclaveBuilder(ClusterNodeOptions options) => _options = options;

    /// <summary>Opens the HTTP API at an address; may be called for several.</summary>
    public ConclaveBuilder AddHttpApi(IPAddress address, int port)
    {
        _options.HttpEndPoints.Add(new IPEndPoint(address, port));
        return this;
    }
}
