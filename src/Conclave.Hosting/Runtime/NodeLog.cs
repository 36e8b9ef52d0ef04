using Conclave.Node;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting;

/// <summary>Passes the node's lines on under the names that peers use: <c>agent.server</c>, <c>agent.server.raft</c>.</summary>
internal sealed class NodeLog(ILoggerFactory loggers)
{
    private readonly Dictionary<string, ILogger> _byArea = new(StringComparer.Ordinal);   // used by the node's loop only

    public void Write(in NodeLogLine line)
    {
        if (!_byArea.TryGetValue(line.Area, out var logger)) _byArea.Add(line.Area, logger = loggers.CreateLogger("agent." + line.Area));
        NodeLogMessages.Line(logger, LevelOf(line.Level), line.Text);
    }

    private static LogLevel LevelOf(NodeLogLevel level) => level switch
    {
        NodeLogLevel.Debug => LogLevel.Debug,
        NodeLogLevel.Info => LogLevel.Information,
        NodeLogLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}

/// <summary>Log messages of the node's runtime.</summary>
internal static partial class NodeLogMessages
{
    [LoggerMessage(EventId = 100, Message = "{Text}")]
    public static partial void Line(ILogger logger, LogLevel level, string text);

    [LoggerMessage(EventId = 101, Level = LogLevel.Critical, Message = "{Text}")]
    public static partial void Fatal(ILogger logger, string text);
}
