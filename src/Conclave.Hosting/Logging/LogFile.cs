using System.Globalization;
using Conclave.Agent.Configuration;

namespace Conclave.Hosting.Logging;

/// <summary>A log file <c>name-&lt;ns since 1970&gt;.log</c> that is replaced after a time or a size; old ones are removed as configured.</summary>
internal sealed class LogFile : ILogOutput
{
    private readonly LogConfig _config;
    private readonly TimeProvider _clock;
    private readonly string _folder, _stem, _extension;
    private FileStream _file;
    private DateTimeOffset _openedAt;

    public LogFile(LogConfig config, TimeProvider clock)
    {
        (_config, _clock) = (config, clock);
        var path = Path.GetFullPath(config.File.EndsWith('/') ? config.File + "consul.log" : config.File);
        _folder = Path.GetDirectoryName(path)!;
        _extension = Path.GetExtension(path) is { Length: > 0 } extension ? extension : ".log";
        _stem = Path.GetFileNameWithoutExtension(path);
        _file = Open();
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> lines)
    {
        if (IsDue()) Rotate();
        _file.Write(lines);
        _file.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool IsDue() =>
        (_config.RotateDuration > TimeSpan.Zero && _clock.GetUtcNow() - _openedAt >= _config.RotateDuration)
        || (_config.RotateBytes > 0 && _file.Length >= _config.RotateBytes);

    private void Rotate()
    {
        _file.Dispose();
        _file = Open();
        if (_config.RotateMaxFiles != 0) RemoveOld(Math.Max(_config.RotateMaxFiles, 0));
    }

    private FileStream Open()
    {
        _openedAt = _clock.GetUtcNow();
        var stamp = (_openedAt - DateTimeOffset.UnixEpoch).Ticks * 100;
        var path = Path.Combine(_folder, $"{_stem}-{stamp.ToString(CultureInfo.InvariantCulture)}{_extension}");
        return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    /// <summary>Stamps have equal length, so the order of names is the order of age; the open file is the last.</summary>
    private void RemoveOld(int keep)
    {
        var files = Directory.GetFiles(_folder, $"{_stem}-*{_extension}");
        Array.Sort(files, StringComparer.Ordinal);
        for (var i = 0; i < files.Length - 1 - keep; i++) File.Delete(files[i]);
    }
}
