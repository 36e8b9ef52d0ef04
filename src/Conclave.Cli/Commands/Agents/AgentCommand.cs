using System.Globalization;
using Conclave.Agent.Configuration;
using Conclave.Cli.Flags;
using Conclave.Hosting.Configuration;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>agent</c>: reads flags and files, then runs an agent until it is told to stop.</summary>
internal sealed class AgentCommand : Command
{
    private readonly List<string> _paths = [], _hcl = [];
    private readonly List<KeyValuePair<string, object>> _settings = [];
    private bool _dev;
    private string _format = "";

    public override string Usage => "agent [options]";

    public override string Summary => "Runs an agent in the foreground until it is interrupted.";

    protected override void Define(FlagSet flags)
    {
        flags.Switch("dev", value => _dev = value, "A server of its own in memory, on the loopback interface.");
        flags.Several("config-file", _paths, "Configuration file (.json or .hcl); may be repeated, later ones win.");
        flags.Several("config-dir", _paths, "Folder of configuration files, read in the order of their names; may be repeated.");
        flags.Text("config-format", value => _format = value, "json or hcl whatever the files' names.");
        flags.Several("hcl", _hcl, "Configuration as text; may be repeated.");
        foreach (var flag in AgentFlags.All) Define(flags, flag);
    }

    public override async Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        if (arguments.Count > 0) return io.Fail($"==> Unexpected extra arguments: [{string.Join(' ', arguments)}]");
        AgentConfig config;
        try
        {
            config = Read(io);
        }
        catch (ConfigException error)
        {
            return io.Fail("==> " + error.Message);
        }
        return await new AgentRun(io, config, () => Read(io)).RunAsync(stop).ConfigureAwait(false);
    }

    /// <summary>Flags and files as they are now; a reload calls it again.</summary>
    /// <exception cref="ConfigException">They cannot be used.</exception>
    private AgentConfig Read(CommandIo io)
    {
        if (_format is not ("" or "json" or "hcl")) throw new ConfigException("-config-format must be either 'hcl' or 'json'");
        var loader = new ConfigLoader { DevMode = _dev };
        var skipped = new List<string>();
        foreach (var path in _paths)
            foreach (var source in ConfigFiles.Read(io.PathOf(path), _format, skipped.Add))
                loader.Add(source);
        for (var i = 0; i < _hcl.Count; i++) loader.Add(new ConfigSource($"flags-{i}.hcl", ConfigFormat.Hcl, _hcl[i]));
        foreach (var (path, value) in _settings) loader.Set(path, value);
        var config = loader.Load();
        return skipped.Count == 0 ? config : config with { Warnings = [.. skipped, .. config.Warnings] };
    }

    private void Define(FlagSet flags, AgentFlag flag)
    {
        var help = $"Sets {flag.KeyPath}{(flag.Kind is ConfigKeyKind.TextList or ConfigKeyKind.TextMap ? "; may be repeated" : "")}.";
        flags.Add(flag.Kind switch
        {
            ConfigKeyKind.Bool => new Flag(flag.Name, "", help, true, text => Set(flag, ParseBool(text))),
            ConfigKeyKind.Int => new Flag(flag.Name, "value", help, false, text => Set(flag, ParseInt(text))),
            ConfigKeyKind.TextMap => new Flag(flag.Name, "key:value", help, false, text => Set(flag, ParsePair(text))),
            _ => new Flag(flag.Name, "value", help, false, text => Set(flag, text)),
        });
    }

    private void Set(AgentFlag flag, object value) => _settings.Add(new(flag.KeyPath, value));

    private static object ParseBool(string text)
    {
        try
        {
            return FlagSet.ParseBool(text);
        }
        catch (FormatException)
        {
            throw new FormatException($"strconv.ParseBool: parsing \"{text}\": invalid syntax");
        }
    }

    private static object ParseInt(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw new FormatException($"strconv.ParseInt: parsing \"{text}\": invalid syntax");

    private static object ParsePair(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? KeyValuePair.Create(text, "") : KeyValuePair.Create(text[..colon], text[(colon + 1)..]);
    }
}
