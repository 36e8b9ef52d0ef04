using Conclave.Cli.Flags;

namespace Conclave.Cli.Commands;

/// <summary>A verb that exists elsewhere and is refused here with a clear line instead of a strange error.</summary>
internal sealed class RefusedCommand(string usage, string why) : Command
{
    public override string Usage => usage;

    public override string Summary => $"Not supported by this version: {why}.";

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop) =>
        Task.FromResult(io.Fail($"This command is not supported by this version: {why}"));
}

/// <summary><c>debug</c>: its flags are checked, then it is refused, because what it collects does not exist.</summary>
internal sealed class DebugCommand : Command
{
    private static readonly string[] Targets = ["agent", "cluster", "host", "logs", "members", "metrics", "pprof"];

    private readonly List<string> _captures = [];

    public override string Usage => "debug [options]";

    public override string Summary => "Would record an archive for support; not supported by this version.";

    protected override void Define(FlagSet flags)
    {
        new Client.HttpFlags().DefineClient(flags);
        flags.Switch("archive", _ => { }, "Compress the result.");
        flags.Several("capture", _captures, "What to record; may be repeated.");
        flags.Duration("duration", _ => { }, "How long to record.");
        flags.Duration("interval", _ => { }, "How often to record.");
        flags.Text("output", _ => { }, "Where to write.");
    }

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        foreach (var capture in _captures)
            if (!Targets.Contains(capture)) return Task.FromResult(io.Fail($"==> Capture validation failed: target not found: {capture}"));
        return Task.FromResult(io.Fail("==> debug is not supported by this version; see the agent's metrics and log instead"));
    }
}
