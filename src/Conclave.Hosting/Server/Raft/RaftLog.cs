using System.Net;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>Log messages of the Raft transport.</summary>
internal static partial class RaftLog
{
    [LoggerMessage(EventId = 310, Level = LogLevel.Error, Message = "failed to decode incoming command: from={Remote} error={Reason}")]
    public static partial void Malformed(ILogger logger, IPEndPoint remote, string reason);

    [LoggerMessage(EventId = 311, Level = LogLevel.Debug, Message = "raft connection ended: {Reason}")]
    public static partial void Ended(ILogger logger, string reason);

    [LoggerMessage(EventId = 312, Level = LogLevel.Warning, Message = "cannot reach server: peer={Peer} address={Address} error={Reason}")]
    public static partial void Unreachable(ILogger logger, string peer, string address, string reason);

    [LoggerMessage(EventId = 313, Level = LogLevel.Information, Message = "server can be reached: peer={Peer} address={Address}")]
    public static partial void Reached(ILogger logger, string peer, string address);

    [LoggerMessage(EventId = 314, Level = LogLevel.Error, Message = "failed to send snapshot: peer={Peer} error={Reason}")]
    public static partial void SnapshotFailed(ILogger logger, string peer, string reason);
}
