using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Pools;

/// <summary>Lines of the agent about its pools, in the wording that scripts wait for.</summary>
internal static partial class PoolLog
{
    [LoggerMessage(EventId = 320, Level = LogLevel.Information, Message = "Joining cluster...: cluster={Cluster}")]
    public static partial void Joining(ILogger logger, string cluster);

    [LoggerMessage(EventId = 321, Level = LogLevel.Information, Message = "Join cluster completed. Synced with initial agents: cluster={Cluster} num_agents={Agents}")]
    public static partial void Joined(ILogger logger, string cluster, int agents);

    [LoggerMessage(EventId = 322, Level = LogLevel.Warning, Message = "Join cluster failed, will retry: cluster={Cluster} retry_interval={Interval} error={Error}")]
    public static partial void WillRetry(ILogger logger, string cluster, string interval, string error);

    [LoggerMessage(EventId = 350, Level = LogLevel.Warning, Message = "({Pool}) couldn't join: error=\"{Reason}\"")]
    public static partial void CannotJoin(ILogger logger, string pool, string reason);

    [LoggerMessage(EventId = 323, Level = LogLevel.Information, Message = "({Pool}) joining: addresses={Addresses}")]
    public static partial void JoiningPool(ILogger logger, string pool, string addresses);

    [LoggerMessage(EventId = 324, Level = LogLevel.Information, Message = "({Pool}) joined: number_of_nodes={Nodes}")]
    public static partial void JoinedPool(ILogger logger, string pool, int nodes);

    [LoggerMessage(EventId = 325, Level = LogLevel.Warning, Message = "couldn't join: number_of_nodes=0 error={Error}")]
    public static partial void CouldNotJoin(ILogger logger, string error);

    [LoggerMessage(EventId = 326, Level = LogLevel.Warning, Message = "{Pool} keyring exists but -encrypt given, using keyring")]
    public static partial void KeyPassedOver(ILogger logger, string pool);

    [LoggerMessage(EventId = 327, Level = LogLevel.Information, Message = "New leader elected: payload={Name}")]
    public static partial void NewLeader(ILogger logger, string name);

    [LoggerMessage(EventId = 328, Level = LogLevel.Error, Message = "Failed to decode event: name={Name} error={Error}")]
    public static partial void BadEvent(ILogger logger, string name, string error);

    [LoggerMessage(EventId = 329, Level = LogLevel.Warning, Message = "User events are dropped: they come faster than their filters are evaluated: dropped={Count}")]
    public static partial void EventsDropped(ILogger logger, long count);

    [LoggerMessage(EventId = 330, Level = LogLevel.Debug, Message = "Flood-joining servers into the WAN pool: addresses={Addresses}")]
    public static partial void Flooding(ILogger logger, string addresses);

    [LoggerMessage(EventId = 331, Level = LogLevel.Warning, Message = "Failed to leave the {Pool} pool: error={Error}")]
    public static partial void LeaveFailed(ILogger logger, string pool, string error);

    [LoggerMessage(EventId = 332, Level = LogLevel.Warning, Message = "Failed to broadcast new leader event: error={Error}")]
    public static partial void LeaderEventFailed(ILogger logger, string error);
}
