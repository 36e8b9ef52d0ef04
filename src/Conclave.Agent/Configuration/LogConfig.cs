namespace Conclave.Agent.Configuration;

/// <summary>Levels of log lines, the finest first.</summary>
public enum LogLevels
{
    /// <summary>Every message.</summary>
    Trace,
    /// <summary>For people who look for a fault.</summary>
    Debug,
    /// <summary>Changes of state an operator cares about.</summary>
    Info,
    /// <summary>Something is odd.</summary>
    Warn,
    /// <summary>Something failed.</summary>
    Error,
}

/// <summary>Keys <c>log_*</c> and <c>enable_syslog</c>.</summary>
public sealed record LogConfig
{
    /// <summary>Finest level that is written.</summary>
    public LogLevels Level { get; init; } = LogLevels.Info;

    /// <summary>One JSON object per line.</summary>
    public bool Json { get; init; }

    /// <summary>Log file beside standard output; empty for none. A folder when it ends with <c>/</c>.</summary>
    public string File { get; init; } = "";

    /// <summary>Bytes after which a new file begins; 0 for no limit.</summary>
    public long RotateBytes { get; init; }

    /// <summary>Time after which a new file begins; zero for the default of a day.</summary>
    public TimeSpan RotateDuration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Old files kept; 0 for all, -1 for none.</summary>
    public int RotateMaxFiles { get; init; }

    /// <summary>Accepted without effect: there is no syslog output.</summary>
    public bool EnableSyslog { get; init; }

    /// <summary>Reads a level in any case: trace, debug, info, warn, warning, err, error.</summary>
    public static bool TryParseLevel(string text, out LogLevels level)
    {
        (var known, level) = text.Trim().ToUpperInvariant() switch
        {
            "TRACE" => (true, LogLevels.Trace),
            "DEBUG" => (true, LogLevels.Debug),
            "INFO" => (true, LogLevels.Info),
            "WARN" or "WARNING" => (true, LogLevels.Warn),
            "ERR" or "ERROR" => (true, LogLevels.Error),
            _ => (false, LogLevels.Info),
        };
        return known;
    }
}
