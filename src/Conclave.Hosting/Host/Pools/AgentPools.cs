using System.Buffers;
using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Agent.Events;
using Conclave.Agent.Pools;
using Conclave.Core.Model;
using Conclave.Gossip;
using Conclave.Gossip.Consul;
using Conclave.Hosting.Gossip;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Pools;

/// <summary>
/// The gossip pools of a running agent: that of the datacenter, and for servers that between datacenters. Two objects with their own members each; the list of Raft's
/// peers is a third one and not here. Thread-safe.
/// </summary>
internal sealed class AgentPools : IAgentPools, IAsyncDisposable
{
    // An event that does not come back in this time was dropped: the list of a flooded agent has no place for it.
    private static readonly TimeSpan OwnEventPatience = TimeSpan.FromSeconds(1);

    private readonly AgentConfig _config;
    private readonly AgentIdentity _identity;
    private readonly GossipRuntime _lan;
    private readonly GossipRuntime? _wan;
    private readonly LanEvents _events;
    private readonly FloodJoin? _flood;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _joinFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _running = [];
    private readonly TaskCompletionSource _firstJoin = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AgentPools(AgentConfig config, AgentIdentity identity, GossipRuntime lan, GossipRuntime? wan, LanEvents events, ILoggerFactory loggers, TimeProvider time)
    {
        (_config, _identity, _lan, _wan, _events, _time) = (config, identity, lan, wan, events, time);
        _logger = loggers.CreateLogger("agent");
        _ = ForwardFailureAsync(lan);
        _running.Add(events.RunAsync());
        if (wan is null) return;
        _ = ForwardFailureAsync(wan);
        _flood = new FloodJoin(lan, wan, identity.Datacenter, _logger, time);
        events.MembersChanged += _flood.OnLanChanged;
        _running.Add(_flood.RunAsync(_stop.Token));
    }

    /// <summary>Completes with the reason when a pool cannot go on.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Completes with the reason when the attempts to join are used up.</summary>
    public Task<string> JoinFailed => _joinFailed.Task;

    /// <summary>Completes when those whom the configuration names in the datacenter were asked for the first time, whether or not anybody answered.</summary>
    public Task FirstJoin => _firstJoin.Task;

    /// <summary>Members of the pool of the datacenter, ordinal by name: a list that never changes.</summary>
    public IReadOnlyList<GossipMember> LanMembers => _lan.Members;

    /// <summary>Members of the pool between datacenters, ordinal by name; empty where there is none.</summary>
    public IReadOnlyList<GossipMember> WanMembers => _wan?.Members ?? [];

    /// <inheritdoc/>
    public Coordinate LanCoordinate => _lan.Coordinate;

    /// <summary>The pool of the datacenter.</summary>
    internal GossipRuntime Lan => _lan;

    /// <summary>The pool between datacenters, or null.</summary>
    internal GossipRuntime? Wan => _wan;

    /// <summary><see cref="LanMembers"/> has changed. Called on the pool's loop: must return at once and not throw.</summary>
    public event Action? LanMembersChanged
    {
        add => _events.MembersChanged += value;
        remove => _events.MembersChanged -= value;
    }

    /// <summary>Starts the pools on their sockets; it joins nobody yet.</summary>
    /// <exception cref="IOException">A file cannot be used.</exception>
    /// <exception cref="GossipFormatException">A keyring file is none.</exception>
    public static async Task<AgentPools> StartAsync(AgentConfig config, AgentIdentity identity, AgentPoolSockets sockets, LanEvents events, ILoggerFactory loggers, TimeProvider time)
    {
        var lan = GossipRuntime.Start(PoolSettings.Lan(config, identity, sockets.TakeLan()!, events, loggers, time));
        try
        {
            var wan = sockets.TakeWan() is { } wanSockets ? GossipRuntime.Start(PoolSettings.Wan(config, identity, wanSockets, new NoEvents(), loggers, time)) : null;
            return new AgentPools(config, identity, lan, wan, events, loggers, time);
        }
        catch
        {
            await lan.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Joins those that the configuration names: once, which must work, or in the background until it does.</summary>
    /// <exception cref="StartJoinException">Nobody that must be joined once has answered.</exception>
    public async Task JoinConfiguredAsync(CancellationToken stop)
    {
        var join = _config.Join;
        await JoinOnceAsync(join.StartJoin, wan: false, stop).ConfigureAwait(false);
        await JoinOnceAsync(join.StartJoinWan, wan: true, stop).ConfigureAwait(false);
        if (join.RetryJoin.Count == 0) _firstJoin.TrySetResult();
        else _running.Add(RetryAsync(new RetryJoin("LAN", join.RetryJoin, join.RetryInterval, join.RetryMax, AttemptLanAsync, _logger, _time)));
        if (join.RetryJoinWan.Count > 0 && _wan is null) PoolLog.CannotJoin(_logger, "WAN", NoWan);
        else if (join.RetryJoinWan.Count > 0) _running.Add(RetryAsync(new RetryJoin("WAN", join.RetryJoinWan, join.RetryIntervalWan, join.RetryMaxWan, JoinWanAsync, _logger, _time)));
    }

    /// <summary>
    /// Leaves both pools gracefully, side by side: one after the other would take so long that others saw a server here that is missing there, and brought it back.
    /// What goes wrong is logged: the agent goes anyway.
    /// </summary>
    public Task LeaveAsync() => _wan is null ? LeaveAsync(_lan, "LAN") : Task.WhenAll(LeaveAsync(_wan, "WAN"), LeaveAsync(_lan, "LAN"));

    /// <summary>A member of the datacenter was heard in another way: if the pool has given it up, it goes and meets it now. Without waiting.</summary>
    public void Reconnect(string member) => _ = ReconnectAsync(member);

    /// <summary>Somebody at this address was heard in another way: members there that the pool has given up are met now. Without waiting.</summary>
    public void ReconnectAt(System.Net.IPAddress address)
    {
        var from = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var member in LanMembers)
            if (member.Status == MemberStatus.Failed && member.Endpoint.ToIPAddress().Equals(from)) Reconnect(member.Name);
    }

    private async Task ReconnectAsync(string member)
    {
        try
        {
            await _lan.AskAsync(pool =>
            {
                pool.Reconnect(member);
                return true;
            }).ConfigureAwait(false);
        }
        catch (MembershipException)
        {
            // The pool is closed, or so busy that it will find the member by itself.
        }
    }

    /// <summary>Tells the datacenter that this server leads.</summary>
    public async Task AnnounceLeaderAsync()
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(_identity.NodeName);
        try
        {
            string? error = await _lan.AskAsync(pool => pool.TryFireEvent(LanEvents.NewLeader, name, mayCoalesce: false, out string why) ? null : why).ConfigureAwait(false);
            if (error is not null) PoolLog.LeaderEventFailed(_logger, error);
        }
        catch (MembershipException ended)
        {
            PoolLog.LeaderEventFailed(_logger, ended.Message);
        }
    }

    /// <inheritdoc/>
    public void ListMembers(bool wan, List<AgentMember> into)
    {
        foreach (var member in wan ? WanMembers : LanMembers)
        {
            into.Add(new AgentMember
            {
                Name = member.Name,
                Address = member.Endpoint.ToIPAddress().ToString(),
                Port = member.Endpoint.Port,
                Tags = member.Tags,
                Status = (int)member.Status,
                Versions = member.Versions,
            });
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AgentOutcome> JoinAsync(string address, bool wan, CancellationToken stop)
    {
        if (wan && _wan is null) return AgentOutcome.Failed(NoWan);
        var (_, error) = await (wan ? JoinWanAsync([address], stop) : JoinLanAsync([address], stop)).ConfigureAwait(false);
        return error is null ? AgentOutcome.Ok : AgentOutcome.Failed(error);
    }

    /// <inheritdoc/>
    public async ValueTask<AgentOutcome> ForceLeaveAsync(string node, bool prune, bool wan, CancellationToken stop)
    {
        if (!IsMember(wan ? WanMembers : LanMembers, node)) return AgentOutcome.Failed($"agent: No node found with name '{node}'");
        // We are alive and would object: nothing comes of it, which is what clients are used to.
        if (node == (wan ? _wan! : _lan).Self.Name) return AgentOutcome.Ok;
        if (wan) return await ForceLeaveAsync(_wan!, node, prune).ConfigureAwait(false);
        var outcome = await ForceLeaveAsync(_lan, node, prune).ConfigureAwait(false);
        string inWan = ConsulTags.WanName(ConsulTags.NodeName(node, _identity.Datacenter), _identity.Datacenter);
        if (!outcome.IsOk || !IsMember(WanMembers, inWan)) return outcome;
        return await ForceLeaveAsync(_wan!, inWan, prune).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<AgentOutcome> FireAsync(UserEvent fired, CancellationToken stop)
    {
        var body = new ArrayBufferWriter<byte>();
        new ConsulEvent
        {
            Id = fired.Id,
            Name = fired.Name,
            Payload = fired.Payload,
            NodeFilter = fired.NodeFilter,
            ServiceFilter = fired.ServiceFilter,
            TagFilter = fired.TagFilter,
            Version = fired.Version,
        }.EncodeTo(body);
        // Whoever fired it finds it in the list of this agent when he is answered: it has come back by then.
        var taken = _events.TakenAsync(fired.Id);
        try
        {
            var outcome = await AskAsync(_lan, pool => pool.TryFireEvent(ConsulEvent.NamePrefix + fired.Name, body.WrittenSpan, mayCoalesce: false, out string why) ? null : UserEvent.BroadcastError(why)).ConfigureAwait(false);
            if (outcome.IsOk) await taken.WaitAsync(OwnEventPatience, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return outcome;
        }
        finally
        {
            _events.Forget(fired.Id);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<KeyringAnswer> ManageKeysAsync(KeyringRequest request, CancellationToken stop)
    {
        if (!_identity.IsServer) return new KeyringAnswer(AgentOutcome.Failed("keyring operations must run against a server node"), []);
        var pools = new List<PoolKeys>(2);
        if (_wan is not null) pools.Add(await PoolKeyring.AskAsync(_wan, request, isWan: true, _identity.Datacenter).ConfigureAwait(false));
        pools.Add(await PoolKeyring.AskAsync(_lan, request, isWan: false, _identity.Datacenter).ConfigureAwait(false));
        return new KeyringAnswer(AgentOutcome.Ok, pools);
    }

    /// <inheritdoc/>
    public void ListWanCoordinates(List<DatacenterCoordinates> into)
    {
        if (_wan is null) return;
        var byDatacenter = new SortedDictionary<string, List<CoordinateEntry>>(StringComparer.Ordinal);
        var members = _wan.Members.ToDictionary(static member => member.Name, StringComparer.Ordinal);
        foreach (var (name, coordinate) in _wan.Coordinates)
        {
            if (!members.TryGetValue(name, out var member) || member.Tag("dc") is not { } datacenter) continue;
            if (!byDatacenter.TryGetValue(datacenter, out var servers)) byDatacenter.Add(datacenter, servers = []);
            servers.Add(new CoordinateEntry(ConsulTags.NodeName(name, datacenter), "", coordinate));
        }
        foreach (var (datacenter, servers) in byDatacenter) into.Add(new DatacenterCoordinates(datacenter, servers));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _lan.DisposeAsync().ConfigureAwait(false);
        if (_wan is not null) await _wan.DisposeAsync().ConfigureAwait(false);
        _events.Complete();
        await Task.WhenAll(_running).ConfigureAwait(false);
        _stop.Dispose();
    }

    private string NoWan => _identity.IsServer ? "WAN Federation is disabled" : "Must be a server to join WAN cluster";

    private async Task JoinOnceAsync(IReadOnlyList<string> addresses, bool wan, CancellationToken stop)
    {
        if (addresses.Count == 0) return;
        if (wan && _wan is null) throw new StartJoinException(NoWan);
        var (_, error) = await (wan ? JoinWanAsync(addresses, stop) : JoinLanAsync(addresses, stop)).ConfigureAwait(false);
        if (error is not null) throw new StartJoinException(error);
    }

    private async Task ForwardFailureAsync(GossipRuntime pool) => _failed.TrySetResult(await pool.Failed.ConfigureAwait(false));

    private async Task RetryAsync(RetryJoin retry)
    {
        if (await retry.RunAsync(_stop.Token).ConfigureAwait(false) is { } exhausted) _joinFailed.TrySetResult(exhausted);
    }

    private async Task<(int Joined, string? Error)> AttemptLanAsync(IReadOnlyList<string> addresses, CancellationToken stop)
    {
        try
        {
            return await JoinLanAsync(addresses, stop).ConfigureAwait(false);
        }
        finally
        {
            _firstJoin.TrySetResult();
        }
    }

    private Task<(int Joined, string? Error)> JoinLanAsync(IReadOnlyList<string> addresses, CancellationToken stop) => JoinAsync(_lan, "LAN", addresses, stop);

    private Task<(int Joined, string? Error)> JoinWanAsync(IReadOnlyList<string> addresses, CancellationToken stop) => JoinAsync(_wan!, "WAN", addresses, stop);

    private async Task<(int Joined, string? Error)> JoinAsync(GossipRuntime pool, string name, IReadOnlyList<string> addresses, CancellationToken stop)
    {
        PoolLog.JoiningPool(_logger, name, "[" + string.Join(' ', addresses) + "]");
        var (targets, errors) = await JoinAddresses.ResolveAsync(addresses, pool.LocalEndPoint.Port, stop).ConfigureAwait(false);
        if (targets.Count == 0) return (0, JoinErrors.Format(errors));
        try
        {
            var done = await pool.OperateAsync((core, request) => core.Join(request, targets, ignoreOldEvents: true)).WaitAsync(stop).ConfigureAwait(false);
            if (done.Error is { } error) return (0, JoinErrors.Format(errors + error));
            PoolLog.JoinedPool(_logger, name, done.Joined);
            return (done.Joined, null);
        }
        catch (MembershipException ended)
        {
            return (0, ended.Message);
        }
    }

    private async Task LeaveAsync(GossipRuntime pool, string name)
    {
        try
        {
            var done = await pool.OperateAsync(static (core, request) => core.Leave(request)).ConfigureAwait(false);
            if (done.Error is { } error) PoolLog.LeaveFailed(_logger, name, error);
        }
        catch (MembershipException ended)
        {
            PoolLog.LeaveFailed(_logger, name, ended.Message);
        }
    }

    private static Task<AgentOutcome> ForceLeaveAsync(GossipRuntime pool, string node, bool prune) => AskAsync(pool, core => core.TryForceLeave(node, prune, out string why) ? null : why);

    private static async Task<AgentOutcome> AskAsync(GossipRuntime pool, Func<GossipPool, string?> ask)
    {
        try
        {
            return await pool.AskAsync(ask).ConfigureAwait(false) is { } error ? AgentOutcome.Failed(error) : AgentOutcome.Ok;
        }
        catch (MembershipException ended)
        {
            return AgentOutcome.Failed(ended.Message);
        }
    }

    private static bool IsMember(IReadOnlyList<GossipMember> members, string name)
    {
        foreach (var member in members)
            if (member.Name == name) return true;
        return false;
    }
}
