using Conclave.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Logging;

/// <summary>One name's door to the <see cref="AgentLog"/>.</summary>
internal sealed class AgentLogger(AgentLog log, string name) : ILogger
{
    // The web server tells several lines per connection when it is asked for details; nobody who debugs an agent wants to pay for or read them.
    private readonly LogLevel _finest = name.StartsWith("Microsoft.", StringComparison.Ordinal) ? LogLevel.Warning : LogLevel.Trace;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= _finest && logLevel != LogLevel.None && log.IsEnabled(LevelOf(logLevel));

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) log.Write(LevelOf(logLevel), name, formatter(state, exception), exception);
    }

    private static LogLevels LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace => LogLevels.Trace,
        LogLevel.Debug => LogLevels.Debug,
        LogLevel.Information => LogLevels.Info,
        LogLevel.Warning => LogLevels.Warn,
        _ => LogLevels.Error,
    };
}
