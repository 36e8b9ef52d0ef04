using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Client;

/// <summary>Log lines of an agent that asks servers.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(EventId = 260, Level = LogLevel.Debug, Message = "RPC failed to server: method={Method} server={Server} error=\"{Reason}\"")]
    public static partial void CallFailed(ILogger log, string method, string server, string reason);

    [LoggerMessage(EventId = 261, Level = LogLevel.Information, Message = "adding server: server={Server}")]
    public static partial void Adding(ILogger log, string server);

    [LoggerMessage(EventId = 262, Level = LogLevel.Information, Message = "removing server: server={Server}")]
    public static partial void Removing(ILogger log, string server);

    [LoggerMessage(EventId = 263, Level = LogLevel.Debug, Message = "subscription to a service ended: service={Service} server={Server} reason=\"{Reason}\"")]
    public static partial void SubscriptionEnded(ILogger log, string service, string server, string reason);
}
