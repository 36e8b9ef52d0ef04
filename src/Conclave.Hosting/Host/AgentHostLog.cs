using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>Lines of the agent's host; scripts wait for some of them, so the wording is fixed.</summary>
internal static partial class AgentHostLog
{
    [LoggerMessage(EventId = 200, Level = LogLevel.Information, Message = "Starting server: address={Address} network={Network} protocol={Protocol}")]
    public static partial void StartingServer(ILogger logger, string address, string network, string protocol);

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "Consul agent running!")]
    public static partial void Running(ILogger logger);

    [LoggerMessage(EventId = 202, Level = LogLevel.Information, Message = "Endpoints down")]
    public static partial void EndpointsDown(ILogger logger);

    [LoggerMessage(EventId = 205, Level = LogLevel.Warning, Message = "A changed setting takes effect only after a restart: key={Key}")]
    public static partial void NotReloaded(ILogger logger, string key);

    [LoggerMessage(EventId = 204, Level = LogLevel.Information, Message = "Reloading configuration...")]
    public static partial void Reloading(ILogger logger);
}
