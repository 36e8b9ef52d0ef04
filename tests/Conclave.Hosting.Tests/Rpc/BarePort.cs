using System.Net;
using System.Net.Sockets;
using Conclave.Hosting.Calls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>The real server port's listener with calls of a test's own.</summary>
internal sealed class BarePort : IAsyncDisposable
{
    private readonly ServerListener _port = new(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance);
    private int _accepted;

    public BarePort(RpcMethods methods)
    {
        Server = new RpcServer(methods, static () => 0, new RpcLimits(), TimeProvider.System, NullLogger.Instance);
        _port.Handle(Conclave.Rpc.ConnectionKind.Mux, new Handler((connection, stop) =>
        {
            Interlocked.Increment(ref _accepted);
            return Server.ServeMuxAsync(connection.Stream, stop, connection.Remote.Address);
        }));
        _port.Handle(Conclave.Rpc.ConnectionKind.SingleCalls, new Handler((connection, stop) => Server.ServeSingleAsync(connection.Stream, stop, connection.Remote.Address)));
        _port.Start();
    }

    public RpcServer Server { get; }

    /// <summary>Multiplexed connections so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    public string Address => _port.Address.ToString();

    public ValueTask DisposeAsync() => _port.DisposeAsync();

    private sealed class Handler(Func<ServerConnection, CancellationToken, Task> serve) : IServerConnectionHandler
    {
        public Task ServeAsync(ServerConnection connection, CancellationToken stop) => serve(connection, stop);
    }
}
