using Conclave.Hosting.Calls;
using Conclave.Hosting.Pools;
using Conclave.Node;
using Conclave.Raft;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// Tells the node who is in the datacenter's pool, and forms a cluster with the servers there when as many as expected have come and none of them belongs to one.
/// A server that comes later is told of as foreign until it has said that it belongs to no other cluster: two leaders that take each other's servers would overwrite one of the two states.
/// </summary>
internal sealed class ClusterFormation : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), AskTimeout = TimeSpan.FromSeconds(5), FirstJoinPatience = TimeSpan.FromSeconds(3);

    private readonly NodeRuntime _node;
    private readonly ServerCalls _calls;
    private readonly AgentPools _pools;
    private readonly int _expect;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly PoolMembers _members;                             // the node's loop's
    private readonly ForeignServers _foreign = new();
    private int _isTold;
    private readonly Task _running;
    private string _lastConflict = "";

    /// <param name="node">The node; its log is read.</param>
    /// <param name="calls">How to ask other servers.</param>
    /// <param name="pools">The pools.</param>
    /// <param name="expect">With how many servers to form a cluster; 1: with this one alone, when those it was told to join have none; 0: not here.</param>
    /// <param name="loggers">Where lines go.</param>
    public ClusterFormation(NodeRuntime node, ServerCalls calls, AgentPools pools, int expect, ILoggerFactory loggers)
    {
        (_node, _calls, _pools, _expect) = (node, calls, pools, expect);
        _logger = loggers.CreateLogger("agent.server");
        _members = new PoolMembers(Self.Datacenter);
        pools.LanMembersChanged += OnChanged;
        node.Gateway.ReconnectWanted += pools.Reconnect;
        calls.Heard = pools.ReconnectAt;
        OnChanged();
        _running = RunAsync();
    }

    private NodeIdentity Self => _node.Gateway.Identity;

    private List<ServerMember> Servers => PoolMembers.Servers(new PoolMembers(Self.Datacenter).Of(_pools.LanMembers));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _node.Gateway.ReconnectWanted -= _pools.Reconnect;
        _calls.Heard = null;
        _pools.LanMembersChanged -= OnChanged;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
        _changed.Dispose();
    }

    // On the pool's loop.
    private void OnChanged()
    {
        TellNode();
        try
        {
            if (_changed.CurrentCount == 0) _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It was released meanwhile: that is enough.
        }
    }

    private void TellNode()
    {
        if (Interlocked.Exchange(ref _isTold, 1) == 0) _node.Inbox.Post(Tell);
    }

    // On the node's loop. In a storm of changes it takes the newest list, and none that came before it.
    private void Tell(Node.Node node)
    {
        Interlocked.Exchange(ref _isTold, 0);                           // before the list is read: what changes from now on is told once more
        node.OnMembers(_foreign.Mark(_members.Of(_pools.LanMembers), _node.Gateway.Status));
    }

    private async Task RunAsync()
    {
        try
        {
            if (_expect > 0) await FormAsync().ConfigureAwait(false);
            while (true)
            {
                await JudgeNewcomersAsync().ConfigureAwait(false);
                await _changed.WaitAsync(Period, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task FormAsync()
    {
        if (IsInitialized)
        {
            FormationLog.DataFound(_logger);
            return;
        }
        if (_expect == 1) await Task.WhenAny(_pools.FirstJoin, Task.Delay(FirstJoinPatience, _stop.Token)).ConfigureAwait(false);
        while (!await TryFormAsync().ConfigureAwait(false))
            await _changed.WaitAsync(Period, _stop.Token).ConfigureAwait(false);
    }

    private bool IsInitialized => _node.Gateway.Raft is not { LastLogIndex: 0, Term: 0 };

    // True when there is nothing more to do here.
    private async Task<bool> TryFormAsync()
    {
        if (IsInitialized) return true;
        var members = Servers;
        var plan = _expect == 1 ? BootstrapPlan.Alone(Self) : BootstrapPlan.Make(members, _expect);
        if (plan.Conflict != _lastConflict && plan.Conflict.Length > 0) FormationLog.Conflict(_logger, plan.Conflict);
        _lastConflict = plan.Conflict;
        if (plan.Servers is not { } servers || servers.Find(Self.NodeId) is null) return false;

        foreach (var member in members)
        {
            if (member.Id == Self.NodeId || member.Status != ServerMemberStatus.Alive) continue;
            var (peers, error) = await AskAsync(member.Address).ConfigureAwait(false);
            if (error.Length > 0) FormationLog.NoAnswer(_logger, member.Address, error);
            if (peers is null) return false;                   // ask again: whoever does not answer may have peers
            if (peers.Count == 0) continue;
            FormationLog.PeersFound(_logger, member.Address);
            return true;                                       // their leader adds this server
        }
        FormationLog.Forming(_logger, string.Join(',', servers.Servers.ToArray().Select(static server => server.Address)));
        _node.Inbox.Post(node => node.Bootstrap(servers));
        return true;
    }

    private async Task JudgeNewcomersAsync()
    {
        bool isNews = false;
        foreach (var member in _foreign.Unjudged(Servers, _node.Gateway.Status))
        {
            var (peers, _) = await AskAsync(member.Address).ConfigureAwait(false);
            if (peers is null || !_foreign.Judge(member, peers, _node.Gateway.Status.PeerAddresses)) continue;
            isNews = true;
            if (_foreign.IsForeign(member)) FormationLog.Foreign(_logger, member.Name, member.Address, string.Join(',', peers));
        }
        if (isNews) TellNode();
    }

    private async Task<(IReadOnlyList<string>? Peers, string Error)> AskAsync(string address)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(AskTimeout);
        try
        {
            return await _calls.PeersOfAsync(address, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return (null, "no answer in time");
        }
    }
}

/// <summary>Log messages of the forming of a cluster.</summary>
internal static partial class FormationLog
{
    [LoggerMessage(EventId = 330, Level = LogLevel.Information, Message = "Raft data found, disabling bootstrap mode")]
    public static partial void DataFound(ILogger logger);

    [LoggerMessage(EventId = 331, Level = LogLevel.Error, Message = "{Conflict}")]
    public static partial void Conflict(ILogger logger, string conflict);

    [LoggerMessage(EventId = 334, Level = LogLevel.Warning, Message = "Failed to confirm peer status for server (will retry).: server={Server} error={Reason}")]
    public static partial void NoAnswer(ILogger logger, string server, string reason);

    [LoggerMessage(EventId = 332, Level = LogLevel.Information, Message = "Existing Raft peers reported by server, disabling bootstrap mode: server={Server}")]
    public static partial void PeersFound(ILogger logger, string server);

    [LoggerMessage(EventId = 335, Level = LogLevel.Error, Message = "This server belongs to another cluster and is not added. To make it a server of this one, stop it, move the folder raft in its data folder away and start it again: server={Server} address={Address} peers={Peers}")]
    public static partial void Foreign(ILogger logger, string server, string address, string peers);

    [LoggerMessage(EventId = 333, Level = LogLevel.Information, Message = "Found expected number of peers, attempting bootstrap: peers={Peers}")]
    public static partial void Forming(ILogger logger, string peers);
}
