using Conclave.Cli.Flags;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands;

/// <summary><c>validate</c>: reads configuration as <c>agent</c> would and says whether it may start.</summary>
internal sealed class ValidateCommand : Command
{
    private string _format = "";
    private bool _quiet;

    public override string Usage => "validate [options] FILE_OR_DIRECTORY...";

    public override string Summary => "Checks configuration files and folders.";

    protected override void Define(FlagSet flags)
    {
        flags.Text("config-format", value => _format = value, "json or hcl whatever the files' names.");
        flags.Switch("quiet", value => _quiet = value, "Print errors only.");
    }

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop) => Task.FromResult(Run(io, arguments));

    private int Run(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0) return io.Fail("Must specify at least one config file or directory");
        if (_format is not ("" or "hcl" or "json")) return io.Fail("-config-format must be either 'hcl' or 'json'");
        try
        {
            var loader = new ConfigLoader();
            foreach (var path in arguments)
                foreach (var source in ConfigFiles.Read(io.PathOf(path), _format, line => io.Out.Write(line + "\n")))
                    loader.Add(source with { Name = source.Name.Length > io.PathOf(path).Length ? source.Name : path });
            foreach (var warning in loader.Load().Warnings)
                if (!_quiet) io.Out.Write(warning + "\n");
        }
        catch (ConfigException error)
        {
            return io.Fail("Config validation failed: " + (io.Folder.Length == 0 ? error.Message : error.Message.Replace(io.Folder + "/", "", StringComparison.Ordinal)));
        }
        if (!_quiet) io.Out.Write("Configuration is valid!\n");
        return 0;
    }
}
