using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Integrity;

/// <summary>Log lines about servers whose states differ.</summary>
internal static partial class IntegrityLog
{
    [LoggerMessage(EventId = 720, Level = LogLevel.Error, Message = "The state of server {Server} at {Address} differs from this one's since entry {Index} or earlier. One of them answers wrongly: "
        + "compare both with a third server; stop the wrong one, empty its data folder and let it join again")]
    public static partial void StatesDiffer(ILogger log, string server, string address, ulong index);

    [LoggerMessage(EventId = 721, Level = LogLevel.Debug, Message = "The state of server {Server} is equal to this one's at {Count} entries of the log")]
    public static partial void StatesAgree(ILogger log, string server, int count);
}
