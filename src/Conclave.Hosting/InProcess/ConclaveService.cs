using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting;

/// <summary>Ties a node to the life of its host.</summary>
internal sealed class ConclaveService(ClusterNodeOptions options, ILoggerFactory loggers, IHostApplicationLifetime lifetime) : IHostedService, IAsyncDisposable
{
    private ClusterNode? _node;
    private Task _guard = Task.CompletedTask;

    /// <summary>The running node.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it yet.</exception>
    public ClusterNode Node => _node ?? throw new InvalidOperationException("The node is not running yet: it starts with the host. Ask for it after that, for example in a hosted service that was added later.");

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.LoggerFactory is NullLoggerFactory) options.LoggerFactory = loggers;
        _node = await ClusterNode.StartAsync(options, cancellationToken).ConfigureAwait(false);
        _guard = StopHostOnFailureAsync(_node);
        await _node.WaitUntilReadyAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_node is null) return;
        await _node.DisposeAsync().ConfigureAwait(false);
        await _guard.ConfigureAwait(false);
    }

    // The reason is in the log already. A host that went on would serve from a node that does not follow the log any more.
    private async Task StopHostOnFailureAsync(ClusterNode node)
    {
        await Task.WhenAny(node.Failed, node.Stopped).ConfigureAwait(false);
        if (node.Failed.IsCompleted) lifetime.StopApplication();
    }
}
