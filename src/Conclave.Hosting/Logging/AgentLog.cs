using Conclave.Agent;
using Conclave.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Logging;

/// <summary>
/// The agent's log: lines in Consul's form on standard output and in a file, and live for <c>agent/monitor</c>. Category names are the names shown
/// (<c>agent</c>, <c>agent.server</c>); key-value pairs belong into the message template (<c>"Starting server: address={Address}"</c>).
/// </summary>
/// <remarks>
/// Writing never waits: each output has a bounded queue and a thread of its own, and lines that find the queue full are counted in <see cref="DroppedLines"/>.
/// A reader that stops reading the agent's output therefore cannot stop the agent. Thread-safe.
/// </remarks>
public sealed class AgentLog : ILoggerFactory
{
    /// <summary>Lines kept before the banner; a start writes about twenty.</summary>
    private const int HeldLinesMax = 4096;

    private readonly Lock _gate = new();                      // guards writes to _subscribers and everything about _held
    private readonly TimeProvider _clock;
    private readonly List<LogPump> _pumps = [];
    private volatile Subscription[] _subscribers = [];
    private volatile LogLevels _level;
    private readonly bool _json;

    // Lines written before the banner; null once released. Guarded by _gate.
    private List<string>? _held;

    /// <summary>Starts the outputs.</summary>
    /// <param name="config">Level, form and file.</param>
    /// <param name="console">Standard output, or null for none. Not closed.</param>
    /// <param name="clock">Source of the times in lines and file names.</param>
    /// <exception cref="IOException">The log file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The log file may not be made.</exception>
    public AgentLog(LogConfig config, Stream? console, TimeProvider clock)
    {
        _clock = clock;
        _level = config.Level;
        _json = config.Json;
        if (config.File.Length > 0) _pumps.Add(new LogPump("log file", new LogFile(config, clock)));
        if (console is not null) _pumps.Insert(0, new LogPump("log console", new StreamOutput(console)));
    }

    /// <summary>Finest level that is written; a reload may change it.</summary>
    public LogLevels Level
    {
        get => _level;
        set => _level = value;
    }

    /// <summary>Lines lost because an output was slower than the agent.</summary>
    public long DroppedLines
    {
        get
        {
            long dropped = 0;
            foreach (var pump in _pumps) dropped += pump.DroppedLines;
            return dropped;
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new AgentLogger(this, categoryName);

    /// <summary>Not used: the outputs are fixed.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The outputs of the agent's log are fixed.");

    /// <summary>Sends lines of <paramref name="level"/> and above to <paramref name="sink"/> until the result is disposed.</summary>
    public IDisposable Subscribe(LogLevels level, IAgentLogSink sink)
    {
        var subscription = new Subscription(this, level, sink);
        lock (_gate) _subscribers = [.. _subscribers, subscription];
        return subscription;
    }

    /// <summary>Keeps lines back until <see cref="Release"/>, because the banner that comes before them names what only the start finds out.</summary>
    public void Hold()
    {
        lock (_gate) _held ??= [];
    }

    /// <summary>Writes text as it is to the outputs, then the lines that were held.</summary>
    public void Release(string text)
    {
        lock (_gate)
        {
            if (text.Length > 0) Enqueue(text);
            foreach (var line in _held ?? []) Enqueue(line);
            _held = null;
        }
    }

    /// <summary>Ends the outputs; waits for a reader that does not read only <see cref="LogPump.DrainTime"/>.</summary>
    public void Dispose()
    {
        foreach (var pump in _pumps) pump.Dispose();
    }

    internal bool IsEnabled(LogLevels level)
    {
        if (level >= _level) return true;
        foreach (var subscriber in _subscribers)
            if (level >= subscriber.Level) return true;
        return false;
    }

    internal void Write(LogLevels level, string name, string message, Exception? error)
    {
        var line = LogLine.Format(_clock.GetLocalNow(), level, name, message, error, _json);
        if (level >= _level && !TryHold(line + "\n")) Enqueue(line + "\n");
        foreach (var subscriber in _subscribers)
            if (level >= subscriber.Level) subscriber.Sink.OnLine(line);
    }

    private bool TryHold(string line)
    {
        if (Volatile.Read(ref _held) is null) return false;
        lock (_gate)
        {
            if (_held is null) return false;
            if (_held.Count < HeldLinesMax) _held.Add(line);
            return true;
        }
    }

    private void Enqueue(string text)
    {
        foreach (var pump in _pumps) pump.Enqueue(text);
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate) _subscribers = Array.FindAll(_subscribers, other => other != subscription);
    }

    private sealed class Subscription(AgentLog owner, LogLevels level, IAgentLogSink sink) : IDisposable
    {
        public LogLevels Level => level;

        public IAgentLogSink Sink => sink;

        public void Dispose() => owner.Remove(this);
    }
}
