using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Conclave.Hosting.Streaming;

/// <summary>Gives the web server connections that somebody else accepted, instead of listening itself.</summary>
internal sealed class HandedConnections : IConnectionListenerFactory, IConnectionListener
{
    // Connections that the web server has not taken yet; it takes them at once, so this is never full for long.
    private const int WaitingMax = 1024;

    private readonly Channel<HandedConnection> _waiting = Channel.CreateBounded<HandedConnection>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });

    /// <inheritdoc/>
    public EndPoint EndPoint { get; } = new Nowhere();

    /// <summary>Hands a connection over; false when the web server takes none.</summary>
    public bool TryHand(HandedConnection connection) => _waiting.Writer.TryWrite(connection);

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            if (_waiting.Reader.TryRead(out var connection)) return connection;
        return null;
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out var connection)) await connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The address of no listener.</summary>
    private sealed class Nowhere : EndPoint
    {
        public override string ToString() => "handed-over";
    }
}
