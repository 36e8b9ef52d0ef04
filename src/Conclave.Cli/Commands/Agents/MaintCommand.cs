using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>maint</c>: maintenance mode of the node or a service.</summary>
internal sealed class MaintCommand : ClientCommand
{
    private const string NodeCheck = "_node_maintenance", ServiceCheckPrefix = "_service_maintenance:";

    private bool _disable, _enable;
    private string _reason = "", _service = "";

    public override string Usage => "maint [options]";

    public override string Summary => "Switches maintenance mode of the node or of a service, or shows it.";

    protected override void DefineOwn(FlagSet flags)
    {
        flags.Switch("disable", value => _disable = value, "Switch maintenance off.");
        flags.Switch("enable", value => _enable = value, "Switch maintenance on.");
        flags.Text("reason", value => _reason = value, "Shown while maintenance is on.");
        flags.Text("service", value => _service = value, "Id of the service; the node when absent.");
    }

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments)
    {
        if (_enable && _disable) return io.Fail("Only one of -enable or -disable may be provided");
        if (!_enable && _reason.Length > 0) return io.Fail("Reason may only be provided with -enable");
        return !_enable && !_disable && _service.Length > 0 ? io.Fail("Service requires either -enable or -disable") : null;
    }

    protected override Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop) =>
        _enable || _disable ? SwitchAsync(client, io, stop) : ShowAsync(client, io, stop);

    private async Task<int> SwitchAsync(AgentClient client, CommandIo io, CancellationToken stop)
    {
        var what = _service.Length > 0 ? "service" : "node";
        try
        {
            var query = new Query().Set("enable", _enable ? "true" : "false");
            if (_enable) query.Set("reason", _reason);
            await client.PutAsync(_service.Length > 0 ? "/v1/agent/service/maintenance/" + Query.EscapePath(_service) : "/v1/agent/maintenance", query, null, stop).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error {(_enable ? "enabling" : "disabling")} {what} maintenance: {error.Message}");
        }
        io.Out.Write(_service.Length > 0
            ? $"Service maintenance is now {(_enable ? "enabled" : "disabled")} for \"{_service}\"\n"
            : $"Node maintenance is now {(_enable ? "enabled" : "disabled")}\n");
        return 0;
    }

    private static async Task<int> ShowAsync(AgentClient client, CommandIo io, CancellationToken stop)
    {
        try
        {
            using var self = (await client.GetAsync("/v1/agent/self", null, stop).ConfigureAwait(false)).Json();
            using var checks = (await client.GetAsync("/v1/agent/checks", null, stop).ConfigureAwait(false)).Json();
            foreach (var entry in checks.RootElement.EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                var (check, reason) = (entry.Value.Text("CheckID"), entry.Value.Text("Notes"));
                if (check == NodeCheck) io.Out.Write($"Node:\n  Name:   {self.RootElement.Field("Config")?.Text("NodeName")}\n  Reason: {reason}\n\n");
                else if (check.StartsWith(ServiceCheckPrefix, StringComparison.Ordinal)) io.Out.Write($"Service:\n  ID:     {check[ServiceCheckPrefix.Length..]}\n  Reason: {reason}\n\n");
            }
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying Consul agent: {error.Message}");
        }
    }
}
