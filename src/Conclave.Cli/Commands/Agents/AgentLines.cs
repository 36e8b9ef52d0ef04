using Microsoft.Extensions.Logging;

namespace Conclave.Cli.Commands.Agents;

/// <summary>Lines about the life of the process; scripts wait for some of them, so the wording is fixed.</summary>
internal static partial class AgentLines
{
    [LoggerMessage(EventId = 300, Level = LogLevel.Warning, Message = "{Line}")]
    public static partial void Warning(ILogger logger, string line);

    [LoggerMessage(EventId = 301, Level = LogLevel.Error, Message = "Error starting agent: error=\"{Reason}\"")]
    public static partial void StartFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 302, Level = LogLevel.Information, Message = "Caught: signal={Name}")]
    public static partial void Caught(ILogger logger, string name);

    [LoggerMessage(EventId = 303, Level = LogLevel.Information, Message = "Graceful shutdown disabled. Exiting")]
    public static partial void NoLeave(ILogger logger);

    [LoggerMessage(EventId = 304, Level = LogLevel.Error, Message = "Graceful leave was interrupted or took too long. Exiting")]
    public static partial void LeaveGivenUp(ILogger logger);

    [LoggerMessage(EventId = 305, Level = LogLevel.Information, Message = "Requesting shutdown")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(EventId = 306, Level = LogLevel.Error, Message = "The agent did not stop in time; the process ends without it")]
    public static partial void StopGivenUp(ILogger logger);

    [LoggerMessage(EventId = 307, Level = LogLevel.Error, Message = "The agent cannot go on: error=\"{Reason}\"")]
    public static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(EventId = 308, Level = LogLevel.Error, Message = "Failed to reload: error=\"{Reason}\"")]
    public static partial void ReloadFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 309, Level = LogLevel.Information, Message = "Exit code: code={Code}")]
    public static partial void ExitCode(ILogger logger, int code);

    [LoggerMessage(EventId = 310, Level = LogLevel.Error, Message = "Watch not started: type={Type} error=\"{Reason}\"")]
    public static partial void WatchRefused(ILogger logger, string type, string reason);

    [LoggerMessage(EventId = 311, Level = LogLevel.Error, Message = "Watch errored: type={Type} error=\"{Reason}\"")]
    public static partial void WatchFailed(ILogger logger, string type, string reason);
}
