using Conclave.Agent;
using Conclave.Hosting.Agent;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Hosting;

/// <summary>
/// A node of the cluster inside this process: the same engine as the program, without ports unless they are asked for. Several may live in one process.
/// Thread-safe. Dispose it to stop it: what was acknowledged is durable at any time, stopping or not.
/// </summary>
public sealed class ClusterNode : IAsyncDisposable
{
    private readonly NodeRuntime _runtime;
    private readonly AgentRuntime _agent;
    private readonly EmbeddedFrontEnd? _frontEnd;
    private int _isDisposed;

    private ClusterNode(NodeRuntime runtime, AgentRuntime agent, EmbeddedFrontEnd? frontEnd)
    {
        _runtime = runtime;
        _agent = agent;
        _frontEnd = frontEnd;
        Kv = new KvClient(runtime.Gateway);
        Sessions = new SessionClient(runtime.Gateway);
        Catalog = new CatalogClient(runtime.Gateway);
        Services = new ServiceClient(runtime.Gateway, agent);
    }

    /// <summary>Who this node is.</summary>
    public NodeIdentity Identity => _runtime.Gateway.Identity;

    /// <summary>Keys and values, locks.</summary>
    public KvClient Kv { get; }

    /// <summary>Sessions.</summary>
    public SessionClient Sessions { get; }

    /// <summary>Nodes, services and checks as stored.</summary>
    public CatalogClient Catalog { get; }

    /// <summary>Services of this process and the health of all.</summary>
    public ServiceClient Services { get; }

    /// <summary>The local agent: services and checks of this process in all their kinds. What is registered here lives as long as this object.</summary>
    public ILocalAgent Agent => _agent;

    /// <summary>What is known of the leader now.</summary>
    public ClusterStatus Status => _runtime.Gateway.Status;

    /// <summary>Where the log stands now.</summary>
    public RaftStatus Raft => _runtime.Gateway.Raft;

    /// <summary>Where the HTTP API listens, as URLs; empty without one.</summary>
    public IReadOnlyList<string> HttpAddresses => _frontEnd?.Addresses ?? [];

    /// <summary>The node as front ends see it.</summary>
    public INodeGateway Gateway => _runtime.Gateway;

    /// <summary>
    /// Completes with the reason when the node had to stop by itself: its disk failed, or it found a contradiction in itself. It serves nothing any more;
    /// dispose it and, unless it was one of several, end the process.
    /// </summary>
    public Task<string> Failed => _runtime.Failed;

    /// <summary>Completes when the node has stopped serving, for whatever reason.</summary>
    public Task Stopped => _runtime.Stopped;

    /// <summary>Starts a node. Returns when its log is read; see <see cref="WaitUntilReadyAsync"/> for when it can be used.</summary>
    /// <exception cref="ArgumentException">The options are wrong; the message lists everything that is.</exception>
    /// <exception cref="IOException">An address of the HTTP API is in use or not of this host.</exception>
    /// <exception cref="DiskException">The data folder cannot be used, for example because another process does.</exception>
    /// <exception cref="WalDamagedException">Something that was acknowledged may be missing from the log: nothing was changed.</exception>
    /// <exception cref="OutageRecoveryException">The list of servers that the operator left in <c>raft/peers.json</c> cannot be carried out.</exception>
    public static async Task<ClusterNode> StartAsync(ClusterNodeOptions options, CancellationToken stop = default)
    {
        if (options.Validate() is { Count: > 0 } problems) throw new ArgumentException(string.Join(' ', problems), nameof(options));
        stop.ThrowIfCancellationRequested();

        var inbox = new NodeInbox();
        var disk = string.IsNullOrEmpty(options.DataDirectory) ? null : NodeDisk.Open(options.DataDirectory, inbox);
        NodeRuntime? runtime = null;
        AgentRuntime? agent = null;
        try
        {
            runtime = new NodeRuntime(ToConfig(options, NodeDisk.NodeId(disk, options.NodeId)), inbox, disk, options.LoggerFactory, options.TimeProvider);
            await runtime.StartAsync().ConfigureAwait(false);
            var identity = ToIdentity(options, runtime.Gateway.Identity.NodeId);
            agent = StartAgent(options, identity, runtime.Gateway);
            var frontEnd = options.HttpEndPoints.Count == 0 ? null : await EmbeddedFrontEnd.StartAsync(options, identity, runtime.Gateway, agent, stop).ConfigureAwait(false);
            return new ClusterNode(runtime, agent, frontEnd);
        }
        catch
        {
            if (agent is not null) await agent.DisposeAsync().ConfigureAwait(false);
            if (runtime is not null) await runtime.DisposeAsync().ConfigureAwait(false);
            else disk?.Dispose();
            throw;
        }
    }

    /// <summary>Waits until a leader is known and this node may read and write.</summary>
    /// <exception cref="NodeUnavailableException">The node failed meanwhile.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken stop = default)
    {
        while (!stop.IsCancellationRequested)
        {
            var grant = await Gateway.ReadAsync(ReadMode.Default, stop).ConfigureAwait(false);
            if (grant.Root is not null) return;
            if (Failed.IsCompleted) throw new NodeUnavailableException(await Failed.ConfigureAwait(false));
            if (grant.Error == ErrorTexts.ShuttingDown) throw new NodeUnavailableException(ErrorTexts.ShuttingDown);
        }
        stop.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        if (_frontEnd is not null) await _frontEnd.DisposeAsync().ConfigureAwait(false);
        await _agent.DisposeAsync().ConfigureAwait(false);
        await _runtime.DisposeAsync().ConfigureAwait(false);
    }

    // Nothing is kept over a restart: the host registers its services anew, and the agent removes those it does not.
    private static AgentRuntime StartAgent(ClusterNodeOptions options, AgentIdentity identity, INodeGateway gateway) => AgentRuntime.Start(
        new()
        {
            Core = new()
            {
                Identity = identity,
                CheckUpdateInterval = TimeSpan.Zero,           // the host decides how often it reports: each text is shown at once
            },
        },
        gateway,
        options.TimeProvider,
        options.LoggerFactory);

    private static AgentIdentity ToIdentity(ClusterNodeOptions options, string nodeId) => new()
    {
        NodeName = options.NodeName,
        NodeId = nodeId,
        Datacenter = options.Datacenter,
        AdvertiseAddress = options.AdvertiseAddress,
        ServerPort = options.ServerPort,
        NodeMeta = options.NodeMeta.AsReadOnly(),
    };

    private static NodeConfig ToConfig(ClusterNodeOptions options, string nodeId)
    {
        var identity = new NodeIdentity(options.NodeName, nodeId, options.Datacenter, NodeAddresses.Join(options.AdvertiseAddress, options.ServerPort));
        return new NodeConfig
        {
            Identity = identity,
            Address = options.AdvertiseAddress,
            TaggedAddresses = NodeAddresses.Tagged(options.AdvertiseAddress, options.AdvertiseAddress),
            NodeMeta = NodeAddresses.Meta(options.NodeMeta),
            ServerPort = options.ServerPort,
            LeaderHoldTime = options.LeaderHoldTime,
            SessionTtlMin = options.SessionTtlMin,
            Raft = new RaftConfig { ServerId = nodeId, TrailingEntries = options.TrailingEntries },
            Limits = new NodeLimits
            {
                SnapshotThreshold = (ulong)options.SnapshotThreshold,
                SnapshotInterval = options.SnapshotInterval,
            },
        };
    }
}
