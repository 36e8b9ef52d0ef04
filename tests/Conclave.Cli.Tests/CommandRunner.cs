using System.Text;

namespace Conclave.Cli.Tests;

/// <summary>What a command left behind.</summary>
internal sealed record CommandResult(int Exit, string Out, string Error);

/// <summary>Runs commands in this process with their streams captured.</summary>
internal static class CommandRunner
{
    public static Task<CommandResult> RunAsync(string folder, string? httpAddress, string? input, params string[] arguments) =>
        RunWithAsync(folder, new Dictionary<string, string> { ["CONSUL_HTTP_ADDR"] = httpAddress ?? "" }, input, arguments);

    public static async Task<CommandResult> RunWithAsync(string folder, Dictionary<string, string> environment, string? input, params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var io = new CommandIo
        {
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input ?? "")),
            Out = output,
            Error = error,
            Variable = environment.GetValueOrDefault,
            Folder = folder,
        };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var exit = await CommandLine.RunAsync(arguments, io, patience.Token);
        return new CommandResult(exit, output.ToString(), error.ToString());
    }
}
