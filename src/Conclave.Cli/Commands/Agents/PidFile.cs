using System.Globalization;

namespace Conclave.Cli.Commands.Agents;

/// <summary>The file with the process id: the number only, there while the agent runs.</summary>
/// <param name="path">Path; empty for none.</param>
internal sealed class PidFile(string path) : IDisposable
{
    private bool _isWritten;

    /// <exception cref="IOException">The folder does not exist or the file cannot be written.</exception>
    public void Write()
    {
        if (path.Length == 0) return;
        try
        {
            File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            _isWritten = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Could not open pid file: {Hosting.Configuration.ConfigFiles.Reason("open", path, error)}", error);
        }
    }

    public void Dispose()
    {
        if (_isWritten) File.Delete(path);
    }
}
