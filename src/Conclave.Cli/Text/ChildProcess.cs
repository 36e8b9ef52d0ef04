using System.Diagnostics;

namespace Conclave.Cli.Text;

/// <summary>Runs a child with its output passed on.</summary>
internal static class ChildProcess
{
    /// <summary>How the child's process is made: through the shell, or the words as they are.</summary>
    public static ProcessStartInfo Command(IReadOnlyList<string> words, bool shell)
    {
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (shell)
        {
            start.FileName = "/bin/sh";
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(string.Join(' ', words));
            return start;
        }
        start.FileName = words[0];
        foreach (var word in words.Skip(1)) start.ArgumentList.Add(word);
        return start;
    }

    /// <summary>Runs the child to its end and gives its exit code; <paramref name="input"/> is its standard input, null for none.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static async Task<int> RunAsync(ProcessStartInfo start, byte[]? input, CommandIo io, CancellationToken stop)
    {
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        var pumps = Task.WhenAll(PumpAsync(process.StandardOutput, io.Out), PumpAsync(process.StandardError, io.Error));
        await FeedAsync(process, input ?? []).ConfigureAwait(false);
        try
        {
            await process.WaitForExitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        await pumps.ConfigureAwait(false);
        return process.ExitCode;
    }

    private static async Task FeedAsync(Process process, byte[] input)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException error)
        {
            // A child that does not read its input is in its right.
            Debug.WriteLine(error.Message);
        }
    }

    private static async Task PumpAsync(StreamReader from, TextWriter into)
    {
        var buffer = new char[4096];
        for (var count = await from.ReadAsync(buffer).ConfigureAwait(false); count > 0; count = await from.ReadAsync(buffer).ConfigureAwait(false))
            await into.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
    }
}
