using System.Text;
using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>event</c>: fires a user event.</summary>
internal sealed class EventCommand : ClientCommand
{
    private string _name = "", _node = "", _service = "", _tag = "";

    public override string Usage => "event [options] [payload]";

    public override string Summary => "Fires a user event.";

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Text("name", value => _name = value, "Name of the event.");
        flags.Text("node", value => _node = value, "Pattern of node names that shall see it.");
        flags.Text("service", value => _service = value, "Pattern of services that shall see it.");
        flags.Text("tag", value => _tag = value, "Pattern of tags of these services.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (_name.Length == 0) return Misuse(io, "Event name must be specified");
        if (Patterns.FaultOfFilters(_node, _service, _tag) is { } fault) return io.Fail(fault);
        return arguments.Count > 1 ? Misuse(io, "Too many command line arguments.") : null;
    }

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var query = new Query();
        if (_node.Length > 0) query.Set("node", _node);
        if (_service.Length > 0) query.Set("service", _service);
        if (_tag.Length > 0) query.Set("tag", _tag);
        try
        {
            var payload = Encoding.UTF8.GetBytes(arguments.Count > 0 ? arguments[0] : "");
            using var json = (await client.PutAsync("/v1/event/fire/" + Query.EscapePath(_name), query, payload, stop).ConfigureAwait(false)).Json();
            io.Out.Write($"Event ID: {json.RootElement.Text("ID")}\n");
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error firing event: {error.Message}");
        }
    }
}
