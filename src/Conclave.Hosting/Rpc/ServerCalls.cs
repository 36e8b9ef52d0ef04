using Conclave.Agent.Pools;
using Conclave.Hosting.Integrity;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Conclave.Rpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Calls;

/// <summary>All of one server's calls: those that others make here, and those it makes to the leader.</summary>
internal sealed class ServerCalls : IAsyncDisposable
{
    private static readonly byte[] s_peers = "Status.Peers"u8.ToArray(), s_noArguments = [0x80];

    private readonly CancellationTokenSource _ending;
    private readonly RpcPool _pool;
    private readonly RpcServer _server;
    private readonly SnapshotServer _snapshots;
    private readonly ConnectionsPerAddress _connections;
    private readonly DigestComparison _comparison;
    private bool _knewLeader;                                          // the node's loop's

    /// <param name="node">The node. It must not hold requests itself.</param>
    /// <param name="holdTime">How long requests wait for a leader.</param>
    /// <param name="connectionsPerAddressMax">Connections that one address may have; 0 for no limit.</param>
    /// <param name="time">Clocks and timers.</param>
    /// <param name="loggers">Where lines go.</param>
    public ServerCalls(NodeGateway node, TimeSpan holdTime, int connectionsPerAddressMax, TimeProvider time, ILoggerFactory loggers)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(Draining.Begun);
        var log = loggers.CreateLogger("agent.server.rpc");
        var limits = new RpcLimits();
        Pulse statusChanged = new(), rootPublished = new();
        node.StatusChanged += statusChanged.Fire;
        node.RootPublished += rootPublished.Fire;
        _pool = new RpcPool(limits, time, log);
        node.StatusChanged += () => OnStatusChanged(node.Status.KnownLeader);
        _connections = new ConnectionsPerAddress(connectionsPerAddressMax);
        Gateway = new ForwardingGateway(node, statusChanged, rootPublished, _pool, new ForwardLimits { HoldTime = holdTime }, time, Draining, _ending.Token);
        var methods = Methods(node, Gateway, () => Pools, _pool, Draining, time);
        DigestComparison.AddTo(methods, () => node.Digests);
        _server = new RpcServer(methods, () => node.Root.LastIndex, limits, time, log);
        _snapshots = new SnapshotServer(node, Gateway);
        _comparison = new DigestComparison(node, () => node.Digests, _pool, time, loggers.CreateLogger("agent.server.raft"));
    }

    /// <summary>Whether requests are still taken.</summary>
    public Draining Draining { get; } = new();

    /// <summary>The node as front ends see it, wherever the leader is.</summary>
    public ForwardingGateway Gateway { get; }

    /// <summary>The gossip pools, once they are open.</summary>
    public IAgentPools? Pools { get; set; }

    /// <summary>Most connections of one address from now on; 0 for no limit.</summary>
    public void LimitConnections(int perAddressMax) => _connections.Limit(perAddressMax);

    /// <summary>Takes the kinds of connections that carry calls.</summary>
    public void AddTo(ServerPort port)
    {
        port.Handle(ConnectionKind.Mux, new Handler(_connections, _server.ServeMuxAsync));
        port.Handle(ConnectionKind.SingleCalls, new Handler(_connections, _server.ServeSingleAsync));
        port.Handle(ConnectionKind.Snapshot, new Handler(_connections, _snapshots.ServeAsync));
    }

    /// <summary>The Raft peers that another server has, or why it does not say.</summary>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public async ValueTask<(IReadOnlyList<string>? Peers, string Error)> PeersOfAsync(string address, CancellationToken stop)
    {
        try
        {
            using var outcome = await _pool.CallAsync(address, s_peers, isForwarded: false, s_noArguments, stop).ConfigureAwait(false);
            return outcome.End == RpcEnd.Result ? (ReadTexts(outcome.Result), "") : (null, outcome.Text);
        }
        catch (Conclave.Core.Codec.MsgPackException malformed)
        {
            return (null, malformed.Message);
        }
    }

    // Who loses its leader may be cut off. On the node's loop.
    private void OnStatusChanged(bool knowsLeader)
    {
        if (_knewLeader && !knowsLeader) _pool.Renew();
        _knewLeader = knowsLeader;
    }

    private static List<string> ReadTexts(ReadOnlyMemory<byte> result)
    {
        var reader = new Conclave.Core.Codec.MsgPackReader(result);
        var texts = new List<string>();
        if (reader.TryReadNil()) return texts;
        for (int left = reader.ReadArrayHeader(); left > 0; left--) texts.Add(reader.ReadText());
        return texts;
    }

    /// <summary>Fails what waits and closes the connections to other servers.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _comparison.DisposeAsync().ConfigureAwait(false);
        await _pool.DisposeAsync().ConfigureAwait(false);
        Draining.Dispose();
    }

    internal static RpcMethods Methods(INodeGateway local, INodeGateway anywhere, Func<IAgentPools?> pools, RpcPool pool, Draining draining, TimeProvider time)
    {
        var methods = new RpcMethods();
        var reads = new RpcReads(anywhere, time);
        new CommandMethods(local, anywhere, draining).AddTo(methods);
        new StateMethods(reads).AddTo(methods);
        new CatalogMethods(reads).AddTo(methods);
        new PoolMethods(reads, pools).AddTo(methods);
        new HealthMethods(local, pool).AddTo(methods);
        return methods;
    }

    private sealed class Handler(ConnectionsPerAddress connections, Func<Stream, CancellationToken, Task> serve) : IServerConnectionHandler
    {
        public async Task ServeAsync(ServerConnection connection, CancellationToken stop)
        {
            var address = connection.Remote.Address;
            if (!connections.TryTake(address)) return;
            try
            {
                await serve(connection.Stream, stop).ConfigureAwait(false);
            }
            finally
            {
                connections.Return(address);
            }
        }
    }
}
