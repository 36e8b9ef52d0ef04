using System.Runtime.InteropServices;

namespace Conclave.Cli.Commands.Agents;

/// <summary>
/// Shells start background programs with SIGINT ignored, and the runtime leaves ignored signals alone. A server started as <c>consul agent … &amp;</c> must
/// still stop on SIGINT, so the agent asks for it back.
/// </summary>
internal static class IgnoredSignals
{
    private const int Hangup = 1, Interrupt = 2, Quit = 3;

    private static readonly nint Default = 0;

    /// <summary>Restores the default for the signals that the agent handles. Must run before the runtime looks at them, so first of all.</summary>
    public static void Restore()
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (var number in (int[])[Hangup, Interrupt, Quit]) SetHandler(number, Default);
    }

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint SetHandler(int number, nint handler);
}
