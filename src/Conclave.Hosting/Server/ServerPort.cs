using System.Net;
using Conclave.Rpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// What a server offers to other servers and to client agents on its port. The table of who serves which kind of connection is filled here.
/// </summary>
internal sealed class ServerPort : IAsyncDisposable
{
    private readonly ServerListener _listener;

    /// <summary>Binds the port.</summary>
    /// <exception cref="IOException">The address is in use or not of this host.</exception>
    public ServerPort(IPEndPoint address, ILoggerFactory loggers) => _listener = new ServerListener(address, loggers);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => _listener.Address;

    /// <summary>Sets who serves a kind of connection. Before <see cref="Start"/>.</summary>
    public void Handle(ConnectionKind kind, IServerConnectionHandler handler) => _listener.Handle(kind, handler);

    /// <summary>Begins to take connections.</summary>
    public void Start() => _listener.Start();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _listener.DisposeAsync();
}
