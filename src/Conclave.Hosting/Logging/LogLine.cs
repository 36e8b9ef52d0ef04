using System.Globalization;
using System.Text;
using System.Text.Json;
using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Logging;

/// <summary>Makes a log line: <c>2026-11-20T09:45:22.543Z [INFO]  agent: message</c>, or one JSON object.</summary>
internal static class LogLine
{
    /// <summary>A longer message is cut, so that nothing from outside can fill the log's queues.</summary>
    private const int MessageCharsMax = 16 * 1024;

    public static string Format(DateTimeOffset time, LogLevels level, string name, string message, Exception? error, bool json)
    {
        if (message.Length > MessageCharsMax) message = message[..MessageCharsMax];
        if (json) return Json(time, level, name, message, error);
        var line = new StringBuilder(message.Length + 64);
        line.Append(Time(time)).Append(Bracketed(level)).Append(name).Append(": ");
        AppendEscaped(line, message);
        if (error is null) return line.ToString();
        line.Append(": error=\"");
        AppendEscaped(line, error.Message);
        return line.Append('"').ToString();
    }

    private static string Time(DateTimeOffset time) =>
        time.ToString(time.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss.fff'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);

    private static string Bracketed(LogLevels level) => level switch
    {
        LogLevels.Trace => " [TRACE] ",
        LogLevels.Debug => " [DEBUG] ",
        LogLevels.Info => " [INFO]  ",
        LogLevels.Warn => " [WARN]  ",
        _ => " [ERROR] ",
    };

    /// <summary>One message is one line: control characters (also those that forge lines or move a terminal's cursor) become escapes.</summary>
    private static void AppendEscaped(StringBuilder line, string text)
    {
        foreach (var character in text)
            if (!char.IsControl(character)) line.Append(character);
            else if (character == '\n') line.Append("\\n");
            else if (character == '\t') line.Append("\\t");
            else line.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");
    }

    private static string Json(DateTimeOffset time, LogLevels level, string name, string message, Exception? error)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("@level", level switch
            {
                LogLevels.Trace => "trace",
                LogLevels.Debug => "debug",
                LogLevels.Info => "info",
                LogLevels.Warn => "warn",
                _ => "error",
            });
            writer.WriteString("@message", message);
            writer.WriteString("@module", name);
            writer.WriteString("@timestamp", time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffK", CultureInfo.InvariantCulture));
            if (error is not null) writer.WriteString("error", error.Message);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
