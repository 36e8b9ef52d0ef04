using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Conclave.Agent.Checks;
using Conclave.Agent.Configuration;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Hosting.Agent.Probes;

/// <summary>Runs a program without a shell: exit code 0 is passing, 1 warning, everything else critical.</summary>
internal static class ScriptProbe
{
    private const int KillSignal = 9;
    private const int ReadBytes = 4096;
    private const string SessionStarter = "/usr/bin/setsid";
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    public static async Task<ProbeResult> RunAsync(CheckDefinition check, TimeSpan timeout, int outputMax, CancellationToken stop)
    {
        using var process = new Process { StartInfo = StartInfo(check.ScriptArgs!) };
        try
        {
            process.Start();
        }
        catch (Win32Exception failure)
        {
            return new(HealthStatus.Critical, $"exec: \"{check.ScriptArgs![0]}\": {failure.Message}");
        }
        process.StandardInput.Close();
        var output = new TailBuffer(outputMax);
        var gate = new Lock();                                 // both streams write into one output
        var reading = Task.WhenAll(CopyAsync(process.StandardOutput.BaseStream, output, gate), CopyAsync(process.StandardError.BaseStream, output, gate));
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(timeout);
        try
        {
            await process.WaitForExitAsync(limited.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            return new(HealthStatus.Critical, $"Timed out ({GoDuration.From(timeout)}) running check");
        }
        // A child that was left behind may hold the pipes open for ever.
        await Task.WhenAny(reading, Task.Delay(DrainTime, stop)).ConfigureAwait(false);
        lock (gate) return new(Status(process.ExitCode), Text(output));
    }

    /// <summary>The program leads a process group of its own where the system offers it, so that everything it starts can be ended with it.</summary>
    private static ProcessStartInfo StartInfo(IReadOnlyList<string> args)
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        int first = 0;
        if (File.Exists(SessionStarter)) start.FileName = SessionStarter;
        else start.FileName = args[first++];
        for (int i = first; i < args.Count; i++) start.ArgumentList.Add(args[i]);
        return start;
    }

    private static async Task CopyAsync(Stream stream, TailBuffer output, Lock gate)
    {
        byte[] buffer = new byte[ReadBytes];
        try
        {
            while (await stream.ReadAsync(buffer).ConfigureAwait(false) is var read and > 0)
                lock (gate) output.Add(buffer.AsSpan(0, read));
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            return;                                            // the process was killed or left its pipe to a child
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!OperatingSystem.IsWindows()) _ = SendSignal(-process.Id, KillSignal);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            return;                                            // it ended by itself in the meantime
        }
    }

    private static string Status(int exitCode) => exitCode switch { 0 => HealthStatus.Passing, 1 => HealthStatus.Warning, _ => HealthStatus.Critical };

    private static string Text(TailBuffer output) =>
        output.Total <= output.Capacity ? output.ToString() : $"Captured {output.Capacity} of {output.Total} bytes\n...\n{output}";

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int processId, int signal);
}
