using Conclave.Agent;
using Conclave.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Agent;

/// <summary>Log lines of the local agent.</summary>
internal static partial class AgentLogMessages
{
    /// <summary>A line whose text the core decided.</summary>
    public static void Write(ILogger logger, WriteLog log)
    {
        var level = log.Level switch
        {
            LogLevels.Trace => LogLevel.Trace,
            LogLevels.Debug => LogLevel.Debug,
            LogLevels.Info => LogLevel.Information,
            LogLevels.Warn => LogLevel.Warning,
            _ => LogLevel.Error,
        };
        if (logger.IsEnabled(level)) logger.Log(level, CoreLine, log.Message, null, static (message, _) => message);
    }

    [LoggerMessage(3101, LogLevel.Error, "{Error}")]
    public static partial void DefinitionRefused(ILogger logger, string error);

    [LoggerMessage(3102, LogLevel.Warning, "skipped a damaged file: file={File} error={Error}")]
    public static partial void FileDamaged(ILogger logger, string file, string error);

    [LoggerMessage(3103, LogLevel.Error, "failed to keep a registration: file={File} error={Error}")]
    public static partial void FileNotWritten(ILogger logger, string file, string error);

    [LoggerMessage(3104, LogLevel.Debug, "restored from the data folder: kind={Kind} id={Id}")]
    public static partial void Restored(ILogger logger, string kind, string id);

    [LoggerMessage(3105, LogLevel.Debug, "the catalog was not told our coordinate: error={Error}")]
    public static partial void CoordinateNotSent(ILogger logger, string error);

    private static EventId CoreLine => new(3100, nameof(CoreLine));
}
