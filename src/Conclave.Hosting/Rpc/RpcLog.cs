using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Calls;

/// <summary>Log lines about calls over the server port.</summary>
internal static partial class RpcLog
{
    [LoggerMessage(EventId = 700, Level = LogLevel.Debug, Message = "RPC connection ended: {Reason}")]
    public static partial void ConnectionEnded(ILogger log, string reason);

    [LoggerMessage(EventId = 701, Level = LogLevel.Error, Message = "RPC method failed")]
    public static partial void MethodFailed(ILogger log, Exception failure);

    [LoggerMessage(EventId = 702, Level = LogLevel.Debug, Message = "RPC connection to {Address} ended: {Reason}")]
    public static partial void ClientEnded(ILogger log, string address, string reason);
}
