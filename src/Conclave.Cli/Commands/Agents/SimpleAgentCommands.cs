using Conclave.Cli.Client;
using Conclave.Cli.Flags;
using Conclave.Cli.Text;

namespace Conclave.Cli.Commands.Agents;

/// <summary><c>leave</c>.</summary>
internal sealed class LeaveCommand : ClientCommand
{
    public override string Usage => "leave [options]";

    public override string Summary => "Makes the agent leave its cluster gracefully and stop.";

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) =>
        arguments.Count == 0 ? null : io.Fail($"Unexpected argument: {string.Join(' ', arguments)}");

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            await client.PutAsync("/v1/agent/leave", null, null, stop).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error leaving: {error.Message}");
        }
        io.Out.Write("Graceful leave complete\n");
        return 0;
    }
}

/// <summary><c>reload</c>.</summary>
internal sealed class ReloadCommand : ClientCommand
{
    public override string Usage => "reload";

    public override string Summary => "Makes the agent read its configuration anew.";

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            await client.PutAsync("/v1/agent/reload", null, null, stop).ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            return io.Fail($"Error reloading: {error.Message}");
        }
        io.Out.Write("Configuration reload triggered\n");
        return 0;
    }
}

/// <summary><c>join</c>.</summary>
internal sealed class JoinCommand : ClientCommand
{
    private bool _wan;

    public override string Usage => "join [options] address ...";

    public override string Summary => "Makes the agent join the cluster of another one.";

    protected override void DefineOwn(FlagSet flags) => flags.Switch("wan", value => _wan = value, "Join servers of another datacenter.");

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) =>
        arguments.Count > 0 ? null : Misuse(io, "At least one address to join must be specified.");

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var joined = 0;
        foreach (var address in arguments)
            try
            {
                await client.PutAsync("/v1/agent/join/" + Query.EscapePath(address), _wan ? new Query().Set("wan", "1") : null, null, stop).ConfigureAwait(false);
                joined++;
            }
            catch (ApiException error)
            {
                io.Error.Write($"Error joining address '{address}': {error.Message}\n");
            }
        if (joined == 0) return io.Fail("Failed to join any nodes.");
        io.Out.Write($"Successfully joined cluster by contacting {joined} nodes.\n");
        return 0;
    }
}

/// <summary><c>force-leave</c>.</summary>
internal sealed class ForceLeaveCommand : ClientCommand
{
    private bool _prune;

    public override string Usage => "force-leave [options] name";

    public override string Summary => "Declares a failed member gone.";

    protected override void DefineOwn(FlagSet flags) => flags.Switch("prune", value => _prune = value, "Also forget the member.");

    protected override int? Check(CommandIo io, IReadOnlyList<string> arguments) =>
        arguments.Count == 1 ? null : Misuse(io, "A single node name must be specified to force leave.");

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            await client.PutAsync("/v1/agent/force-leave/" + Query.EscapePath(arguments[0]), _prune ? new Query().Set("prune", "1") : null, null, stop).ConfigureAwait(false);
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error force leaving: {error.Message}");
        }
    }
}

/// <summary><c>info</c>.</summary>
internal sealed class InfoCommand : ClientCommand
{
    public override string Usage => "info [options]";

    public override string Summary => "Prints numbers about the agent.";

    protected override async Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        try
        {
            var answer = await client.GetAsync("/v1/agent/self", null, stop).ConfigureAwait(false);
            using var json = answer.Json();
            if (json.RootElement.Field("Stats") is not { } stats) return io.Fail("Agent returned no stats");
            foreach (var section in stats.EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                io.Out.Write(section.Name + ":\n");
                foreach (var (name, value) in stats.TextMap(section.Name)) io.Out.Write($"\t{name} = {value}\n");
            }
            return 0;
        }
        catch (ApiException error)
        {
            return io.Fail($"Error querying agent: {error.Message}");
        }
    }
}
