using System.Net;
using System.Net.Sockets;
using Conclave.Agent.Pools;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Integrity;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Conclave.Node.Integrity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting.Tests.Rpc;

/// <summary>A server port on loopback with the real RPC behind it, over a <see cref="FakeGateway"/>.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpClient> _accepted = [];
    private readonly List<Task> _running = [];
    private readonly Task _accepting;
    private readonly RpcServer _server;
    private readonly SnapshotServer _snapshots;

    public FakeServer(FakeCluster cluster, string name, ForwardLimits? limits = null, DigestTrail? digests = null, TimeProvider? waits = null)
    {
        Local = new FakeGateway(cluster, name);
        var rpc = new RpcLimits();
        Pool = new RpcPool(rpc, TimeProvider.System, NullLogger.Instance);
        Gateway = new ForwardingGateway(Local, Local.StatusChanged, Local.RootPublished, Pool, limits ?? new(), TimeProvider.System, Draining, _stop.Token);
        var methods = Methods = ServerCalls.Methods(Local, Reads = new RpcReads(Gateway, waits ?? TimeProvider.System), () => Pools, Pool, Draining);
        DigestComparison.AddTo(methods, () => digests);
        _server = new RpcServer(methods, () => Local.Root.LastIndex, rpc, TimeProvider.System, NullLogger.Instance);
        _snapshots = new SnapshotServer(Local, Gateway);
        _listener.Start();
        Address = _listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
    }

    public FakeGateway Local { get; }

    public Draining Draining { get; } = new();

    public ForwardingGateway Gateway { get; }

    public RpcReads Reads { get; }

    public RpcMethods Methods { get; }

    public RpcPool Pool { get; }

    public IAgentPools? Pools { get; set; }

    public string Address { get; }

    public int Connections { get; private set; }

    public ClusterStatus AsLeader(bool isItself) => new(isItself, Address, Local.Identity.NodeName, 2, []);

    /// <summary>Breaks every connection that others made.</summary>
    public void BreakConnections()
    {
        lock (_accepted)
        {
            foreach (var client in _accepted) client.Client.Close(0);
            _accepted.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        BreakConnections();
        await Pool.DisposeAsync();
        await _accepting;
        await Task.WhenAll(_running);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Connections++;
                lock (_accepted) _accepted.Add(client);
                _running.Add(ServeAsync(client));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await using var stream = client.GetStream();
        byte[] first = new byte[1];
        if (await stream.ReadAsync(first) == 0) return;
        if (first[0] == 5) await _snapshots.ServeAsync(stream, _stop.Token);
        else if (first[0] == 4) await _server.ServeMuxAsync(stream, _stop.Token);
        else await _server.ServeSingleAsync(stream, _stop.Token);
    }
}
