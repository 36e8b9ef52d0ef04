using System.Net;
using Conclave.Node;
using Conclave.Rpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// What a server offers to other servers and to client agents on its port, and how it reaches the others. The table of who serves which kind of connection is filled here.
/// </summary>
internal sealed class ServerPort : IAsyncDisposable
{
    private readonly ServerListener _listener;
    private readonly RaftTransport _transport;

    /// <summary>Binds the port and becomes the node's way to other servers.</summary>
    /// <param name="address">Where to listen.</param>
    /// <param name="node">The node; not started yet.</param>
    /// <param name="loggers">Where lines go.</param>
    /// <exception cref="IOException">The address is in use or not of this host.</exception>
    public ServerPort(IPEndPoint address, NodeRuntime node, ILoggerFactory loggers)
    {
        _listener = new ServerListener(address, loggers);
        _transport = new RaftTransport(node.Gateway.Identity, node.Inbox, loggers);
        node.Transport = _transport;
        Handle(ConnectionKind.Raft, _transport.Inbound);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => _listener.Address;

    /// <summary>Sets who serves a kind of connection. Before <see cref="Start"/>.</summary>
    public void Handle(ConnectionKind kind, IServerConnectionHandler handler) => _listener.Handle(kind, handler);

    /// <summary>Sets bounds of connections: <see cref="ServerListener.ConnectionsPerAddressMax"/>, <see cref="ServerListener.HandshakeTimeout"/>. At any time.</summary>
    public void Limit(int connectionsPerAddressMax, TimeSpan handshakeTimeout) => (_listener.ConnectionsPerAddressMax, _listener.HandshakeTimeout) = (connectionsPerAddressMax, handshakeTimeout);

    /// <summary>Begins to take connections. After the node has started.</summary>
    public void Start() => _listener.Start();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }
}
