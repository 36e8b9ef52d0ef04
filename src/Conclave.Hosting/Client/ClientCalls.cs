using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Pools;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Client;

/// <summary>All that an agent without a state of its own needs to ask servers: who they are, connections to them, and now and then another one to prefer.</summary>
internal sealed class ClientCalls : IAsyncDisposable
{
    // How long a server stays the preferred one. All agents of a datacenter together move this often per second at most, as peers have it.
    private static readonly TimeSpan PreferenceMin = TimeSpan.FromSeconds(120);
    private const int MovesPerSecond = 64;
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(2);
    private static readonly byte[] s_ping = "Status.Ping"u8.ToArray(), s_noArguments = [0x80];

    private readonly CancellationTokenSource _stopping = new();
    private readonly RpcPool _pool;
    private readonly PoolMembers _members;                     // also the lock under which its news are taken in their order
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _rebalancing;
    private AgentPools? _pools;

    /// <summary>Starts without servers.</summary>
    public ClientCalls(AgentConfig config, AgentIdentity identity, TimeProvider time, ILoggerFactory loggers)
    {
        _log = loggers.CreateLogger("agent.client");
        (_members, _time) = (new PoolMembers(identity.Datacenter), time);
        _pool = new RpcPool(new RpcLimits(), time, _log);
        Servers = new ServerCaller(Directory, _pool, new ForwardLimits { HoldTime = config.Performance.RpcHoldTimeout }, identity.Datacenter, time, _log, _stopping.Token);
        Reload(config);
        var node = new NodeIdentity(identity.NodeName, identity.NodeId, identity.Datacenter, NodeAddresses.Join(identity.AdvertiseAddress, 0));
        Gateway = new ClientGateway(node, Directory, Servers);
        if (config.UseStreamingBackend) Streams = new StreamCalls(Directory, new StreamCallLimits(), config.Performance.RpcHoldTimeout, identity.Datacenter, time, _log);
        _rebalancing = RebalanceAsync();
    }

    /// <summary>Who the servers are.</summary>
    public ServerDirectory Directory { get; } = new();

    /// <summary>The way to them.</summary>
    public ServerCaller Servers { get; }

    /// <summary>Subscriptions at them; null when services are asked for by waiting calls only.</summary>
    public StreamCalls? Streams { get; }

    /// <summary>The node as front ends see it.</summary>
    public ClientGateway Gateway { get; }

    /// <summary>Takes over what may change at run time.</summary>
    public void Reload(AgentConfig config) => Servers.Rate.Configure(config.Limits.RpcRate, config.Limits.RpcMaxBurst);

    /// <summary>Takes the servers from the datacenter's pool from now on.</summary>
    public void Follow(AgentPools pools)
    {
        _pools = pools;
        pools.LanMembersChanged += OnMembersChanged;
        OnMembersChanged();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_pools is not null) _pools.LanMembersChanged -= OnMembersChanged;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _rebalancing.ConfigureAwait(false);
        if (Streams is not null) await Streams.DisposeAsync().ConfigureAwait(false);
        await _pool.DisposeAsync().ConfigureAwait(false);
    }

    private void OnMembersChanged()
    {
        lock (_members) TakeServers();
    }

    private void TakeServers()
    {
        var before = Directory.Servers;
        Directory.Update(PoolMembers.Servers(_members.Of(_pools!.LanMembers)));
        var after = Directory.Servers;
        foreach (string server in after)
            if (!before.Contains(server)) ClientLog.Adding(_log, server);
        foreach (string server in before)
            if (!after.Contains(server)) ClientLog.Removing(_log, server);
    }

    // Another order by chance, and the first of it that answers is the preferred one.
    private async Task RebalanceAsync()
    {
        while (!_stopping.IsCancellationRequested)
            try
            {
                await Task.Delay(NextMove(), _time, _stopping.Token).ConfigureAwait(false);
                Directory.Shuffle();
                for (int left = Directory.Servers.Count; left > 1 && !await AnswersAsync(Directory.Servers[0]).ConfigureAwait(false); left--) Directory.OnFailed(Directory.Servers[0]);
            }
            catch (OperationCanceledException)
            {
                return;
            }
    }

    private async Task<bool> AnswersAsync(string server)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        patience.CancelAfter(PingTimeout);
        using var outcome = await _pool.CallAsync(server, s_ping, isForwarded: false, s_noArguments, patience.Token).ConfigureAwait(false);
        return outcome.End == RpcEnd.Result;
    }

    private TimeSpan NextMove()
    {
        int members = _pools?.LanMembers.Count ?? 0;
        int servers = Math.Max(1, Directory.Servers.Count);
        var scaled = TimeSpan.FromSeconds((double)members / (MovesPerSecond * servers));
        var interval = scaled > PreferenceMin ? scaled : PreferenceMin;
        return interval + TimeSpan.FromTicks(Random.Shared.NextInt64(interval.Ticks / 2));
    }
}
