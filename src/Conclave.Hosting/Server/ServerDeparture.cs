using Conclave.Core.Model;
using Conclave.Gossip;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Pools;
using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>
/// The graceful leave of a server: hands leadership over, leaves the pools, takes no more requests, and stays until the others have taken it out of the Raft configuration,
/// so that they lose a voter instead of having one that is down.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="pools">The pools.</param>
/// <param name="draining">Told when no more requests are taken.</param>
/// <param name="drainTime">How long clients get to turn to another server.</param>
/// <param name="time">Timers.</param>
/// <param name="loggers">Where lines go.</param>
internal sealed class ServerDeparture(NodeGateway node, AgentPools pools, Draining draining, TimeSpan drainTime, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>Longest time for a hand-over by a server that stops without leaving: it takes two messages to one that is up to date.</summary>
    public static readonly TimeSpan QuickHandOver = TimeSpan.FromMilliseconds(300);

    /// <summary>Longest time that a server waits to be taken out of the configuration.</summary>
    private static readonly TimeSpan RemovalTimeMax = TimeSpan.FromSeconds(5), RemovalTimeMin = TimeSpan.FromSeconds(1);

    /// <summary>A leave is given up after 15 s: the waiting ends before, for everything else is done by then.</summary>
    private static readonly TimeSpan LeaveTimeGoal = TimeSpan.FromSeconds(14);

    /// <summary>Longest time for a hand-over, or for the removal of oneself where nobody takes over.</summary>
    private static readonly TimeSpan HandOverTimeMax = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ILogger _logger = loggers.CreateLogger("agent.server");

    /// <summary>Leaves. Whatever goes wrong is logged; in the end the server is as far gone as it can be. A lone server only leaves the pools and drains.</summary>
    public async Task RunAsync()
    {
        long start = time.GetTimestamp();
        DepartureLog.Leaving(_logger);
        if (node.Status.IsLeader && HasOtherVoters && !await TryHandOverAsync(HandOverTimeMax).ConfigureAwait(false)) await RemoveSelfAsync().ConfigureAwait(false);
        await pools.LeaveAsync().ConfigureAwait(false);
        // After the pools: clients must know by then to turn to another server.
        DepartureLog.Draining(_logger, drainTime.TotalSeconds);
        await draining.BeginAsync().ConfigureAwait(false);
        await Task.Delay(drainTime, time).ConfigureAwait(false);
        if (HasOtherVoters && !await IsRemovedAsync(LeaveTimeGoal - time.GetElapsedTime(start)).ConfigureAwait(false)) DepartureLog.NotRemoved(_logger);
    }

    /// <summary>Makes another server the leader, if this one leads: one that keeps up and does not leave itself. Ends when another one leads, or without success.</summary>
    /// <param name="limit">Longest wait for the other one.</param>
    public async Task<bool> TryHandOverAsync(TimeSpan limit)
    {
        if (!node.Status.IsLeader || HeirOf() is not { } heir) return false;
        var asked = await node.TransferLeadershipAsync(heir, CancellationToken.None).ConfigureAwait(false);
        bool isDone = asked.Kind != ApplyResultKind.Error && await IsFollowedAsync(limit).ConfigureAwait(false);
        if (isDone) DepartureLog.HandedOver(_logger, heir);
        else DepartureLog.NotHandedOver(_logger, asked.Kind == ApplyResultKind.Error ? asked.Text : "it took too long");
        return isDone;
    }

    private bool HasOtherVoters => node.Status is { PeerAddresses.Count: > 0, IsSoleVoter: false };

    // The most current one of those that are fit to lead.
    private string? HeirOf()
    {
        ServerHealth? heir = null;
        foreach (var server in node.Health)
        {
            if (server is not { IsVoter: true, IsHealthy: true, IsLeader: false, Progress: { } progress } || !IsThere(server.Id)) continue;
            if (heir is null || progress.LastIndex > heir.Progress!.Value.LastIndex) heir = server;
        }
        return heir?.Id;
    }

    // To the node a server that is leaving is still there.
    private bool IsThere(string id)
    {
        foreach (var member in pools.LanMembers)
            if (member.Status == MemberStatus.Alive && member.Tag("id") == id) return true;
        return false;
    }

    private bool IsAnotherThere
    {
        get
        {
            foreach (var server in node.Status.Servers)
                if (server.Id != node.Identity.NodeId && IsThere(server.Id)) return true;
            return false;
        }
    }

    // Others cannot remove us: we lead, and none of them can. With us gone they are at least as many as they need.
    private async Task RemoveSelfAsync()
    {
        using var limit = new CancellationTokenSource(HandOverTimeMax, time);
        try
        {
            var removed = await node.RemoveServerAsync(node.Identity.NodeId, limit.Token).ConfigureAwait(false);
            if (removed.Kind == ApplyResultKind.Error) DepartureLog.SelfNotRemoved(_logger, removed.Text);
        }
        catch (OperationCanceledException)
        {
            DepartureLog.SelfNotRemoved(_logger, "it took too long");
        }
    }

    // Whoever was handed to may have left too and handed back: the one that leads has nobody who removes it.
    private async Task<bool> IsRemovedAsync(TimeSpan limit)
    {
        limit = limit < RemovalTimeMin ? RemovalTimeMin : limit > RemovalTimeMax ? RemovalTimeMax : limit;
        long start = time.GetTimestamp();
        while (IsConfigured)
        {
            var left = limit - time.GetElapsedTime(start);
            // Where all others leave too, nobody is there any more to take anybody out.
            if (left <= TimeSpan.Zero || !IsAnotherThere) return false;
            await TryHandOverAsync(left).ConfigureAwait(false);
            await Task.Delay(left < Pause ? left : Pause, time).ConfigureAwait(false);
        }
        return true;
    }

    private bool IsConfigured
    {
        get
        {
            foreach (var server in node.Status.Servers)
                if (server.Id == node.Identity.NodeId) return true;
            return false;
        }
    }

    // Until another server leads, so that requests find their way at once.
    private async Task<bool> IsFollowedAsync(TimeSpan limit)
    {
        var changed = new Pulse();
        node.StatusChanged += changed.Fire;
        try
        {
            long start = time.GetTimestamp();
            while (true)
            {
                var next = changed.Next;
                if (node.Status is { IsLeader: false, KnownLeader: true }) return true;
                var left = limit - time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero) return false;
                await next.WaitAsync(left, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            node.StatusChanged -= changed.Fire;
        }
    }
}

/// <summary>Lines of a server that leaves.</summary>
internal static partial class DepartureLog
{
    [LoggerMessage(EventId = 340, Level = LogLevel.Information, Message = "server starting leave")]
    public static partial void Leaving(ILogger logger);

    [LoggerMessage(EventId = 341, Level = LogLevel.Information, Message = "successfully transferred leadership: to={Heir}")]
    public static partial void HandedOver(ILogger logger, string heir);

    [LoggerMessage(EventId = 342, Level = LogLevel.Warning, Message = "leadership was not handed over: error=\"{Reason}\"")]
    public static partial void NotHandedOver(ILogger logger, string reason);

    [LoggerMessage(EventId = 343, Level = LogLevel.Error, Message = "failed to remove ourself as raft peer: error=\"{Reason}\"")]
    public static partial void SelfNotRemoved(ILogger logger, string reason);

    [LoggerMessage(EventId = 344, Level = LogLevel.Information, Message = "Waiting to drain RPC traffic: drain_time={Seconds}s")]
    public static partial void Draining(ILogger logger, double seconds);

    [LoggerMessage(EventId = 345, Level = LogLevel.Warning, Message = "failed to leave raft configuration gracefully, timeout")]
    public static partial void NotRemoved(ILogger logger);
}
