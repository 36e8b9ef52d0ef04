using System.Net;
using Conclave.Hosting.Streaming;
using Conclave.Hosting.Tests.Rpc;
using Conclave.Rpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Streaming;

/// <summary>The real server port with subscriptions, over a node of a test's own.</summary>
internal sealed class GrpcPort : IAsyncDisposable
{
    private readonly ServerListener _port = new(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance);
    private bool _isStopped;

    public GrpcPort(StreamingLimits? limits = null)
    {
        Node = new FakeGateway(Cluster, "s1");
        Server = new GrpcServer(Node, limits ?? new(), TimeProvider.System, NullLogger.Instance);
        _port.Handle(ConnectionKind.Grpc, Server);
        _port.Start();
    }

    public FakeCluster Cluster { get; } = new();

    public FakeGateway Node { get; }

    public GrpcServer Server { get; }

    public IPEndPoint Address => _port.Address;

    public void Apply(byte[] command) => Cluster.Apply(command, Node.CatchUp);

    /// <summary>Ends subscriptions before the port, as an agent does.</summary>
    public async Task StopAsync()
    {
        _isStopped = true;
        await Server.DisposeAsync();
        await _port.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_isStopped) return;
        await _port.DisposeAsync();
        await Server.DisposeAsync();
    }
}
