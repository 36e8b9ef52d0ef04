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

    [LoggerMessage(EventId = 304, Level = LogLevel.Information, Message = "Timeout on graceful leave. Exiting")]
    public static partial void LeaveTooLong(ILogger logger);

    [LoggerMessage(EventId = 311, Level = LogLevel.Information, Message = "Caught second signal, Exiting: signal={Name}")]
    public static partial void LeaveInterrupted(ILogger logger, string name);

    [LoggerMessage(EventId = 312, Level = LogLevel.Information, Message = "Gracefully shutting down agent...")]
    public static partial void Leaving(ILogger logger);

    [LoggerMessage(EventId = 313, Level = LogLevel.Information, Message = "Graceful exit completed")]
    public static partial void Left(ILogger logger);

    [LoggerMessage(EventId = 314, Level = LogLevel.Error, Message = "Error on leave: error=\"{Reason}\"")]
    public static partial void LeaveFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 315, Level = LogLevel.Error, Message = "Caught: signal={Name} error=\"cannot reload before agent started\"")]
    public static partial void TooEarly(ILogger logger, string name);

    [LoggerMessage(EventId = 316, Level = LogLevel.Error, Message = "Retry join failed: error=\"{Reason}\"")]
    public static partial void JoinFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 317, Level = LogLevel.Error, Message = "{Reasons}")]
    public static partial void NobodyJoined(ILogger logger, string reasons);

    [LoggerMessage(EventId = 305, Level = LogLevel.Information, Message = "Requesting shutdown")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(EventId = 306, Level = LogLevel.Error, Message = "The agent did not stop in time; the process ends without it")]
    public static partial void StopGivenUp(ILogger logger);

    [LoggerMessage(EventId = 307, Level = LogLevel.Error, Message = "The agent cannot go on: error=\"{Reason}\"")]
    public static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(EventId = 308, Level = LogLevel.Error, Message = "Reload config failed: error=\"{Reason}\"")]
    public static partial void ReloadFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 309, Level = LogLevel.Information, Message = "Exit code: code={Code}")]
    public static partial void ExitCode(ILogger logger, int code);

    [LoggerMessage(EventId = 310, Level = LogLevel.Error, Message = "Watch not started: type={Type} error=\"{Reason}\"")]
    public static partial void WatchRefused(ILogger logger, string type, string reason);

    [LoggerMessage(EventId = 311, Level = LogLevel.Error, Message = "Watch errored: type={Type} error=\"{Reason}\"")]
    public static partial void WatchFailed(ILogger logger, string type, string reason);
}
