using System.Text;
using Conclave.Cli.Flags;

namespace Conclave.Cli;

/// <summary>A verb of the command line. An instance serves one run.</summary>
internal abstract class Command
{
    /// <summary>What follows <c>Usage: consul</c>.</summary>
    public abstract string Usage { get; }

    /// <summary>What the verb does, for people.</summary>
    public abstract string Summary { get; }

    /// <summary>The flags; their values end in fields of the command.</summary>
    public FlagSet Flags
    {
        get
        {
            if (field is not null) return field;
            field = new FlagSet();
            Define(field);
            return field;
        }
    }

    /// <summary>Carries out the verb and returns the exit code.</summary>
    public abstract Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop);

    /// <summary>The text for <c>-h</c>.</summary>
    public string Help()
    {
        var text = new StringBuilder($"Usage: consul {Usage}\n\n  {Summary}\n");
        if (Flags.All.Count > 0) text.Append("\nOptions:\n");
        foreach (var flag in Flags.All)
            text.Append("\n  -").Append(flag.Name).Append(flag.IsSwitch && flag.Value.Length == 0 ? "" : $"=<{flag.Value}>").Append("\n     ").Append(flag.Help).Append('\n');
        return text.ToString();
    }

    protected virtual void Define(FlagSet flags)
    {
    }

    /// <summary>Reports a wrong use together with the help text.</summary>
    protected int Misuse(CommandIo io, string message)
    {
        if (message.Length > 0) io.Error.Write(message + "\n\n");
        io.Error.Write(Help());
        return 1;
    }
}
