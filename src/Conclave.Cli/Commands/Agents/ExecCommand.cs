using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>exec</c>: its words and flags are checked, then it is refused: no agent carries out commands for others.</summary>
internal sealed class ExecCommand : Command
{
    private readonly HttpFlags _http = new();
    private string _node = "", _service = "", _tag = "";

    public override string Usage => "exec [options] [-|command...]";

    public override string Summary => "Would run a command on many nodes; refused, because agents do not execute what others send.";

    public override Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        if (arguments.Count == 0) return Task.FromResult(Misuse(io, "Must specify a command to execute"));
        return Task.FromResult(io.Fail(Patterns.FaultOfFilters(_node, _service, _tag) ?? "Remote execution is refused: the agents of this cluster have it switched off (disable_remote_exec)"));
    }

    protected override void Define(FlagSet flags)
    {
        _http.DefineClient(flags);
        _http.DefineServer(flags);
        flags.Text("node", value => _node = value, "Pattern of node names that shall execute it.");
        flags.Text("prefix", _ => { }, "Keys under which commands would travel.");
        flags.Text("service", value => _service = value, "Pattern of services whose nodes shall execute it.");
        flags.Switch("shell", _ => { }, "Whether to use a shell.");
        flags.Text("tag", value => _tag = value, "Pattern of tags of these services.");
        flags.Switch("verbose", _ => { }, "Print more.");
        flags.Duration("wait", _ => { }, "How long to wait for output.");
        flags.Duration("wait-repl", _ => { }, "How long to wait for replication before it begins.");
    }
}
