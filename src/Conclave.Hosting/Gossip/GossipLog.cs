using Conclave.Gossip;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Gossip;

/// <summary>Passes a pool's lines on under the names that peers use: <c>agent.server.serf.lan</c>, <c>agent.server.memberlist.lan</c>.</summary>
internal sealed class GossipLog(ILoggerFactory loggers, string prefix, string suffix)
{
    private readonly Dictionary<string, ILogger> _byArea = new(StringComparer.Ordinal);   // used by the pool's loop only

    public void Write(in GossipLogLine line)
    {
        if (!_byArea.TryGetValue(line.Area, out var logger)) _byArea.Add(line.Area, logger = loggers.CreateLogger(prefix + line.Area + suffix));
        var level = LevelOf(line.Level);
        if (!logger.IsEnabled(level)) return;
        if (prefix.Length == 0) GossipLogMessages.Line(logger, level, line.Text);
        else GossipLogMessages.AreaLine(logger, level, line.Area, line.Text);   // an agent's lines repeat the area, as the peers' do
    }

    public void Fatal(string reason) => GossipLogMessages.Fatal(loggers.CreateLogger(prefix + "serf" + suffix), reason);

    private static LogLevel LevelOf(GossipLogLevel level) => level switch
    {
        GossipLogLevel.Debug => LogLevel.Debug,
        GossipLogLevel.Info => LogLevel.Information,
        GossipLogLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}

/// <summary>Log messages of a pool's runtime.</summary>
internal static partial class GossipLogMessages
{
    [LoggerMessage(EventId = 300, Message = "{Text}")]
    public static partial void Line(ILogger logger, LogLevel level, string text);

    [LoggerMessage(EventId = 302, Message = "{Area}: {Text}")]
    public static partial void AreaLine(ILogger logger, LogLevel level, string area, string text);

    [LoggerMessage(EventId = 301, Level = LogLevel.Critical, Message = "{Text}")]
    public static partial void Fatal(ILogger logger, string text);
}
