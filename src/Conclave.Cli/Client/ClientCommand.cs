using Conclave.Cli.Flags;

namespace Conclave.Cli.Client;

/// <summary>A verb that asks an agent.</summary>
internal abstract class ClientCommand : Command
{
    protected HttpFlags Http { get; } = new();

    /// <summary>Whether the verb takes <c>-datacenter</c> and <c>-stale</c>.</summary>
    protected virtual bool AsksServers => false;

    /// <summary>Whether the verb takes <c>-namespace</c>; only the default one exists.</summary>
    protected virtual bool HasNamespace => false;

    public sealed override async Task<int> RunAsync(CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        if (Check(io, arguments) is { } code) return code;
        using var client = new AgentClient(ClientOptions.From(Http, io), Http);
        return await RunAsync(client, io, arguments, stop).ConfigureAwait(false);
    }

    /// <summary>Looks at flags and words before anything is asked; returns the exit code when they are wrong.</summary>
    protected virtual int? Check(CommandIo io, IReadOnlyList<string> arguments) => null;

    protected abstract Task<int> RunAsync(AgentClient client, CommandIo io, IReadOnlyList<string> arguments, CancellationToken stop);

    protected virtual void DefineOwn(FlagSet flags)
    {
    }

    protected sealed override void Define(FlagSet flags)
    {
        Http.DefineClient(flags);
        if (AsksServers) Http.DefineServer(flags);
        if (HasNamespace) flags.Text("namespace", _ => { }, "Accepted for compatibility; there is one namespace only.", "default");
        DefineOwn(flags);
    }
}
