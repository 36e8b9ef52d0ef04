using Conclave.Agent;
using Conclave.Agent.Configuration;
using Conclave.Hosting.Agent;
using Conclave.Hosting.Calls;
using Conclave.Hosting.Client;
using Conclave.Hosting.Configuration;
using Conclave.Hosting.Logging;
using Conclave.Http.Server;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>What of an agent changes while it runs, when its configuration is read anew: all of it or, when something is wrong with it, nothing.</summary>
internal sealed class AgentReload
{
    /// <summary>Where lines go.</summary>
    public required AgentLog Log { get; init; }

    /// <summary>Services and checks.</summary>
    public required AgentRuntime Local { get; init; }

    /// <summary>The HTTP front end; null when all its ports are off.</summary>
    public HttpFrontEnd? FrontEnd { get; init; }

    /// <summary>The listeners; null when all ports are off.</summary>
    public HttpListenerHost? Listeners { get; init; }

    /// <summary>The node of a server; null at a client.</summary>
    public NodeRuntime? Node { get; init; }

    /// <summary>The calls of a server; null at a client.</summary>
    public ServerCalls? Calls { get; init; }

    /// <summary>Calls of an agent without a state of its own, or null.</summary>
    public ClientCalls? Client { get; init; }

    /// <summary>What metrics show.</summary>
    public required AgentMetrics Metrics { get; init; }

    /// <summary>Applies a configuration that is valid by itself.</summary>
    /// <param name="current">What is in force.</param>
    /// <param name="fresh">What was read now.</param>
    /// <returns>How it went, and what is in force afterwards.</returns>
    /// <exception cref="InvalidDataException">A certificate cannot be used; nothing has changed.</exception>
    public (AgentOutcome Outcome, AgentConfig Config) Apply(AgentConfig current, AgentConfig fresh)
    {
        var tls = AgentListeners.Tls(Merge(current, fresh));
        var problems = Local.Reconfigure(fresh);
        if (problems.Count > 0) return (AgentOutcome.Failed("Failed reloading services: " + string.Join('\n', problems)), current);
        Log.Level = fresh.Log.Level;
        FrontEnd?.Reload(AgentListeners.Options(fresh));
        if (tls is not null) Listeners?.Use(tls);
        Calls?.Reload(ServerCallOptions.From(fresh));
        Client?.Reload(fresh);
        Metrics.Use(fresh.Telemetry);
        var raft = fresh.Raft;
        Node?.Inbox.Post(node => node.Reconfigure((ulong)raft.SnapshotThreshold, raft.SnapshotInterval, raft.TrailingLogs));
        var logger = Log.CreateLogger("agent");
        foreach (string key in ReloadableKeys.Missed(current.Given, fresh.Given)) AgentHostLog.NotReloaded(logger, key);
        return (AgentOutcome.Ok, Merge(current, fresh));
    }

    private static AgentConfig Merge(AgentConfig current, AgentConfig fresh) => current with
    {
        Services = fresh.Services,
        Checks = fresh.Checks,
        Watches = fresh.Watches,
        NodeMeta = fresh.NodeMeta,
        Tls = fresh.Tls,
        DiscardCheckOutput = fresh.DiscardCheckOutput,
        DiscoveryMaxStale = fresh.DiscoveryMaxStale,
        Log = current.Log with { Level = fresh.Log.Level },
        Http = fresh.Http with { MaxHeaderBytes = current.Http.MaxHeaderBytes },
        Limits = current.Limits with { HttpMaxConnsPerClient = fresh.Limits.HttpMaxConnsPerClient, RpcMaxConnsPerClient = fresh.Limits.RpcMaxConnsPerClient, RpcHandshakeTimeout = fresh.Limits.RpcHandshakeTimeout, RpcRate = fresh.Limits.RpcRate, RpcMaxBurst = fresh.Limits.RpcMaxBurst },
        Telemetry = current.Telemetry with { PrefixFilter = fresh.Telemetry.PrefixFilter, FilterDefault = fresh.Telemetry.FilterDefault },
        Raft = current.Raft with { SnapshotThreshold = fresh.Raft.SnapshotThreshold, SnapshotInterval = fresh.Raft.SnapshotInterval, TrailingLogs = fresh.Raft.TrailingLogs },
    };
}
