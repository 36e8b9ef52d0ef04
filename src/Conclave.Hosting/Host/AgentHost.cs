using System.Net;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Core;
using Conclave.Gossip;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Client;
using Conclave.Hosting.Pools;
using Conclave.Hosting.Streaming;
using Conclave.Http;
using Conclave.Http.Remote;
using Conclave.Http.Server;
using Conclave.Node;
using Conclave.Storage;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// One agent as the program runs it: node, local services and checks, HTTP listeners. The caller owns signals, the log and the process;
/// <see cref="Ended"/> tells it when the agent ended by itself.
/// </summary>
public sealed class AgentHost : IAsyncDisposable
{
    // Requests that are under way when the agent stops get this long; blocked reads end at once.
    private static readonly TimeSpan StopGrace = TimeSpan.FromMilliseconds(500);

    // A server came: all agents of the datacenter compare themselves within this time, each when chance has it.
    private static readonly TimeSpan ServerCameStagger = TimeSpan.FromSeconds(3);

    private readonly AgentHostOptions _options;
    private readonly ILogger _logger;
    private readonly NodeRuntime? _node;                       // of a server: the node and its calls
    private readonly ServerCalls? _calls;
    private readonly ClientCalls? _client;                     // of a client in their place
    private readonly SystemDisk? _folder;                      // a client's data folder
    private readonly AgentRuntime _local;
    private readonly TaskCompletionSource<AgentEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AgentMetrics _metrics;
    private readonly HostInstruments _instruments;
    private readonly EventLog _events = new();
    private readonly ServerPort? _server;                      // null for an agent without one
    private HttpListenerHost? _http;
    private HttpFrontEnd? _frontEnd;
    private CoordinateSync? _coordinates;
    private ClusterFormation? _formation;
    private AgentPools? _gossip;                                       // null for an agent that gossips with nobody
    private long _announcedTerm = -1;
    private bool _isLeading;                                           // the node's loop's
    private volatile AgentConfig _config;
    private readonly Lock _leaveGate = new(), _reloadGate = new();
    private Task? _leave;                                              // Guarded by _leaveGate.
    private int _isStopped;

    private AgentHost(AgentHostOptions options, AgentIdentity identity, NodeInbox inbox, SystemDisk? disk)
    {
        _options = options;
        _config = options.Config;
        _logger = options.Log.CreateLogger("agent");
        Identity = identity;
        if (_config.Server)
        {
            _node = new NodeRuntime(AgentNodeConfig.From(options.Config, identity), inbox, disk, options.Log, options.Time);
            _calls = new ServerCalls(_node.Gateway, ServerCallOptions.From(options.Config), options.Time, options.Log);
            if (_config.Ports.Server > 0) _server = new ServerPort(new IPEndPoint(IPAddress.Parse(_config.BindAddress), _config.Ports.Server), _node, options.Log);
            if (_server is not null) _calls.AddTo(_server);
            Gateway = _calls.Gateway;
        }
        else
        {
            _folder = disk;                                    // no log is in it, but it is this agent's alone
            _client = new ClientCalls(options.Config, identity, options.Time, options.Log);
            Gateway = _client.Gateway;
        }
        _local = AgentRuntime.Start(AgentRuntimeOptions.From(options.Config, identity), Gateway, options.Time, options.Log, Servers);
        _metrics = Metrics(options, identity);
        _instruments = new HostInstruments(identity.NodeName);
        if (_calls is not null) _instruments.Add(Gateway, _calls);
        if (_client is not null) _instruments.Add(_client);
        if (_client is not null) _client.Directory.ServerCame += OnServerCame;
        if (_node is null) return;
        _node.Gateway.StatusChanged += OnStatusChanged;
        _ = ForwardFailureAsync(_node);
    }

    /// <summary>Who this agent is.</summary>
    public AgentIdentity Identity { get; }

    /// <summary>The configuration in force.</summary>
    public AgentConfig Config => _config;

    /// <summary>The node as front ends see it.</summary>
    public INodeGateway Gateway { get; }

    /// <summary>The calls of others that wait here for a change; null for a client.</summary>
    internal RpcWaits? WaitingCalls => _calls?.Waits;

    /// <summary>The services that others subscribe to here; null for a client, or when there are no subscriptions.</summary>
    internal ServiceFeeds? Feeds => _calls?.Feeds;

    /// <summary>Subscriptions at the servers for a client that makes some; else null.</summary>
    internal IServiceStreams? Streams => _client?.Streams;

    /// <summary>The way to the servers for a client; null for a server.</summary>
    internal IServerCalls? Servers => _client?.Servers;

    /// <summary>Services and checks of this agent.</summary>
    public ILocalAgent Local => _local;

    /// <summary>The gossip pools; null before they are open and for an agent that gossips with nobody.</summary>
    internal AgentPools? Gossip => _gossip;

    /// <summary>Where HTTP listens, as URLs.</summary>
    public IReadOnlyList<string> HttpAddresses => _http?.Addresses ?? [];

    /// <summary>Completes when the agent ends by itself: a client made it leave, or it failed. The caller then disposes it and ends the process.</summary>
    public Task<AgentEnd> Ended => _ended.Task;

    /// <summary>Starts an agent. HTTP answers when this returns, before a leader exists.</summary>
    /// <exception cref="ArgumentException">The configuration is wrong.</exception>
    /// <exception cref="InvalidDataException">An address, a certificate or the node id file cannot be used.</exception>
    /// <exception cref="IOException">A listener's address is in use, a file cannot be used, or nobody answered who must be joined at the start.</exception>
    /// <exception cref="GossipFormatException">A keyring file is none.</exception>
    /// <exception cref="DiskException">The data folder cannot be used.</exception>
    /// <exception cref="WalDamagedException">Something that was acknowledged may be missing from the log.</exception>
    /// <exception cref="OutageRecoveryException">The list of servers that the operator left in <c>raft/peers.json</c> cannot be carried out.</exception>
    public static async Task<AgentHost> StartAsync(AgentHostOptions options, CancellationToken stop)
    {
        try
        {
            return await StartOnceAsync(options, stop).ConfigureAwait(false);
        }
        catch (WalDamagedException damage) when (DamagedLog.MayRejoin(options.Config))
        {
            DamagedLog.SetAside(options.Config, damage, options.Time, options.Log.CreateLogger("agent.server"));
            return await StartOnceAsync(options, stop).ConfigureAwait(false);
        }
    }

    private static async Task<AgentHost> StartOnceAsync(AgentHostOptions options, CancellationToken stop)
    {
        var config = options.Config;
        if (config.Validate() is { Count: > 0 } problems) throw new ArgumentException(string.Join('\n', problems));
        var bindings = AgentListeners.Bindings(config);

        var inbox = new NodeInbox();
        var disk = config.InMemory ? null : NodeDisk.Open(config.DataDir, inbox);
        AgentHost host;
        AgentPoolSockets? sockets = null;
        try
        {
            config = DamagedLog.WithoutBootstrap(config, disk, options.Log.CreateLogger("agent.server"));
            options = options with { Config = config };
            sockets = AgentPoolSockets.Open(config);
            var identity = AgentIdentities.From(config, NodeIdOf(config, disk)) with
            {
                SerfLanPort = sockets.Lan?.Port ?? config.Ports.SerfLan,
                SerfWanPort = sockets.Wan?.Port ?? config.Ports.SerfWan,
            };
            host = new AgentHost(options, identity, inbox, disk);
        }
        catch
        {
            sockets?.Dispose();
            disk?.Dispose();
            throw;
        }

        try
        {
            // Side by side: the log is read while the web server is set up. Both have ended, well or badly, before anything is taken down again.
            await Task.WhenAll(Task.Run(host.StartNodeAsync, CancellationToken.None), host.OpenAsync(sockets, bindings, stop)).ConfigureAwait(false);
            host._server?.Start();
            if (host is { _gossip: { } pools, _server: not null, _node: { } node, _calls: { } calls }) host._formation = new ClusterFormation(node, calls, pools, AgentNodeConfig.AsksFirst(config) ? 1 : config.BootstrapExpect, options.Log);
            if (host._gossip is not null) await host._gossip.JoinConfiguredAsync(stop).ConfigureAwait(false);
            AgentHostLog.Running(host._logger);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            sockets.Dispose();                                         // those that no pool has taken
        }
    }

    /// <summary>Leaves the cluster gracefully, as far as there is one to leave. Asked again, it waits for the leave that runs. The agent goes on answering until it is disposed.</summary>
    public Task LeaveAsync()
    {
        lock (_leaveGate) return _leave ??= LeaveOnceAsync();
    }

    private async Task LeaveOnceAsync()
    {
        await Task.Yield();                                            // nothing of it under the lock
        if (_gossip is null) return;
        _local.LeaveCatalog();
        await (Departure is { } departure ? departure.RunAsync() : _gossip.LeaveAsync()).ConfigureAwait(false);
    }

    private ServerDeparture? Departure =>
        this is { _gossip: { } pools, _server: not null, _node: { } node, _calls: { } calls } ? new ServerDeparture(node.Gateway, pools, calls.Draining, _config.Performance.LeaveDrainTime, _options.Time, _options.Log) : null;

    /// <summary>Reads the configuration anew, if the caller gave a way to, and applies what may change at run time.</summary>
    public async Task<AgentOutcome> ReloadAsync()
    {
        if (_options.ReadConfig is not { } read) return AgentOutcome.Failed("this agent cannot reload its configuration");
        try
        {
            return await ReloadAsync(await Task.Run(read).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or ArgumentException or InvalidDataException)
        {
            return AgentOutcome.Failed(failure.Message);
        }
    }

    /// <summary>Applies what may change at run time and warns of changes that wait for the next start. When something is wrong with the configuration, nothing changes.</summary>
    public Task<AgentOutcome> ReloadAsync(AgentConfig config)
    {
        AgentHostLog.Reloading(_logger);
        AgentOutcome outcome;
        // One after the other: each begins with what the one before left.
        lock (_reloadGate) (outcome, _config) = new AgentReload { Log = _options.Log, Local = _local, FrontEnd = _frontEnd, Listeners = _http, Node = _node, Calls = _calls, Client = _client, Metrics = _metrics }.Apply(_config, config);
        if (outcome.IsOk) _options.Reloaded?.Invoke(config);
        return Task.FromResult(outcome);
    }

    /// <summary>Stops: listeners first, so that nobody is answered by half an agent, then the local agent, then the node. All files are closed afterwards.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0) return;
        // Without it the others would have to find out that their leader is gone, and nobody could write meanwhile.
        if (_node?.Gateway.Status is { IsLeader: true, IsSoleVoter: false } && Departure is { } departure) await departure.TryHandOverAsync(ServerDeparture.QuickHandOver).ConfigureAwait(false);
        if (_http is not null)
        {
            await _http.StopAsync(StopGrace).ConfigureAwait(false);
            await _http.DisposeAsync().ConfigureAwait(false);
            AgentHostLog.EndpointsDown(_logger);
        }
        if (_coordinates is not null) await _coordinates.DisposeAsync().ConfigureAwait(false);
        if (_formation is not null) await _formation.DisposeAsync().ConfigureAwait(false);
        if (_gossip is not null) await _gossip.DisposeAsync().ConfigureAwait(false);
        await _local.DisposeAsync().ConfigureAwait(false);
        if (_client is not null) await _client.DisposeAsync().ConfigureAwait(false);
        if (_calls is not null) await _calls.DisposeAsync().ConfigureAwait(false);
        if (_server is not null) await _server.DisposeAsync().ConfigureAwait(false);
        if (_node is not null) await _node.DisposeAsync().ConfigureAwait(false);
        _folder?.Dispose();
        _instruments.Dispose();
        _metrics.Dispose();
    }

    internal void EndWith(AgentEnd end) => _ended.TrySetResult(end);

    private static AgentMetrics Metrics(AgentHostOptions options, AgentIdentity identity)
    {
        var telemetry = options.Config.Telemetry;
        string host = telemetry.DisableHostname ? "" : Environment.MachineName;
        var metrics = new AgentMetrics(identity.NodeName, telemetry.MetricsPrefix, host, telemetry.PrometheusRetentionTime > TimeSpan.Zero, options.Time);
        metrics.Use(telemetry);
        return metrics;
    }

    // Development mode with a data folder keeps nothing there but who it is.
    private static string NodeIdOf(AgentConfig config, SystemDisk? disk)
    {
        if (disk is not null || config.DataDir.Length == 0) return NodeDisk.NodeId(disk, config.NodeId);
        using var folder = NodeDisk.Open(config.DataDir, new NodeInbox());
        return NodeDisk.NodeId(folder, config.NodeId);
    }

    private async Task OpenAsync(AgentPoolSockets sockets, List<HttpBinding> bindings, CancellationToken stop)
    {
        var receiver = new EventReceiver(Identity.NodeName, _local, _events);
        if (sockets.Lan is not null)
        {
            _gossip = await AgentPools.StartAsync(_config, Identity, sockets, new LanEvents(receiver, _local, _options.Log), _options.Log, _options.Time).ConfigureAwait(false);
            _ = ForwardGossipFailureAsync(_gossip);
            if (Gateway.Status.IsLeader) AnnounceLeader();                 // it may have won before the pools were open
            _ = ForwardJoinFailureAsync(_gossip);
            FollowSize(_gossip);
            _instruments.Add(_gossip);
            _client?.Follow(_gossip);
        }
        await OpenHttpAsync(bindings, (IAgentPools?)_gossip ?? AgentMembers.Alone(Identity, receiver), stop).ConfigureAwait(false);
    }

    private async Task OpenHttpAsync(List<HttpBinding> bindings, IAgentPools pools, CancellationToken stop)
    {
        if (_calls is not null) _calls.Pools = pools;
        if (bindings.Count == 0) return;
        if (!_config.DisableCoordinates) _coordinates = new CoordinateSync(Gateway, Identity.NodeName, pools, new Prng((ulong)Random.Shared.NextInt64()), _options.Time, _logger);
        var control = new AgentControl(this, _local, pools, _options.Log);
        var frontEnd = _frontEnd = HttpApi.Create(AgentListeners.Options(_config), Gateway, _local, control, _metrics, _events, _options.Log, Servers, Streams);
        _instruments.Add(frontEnd);
        foreach (var binding in bindings) AgentHostLog.StartingServer(_logger, binding.UnixPath ?? binding.EndPoint!.ToString(), binding.UnixPath is null ? "tcp" : "unix", binding.Tls is null ? "http" : "https");
        _http = await HttpListenerHost.StartAsync(frontEnd, bindings, _options.Log, stop).ConfigureAwait(false);
        AgentListeners.SetSocketModes(_config);
    }

    private async Task ForwardJoinFailureAsync(AgentPools gossip) => EndWith(new AgentEnd(AgentEndKind.JoinFailed, await gossip.JoinFailed.ConfigureAwait(false)));

    private async Task ForwardGossipFailureAsync(AgentPools gossip) => EndWith(new AgentEnd(AgentEndKind.Failed, await gossip.Failed.ConfigureAwait(false)));

    private async Task ForwardFailureAsync(NodeRuntime node) => EndWith(new AgentEnd(AgentEndKind.Failed, await node.Failed.ConfigureAwait(false)));

    private Task StartNodeAsync() => _node?.StartAsync() ?? Task.CompletedTask;

    // On the gossip's loop: only hand it on.
    private void OnServerCame() => ThreadPool.UnsafeQueueUserWorkItem(static local => local.RequestFullSync(ServerCameStagger), _local, preferLocal: false);

    private void FollowSize(AgentPools gossip)
    {
        gossip.LanMembersChanged += () => _local.SetClusterSize(gossip.LanMembers.Count);
        _local.SetClusterSize(gossip.LanMembers.Count);
    }

    // Once in a term, to all agents of the pool, which log it; alone it is logged here.
    private void AnnounceLeader()
    {
        long term = (long)Gateway.Status.Term;
        if (_options.Config.Ports.SerfLan >= 0 && _gossip is null) return;
        if (Interlocked.Exchange(ref _announcedTerm, term) == term) return;
        if (_gossip is { } pools) _ = pools.AnnounceLeaderAsync();
        else PoolLog.NewLeader(_options.Log.CreateLogger("agent.server"), Identity.NodeName);
    }

    // On the node's loop: only hand it on.
    private void OnStatusChanged()
    {
        bool hasWon = Gateway.Status.IsLeader && !_isLeading;
        _isLeading = Gateway.Status.IsLeader;
        if (hasWon) ThreadPool.UnsafeQueueUserWorkItem(static host => host.AnnounceLeader(), this, preferLocal: false);
        if (Gateway.Status.KnownLeader) ThreadPool.UnsafeQueueUserWorkItem(static local => local.RequestFullSync(), _local, preferLocal: false);
    }
}
