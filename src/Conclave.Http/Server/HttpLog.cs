using Microsoft.Extensions.Logging;

namespace Conclave.Http.Server;

/// <summary>Log lines of the HTTP layer. Query strings and headers never appear: they may hold tokens.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(EventId = 4000, Level = LogLevel.Error, Message = "Request failed: method={Method} path={Path}")]
    public static partial void HandlerFailed(ILogger logger, Exception failure, string method, string path);

    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "Starting server: address={Address} network={Network} protocol={Protocol}")]
    public static partial void Listening(ILogger logger, string address, string network, string protocol);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "Too many connections of one client: address={Address}")]
    public static partial void TooManyConnections(ILogger logger, string address);
}
