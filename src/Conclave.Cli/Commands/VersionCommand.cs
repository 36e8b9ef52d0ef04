using Conclave.Cli.Flags;

namespace Conclave.Cli.Commands;

/// <summary><c>version</c>: what tools ask before they start a server.</summary>
internal sealed class VersionCommand : Command
{
    /// <summary>The level of the interface that is promised; tools switch features by it.</summary>
    public const string Version = "1.10.11";

    private string _format = "pretty";

    public override string Usage => "version [options]";

    public override string Summary => "Prints the version of the interface and of the protocols.";

    protected override void Define(FlagSet flags) => flags.Text("format", value => _format = value, "pretty or json.");

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        if (_format is not ("pretty" or "json")) return Task.FromResult(io.Fail($"Unknown format: {_format}"));
        io.Out.Write(_format == "json" ? Json : Pretty);
        return Task.FromResult(0);
    }

    private static string Pretty =>
        $"Consul v{Version}\nProtocol 2 spoken by default, understands 2 to 3 (agent will automatically use protocol >2 when speaking to compatible agents)\n";

    private static string Json =>
        $$"""
        {
            "Version": "{{Version}}",
            "Revision": "",
            "Prerelease": "",
            "RPC": {
                "Default": 2,
                "Min": 2,
                "Max": 3
            }
        }

        """;
}
