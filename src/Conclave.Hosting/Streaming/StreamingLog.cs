using System.Net;
using Conclave.Rpc.Grpc;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Streaming;

/// <summary>Log lines about subscriptions.</summary>
internal static partial class StreamingLog
{
    [LoggerMessage(EventId = 720, Level = LogLevel.Trace, Message = "new subscription: topic={Topic} key={Key} index={Index} from={Remote}")]
    public static partial void Began(ILogger log, StreamTopic topic, string key, ulong index, EndPoint? remote);

    [LoggerMessage(EventId = 721, Level = LogLevel.Trace, Message = "subscription closed: topic={Topic} key={Key}")]
    public static partial void Ended(ILogger log, StreamTopic topic, string key);

    [LoggerMessage(EventId = 722, Level = LogLevel.Debug, Message = "subscription reset by server: topic={Topic} key={Key}")]
    public static partial void Reset(ILogger log, StreamTopic topic, string key);

    [LoggerMessage(EventId = 723, Level = LogLevel.Error, Message = "watching a service for subscribers failed: service={Service}")]
    public static partial void FeedFailed(ILogger log, Exception failure, string service);

    [LoggerMessage(EventId = 724, Level = LogLevel.Error, Message = "serving a gRPC call failed")]
    public static partial void CallFailed(ILogger log, Exception failure);

    [LoggerMessage(EventId = 725, Level = LogLevel.Debug, Message = "a subscriber does not take what was sent to it, cutting its stream: topic={Topic} key={Key}")]
    public static partial void Stuck(ILogger log, StreamTopic topic, string key);
}
