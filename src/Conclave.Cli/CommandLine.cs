using System.Text;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;

namespace Conclave.Cli;

/// <summary>Finds the verb, reads its flags and runs it.</summary>
internal static class CommandLine
{
    /// <summary>Exit code for an unknown verb or none.</summary>
    public const int UnknownCommand = 127;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandIo io, CancellationToken stop)
    {
        var (wantsHelp, wantsVersion) = Globals(arguments);
        var path = PathIn(arguments, out var used);
        if (path.Length == 0 && wantsVersion) return await new Commands.VersionCommand().RunAsync(io, [], stop).ConfigureAwait(false);
        var entry = CommandTable.Find(path);
        if (path.Length == 0 || entry is null)
        {
            (wantsHelp ? io.Out : io.Error).Write(Overview("", "consul [--version] [--help] <command> [<args>]"));
            return wantsHelp ? 0 : UnknownCommand;
        }
        if (entry.Make is null)
        {
            (wantsHelp ? io.Out : io.Error).Write(Overview(path, "consul " + entry.Usage));
            return wantsHelp ? 0 : 1;
        }
        var command = entry.Make();
        if (wantsHelp)
        {
            io.Out.Write(command.Help());
            return 0;
        }
        return await RunAsync(command, arguments.Skip(used), io, stop).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(Command command, IEnumerable<string> arguments, CommandIo io, CancellationToken stop)
    {
        IReadOnlyList<string> rest;
        try
        {
            rest = command.Flags.Parse([.. arguments]);
        }
        catch (FlagException error)
        {
            io.Error.Write(error.Message + "\n" + command.Flags.Defaults());
            return 1;
        }
        try
        {
            return await command.RunAsync(io, rest, stop).ConfigureAwait(false);
        }
        catch (ClientSetupException error)
        {
            return io.Fail($"Error connecting to Consul agent: {error.Message}");
        }
    }

    /// <summary>Help counts anywhere before <c>--</c>; a request for the version only before the verb.</summary>
    private static (bool Help, bool Version) Globals(IReadOnlyList<string> arguments)
    {
        var (help, version) = (false, false);
        foreach (var argument in arguments)
        {
            if (argument == "--") break;
            help |= argument is "-h" or "-help" or "--help";
            version |= argument is "-v" or "-version" or "--version";
        }
        return (help, version);
    }

    /// <summary>The longest known verb that the leading words make.</summary>
    private static string PathIn(IReadOnlyList<string> arguments, out int used)
    {
        used = 0;
        while (used < arguments.Count && arguments[used].StartsWith('-')) used++;
        if (used >= arguments.Count) return "";
        var path = arguments[used++];
        while (used < arguments.Count && CommandTable.Find(path + " " + arguments[used]) is not null) path += " " + arguments[used++];
        return path;
    }

    private static string Overview(string path, string usage)
    {
        var text = new StringBuilder($"Usage: {usage}\n\n");
        text.Append(path.Length == 0 ? "Available commands are:\n" : "Subcommands:\n");
        foreach (var (name, summary) in CommandTable.Children(path)) text.Append($"    {name,-17}{summary}\n");
        return text.ToString();
    }
}
