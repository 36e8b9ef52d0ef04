using Conclave.Cli.Commands.Agents;

namespace Conclave.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is ["agent", ..]) IgnoredSignals.Restore();
        return await CommandLine.RunAsync(args, CommandIo.System(), CancellationToken.None).ConfigureAwait(false);
    }
}
