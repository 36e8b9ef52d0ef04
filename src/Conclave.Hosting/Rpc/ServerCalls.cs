using Conclave.Agent.Pools;
using Conclave.Hosting.Integrity;
using Conclave.Hosting.Streaming;
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
    private readonly GrpcServer? _grpc;                                // null when services cannot be subscribed to
    private ServerCallOptions _options;
    private ServerPort? _port;
    private readonly DigestComparison _comparison;
    private bool _knewLeader;                                          // the node's loop's

    /// <param name="node">The node. It must not hold requests itself.</param>
    /// <param name="options">What the configuration says.</param>
    /// <param name="time">Clocks and timers.</param>
    /// <param name="loggers">Where lines go.</param>
    public ServerCalls(NodeGateway node, ServerCallOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(Draining.Begun);
        var log = loggers.CreateLogger("agent.server.rpc");
        var limits = new RpcLimits();
        _options = options;
        Pulse statusChanged = new(), rootPublished = new();
        node.StatusChanged += statusChanged.Fire;
        node.RootPublished += rootPublished.Fire;
        _pool = new RpcPool(limits, time, log);
        node.StatusChanged += () => OnStatusChanged(node.Status.KnownLeader);
        Gateway = new ForwardingGateway(node, statusChanged, rootPublished, _pool, new ForwardLimits { HoldTime = options.HoldTime }, time, Draining, _ending.Token);
        var reads = new RpcReads(Gateway, time);
        Waits = reads.Waits;
        var methods = Methods(node, reads, () => Pools, _pool, Draining);
        DigestComparison.AddTo(methods, () => node.Digests);
        _server = new RpcServer(methods, () => node.Root.LastIndex, limits, time, log);
        _server.Rates.Configure(options.CallsPerSecond, options.CallBurst);
        if (options.IsStreamingEnabled) _grpc = new GrpcServer(Gateway, new StreamingLimits(), time, log);
        _snapshots = new SnapshotServer(node, Gateway);
        _comparison = new DigestComparison(node, () => node.Digests, _pool, time, loggers.CreateLogger("agent.server.raft"));
    }

    /// <summary>Whether requests are still taken.</summary>
    public Draining Draining { get; } = new();

    /// <summary>The node as front ends see it, wherever the leader is.</summary>
    public ForwardingGateway Gateway { get; }

    /// <summary>The calls of others that wait here for a change.</summary>
    public RpcWaits Waits { get; }

    /// <summary>The services that others subscribe to here; null when they cannot.</summary>
    public ServiceFeeds? Feeds => _grpc?.Feeds;

    /// <summary>Calls of others that came so far.</summary>
    public long Served => _server.Served;

    /// <summary>Those of them that ended in an error.</summary>
    public long Failed => _server.Failed;

    /// <summary>The gossip pools, once they are open.</summary>
    public IAgentPools? Pools { get; set; }

    /// <summary>Told from where a connection with calls has come, on any thread: must return at once.</summary>
    public Action<System.Net.IPAddress>? Heard { get; set; }

    /// <summary>Takes the kinds of connections that carry calls.</summary>
    public void AddTo(ServerPort port)
    {
        _port = port;
        port.Handle(ConnectionKind.Mux, new Handler(this, (connection, stop) => _server.ServeMuxAsync(connection.Stream, stop, connection.Remote.Address)));
        port.Handle(ConnectionKind.SingleCalls, new Handler(this, (connection, stop) => _server.ServeSingleAsync(connection.Stream, stop, connection.Remote.Address)));
        port.Handle(ConnectionKind.Snapshot, new Handler(this, (connection, stop) => _snapshots.ServeAsync(connection.Stream, stop)));
        if (_grpc is not null) port.Handle(ConnectionKind.Grpc, _grpc);
        port.Limit(_options.ConnectionsPerAddressMax, _options.HandshakeTimeout);
    }

    /// <summary>Takes over those of the options that can change while it runs: the bounds of connections and calls.</summary>
    public void Reload(ServerCallOptions options)
    {
        _options = options;
        _server.Rates.Configure(options.CallsPerSecond, options.CallBurst);
        _port?.Limit(options.ConnectionsPerAddressMax, options.HandshakeTimeout);
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
        if (_grpc is not null) await _grpc.DisposeAsync().ConfigureAwait(false);
        await _pool.DisposeAsync().ConfigureAwait(false);
        Draining.Dispose();
    }

    internal static RpcMethods Methods(INodeGateway local, RpcReads reads, Func<IAgentPools?> pools, RpcPool pool, Draining draining)
    {
        var methods = new RpcMethods();
        new CommandMethods(local, reads.Gateway, draining).AddTo(methods);
        new StateMethods(reads).AddTo(methods);
        new CatalogMethods(reads).AddTo(methods);
        new PoolMethods(reads, pools).AddTo(methods);
        new HealthMethods(local, pool).AddTo(methods);
        return methods;
    }

    private sealed class Handler(ServerCalls calls, Func<ServerConnection, CancellationToken, Task> serve) : IServerConnectionHandler
    {
        public Task ServeAsync(ServerConnection connection, CancellationToken stop)
        {
            calls.Heard?.Invoke(connection.Remote.Address);
            return serve(connection, stop);
        }
    }
}
