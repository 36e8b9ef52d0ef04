namespace Conclave.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args) => await CommandLine.RunAsync(args, CommandIo.System(), CancellationToken.None).ConfigureAwait(false);
}
