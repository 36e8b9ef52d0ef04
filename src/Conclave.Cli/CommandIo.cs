using System.Text;

namespace Conclave.Cli;

/// <summary>What a command sees of the world around it, so that tests run commands in process.</summary>
internal sealed class CommandIo
{
    /// <summary>Standard input; opened by the first use.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Standard output as bytes, for the agent's log; opened by the first use.</summary>
    public Func<Stream> OpenOutput { get; init; } = () => Stream.Null;

    /// <summary>Standard output.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Value of an environment variable, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Folder that relative paths are resolved against.</summary>
    public string Folder { get; init; } = "";

    /// <summary>The process's own streams and environment.</summary>
    public static CommandIo System() => new()
    {
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        Out = Writer(Console.OpenStandardOutput()),
        Error = Writer(Console.OpenStandardError()),
        Variable = Environment.GetEnvironmentVariable,
    };

    /// <summary>A path as the process must open it.</summary>
    public string PathOf(string path) => Folder.Length == 0 ? path : Path.Combine(Folder, path);

    /// <summary>Prints an error line and gives the exit code of failures.</summary>
    public int Fail(string message)
    {
        Error.Write(message + "\n");
        return 1;
    }

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
}
