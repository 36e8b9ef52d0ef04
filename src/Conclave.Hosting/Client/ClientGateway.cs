using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Hosting.Calls;
using Conclave.Http.Remote;
using Conclave.Node;
using Conclave.Node.Forwarding;
using Conclave.Rpc.Messages;
using Conclave.State;

namespace Conclave.Hosting.Client;

/// <summary>
/// The node of an agent without a state of its own: what changes something goes to the servers as the methods that Consul's own agents call. Reads do not come this way:
/// front ends ask <see cref="IServerCalls"/>.
/// </summary>
internal sealed class ClientGateway(NodeIdentity identity, ServerDirectory directory, IServerCalls servers) : INodeGateway
{
    private const string NoState = "this agent is a client: it has no state of its own";

    /// <inheritdoc/>
    public NodeIdentity Identity => identity;

    /// <summary>Nothing.</summary>
    public StateRoot Root { get; } = new();

    /// <summary>Nobody is known to lead; the peers are the servers that gossip knows.</summary>
    public ClusterStatus Status => new(IsLeader: false, "", "", 0, directory.Servers);

    /// <summary>Nothing.</summary>
    public RaftStatus Raft { get; } = new("", 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Nothing.</summary>
    public IReadOnlyList<ServerHealth> Health => [];

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ServerHealth>> ReadHealthAsync(CancellationToken stop)
    {
        var read = await RunAsync(new HealthRequest(this), stop).ConfigureAwait(false);
        return read.Error is null ? read.Value : throw new NodeUnavailableException(read.Error);
    }

    /// <inheritdoc/>
    public async ValueTask<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        var type = (CommandType)(command.Span[0] & ~CommandCodec.Ignorable);
        if (type == CommandType.CoordinateBatchUpdate) return await NoteCoordinatesAsync(command, stop).ConfigureAwait(false);
        if (CommandArguments.MethodOf(type).IsEmpty) return ApplyResult.Error(NoState);
        return await RunAsync(new CommandRequest(this, command), stop).ConfigureAwait(false) is var done && done.Error is null ? done.Value : ApplyResult.Error(done.Error!);
    }

    /// <summary>Refused: there is nothing to read.</summary>
    public ValueTask<ReadGrant> ReadAsync(ReadMode mode, CancellationToken stop) => new(new ReadGrant(null, NoState, KnownLeader: false, 0));

    /// <inheritdoc/>
    public async ValueTask<Session?> RenewSessionAsync(string id, CancellationToken stop)
    {
        var renewed = await RunAsync(new RenewRequest(this, id), stop).ConfigureAwait(false);
        return renewed.Error is null ? renewed.Value : throw new NodeUnavailableException(renewed.Error);
    }

    /// <inheritdoc/>
    public ValueTask<ApplyResult> RemoveServerAsync(string serverId, CancellationToken stop) => AskAboutServerAsync(serverId, isTransfer: false, stop);

    /// <inheritdoc/>
    public ValueTask<ApplyResult> TransferLeadershipAsync(string serverId, CancellationToken stop) => AskAboutServerAsync(serverId, isTransfer: true, stop);

    private async ValueTask<ApplyResult> AskAboutServerAsync(string serverId, bool isTransfer, CancellationToken stop)
    {
        var done = await RunAsync(new ServerRequest(this, serverId, isTransfer), stop).ConfigureAwait(false);
        return done.Error is null ? done.Value : ApplyResult.Error(done.Error);
    }

    // Servers take coordinates one by one.
    private async ValueTask<ApplyResult> NoteCoordinatesAsync(ReadOnlyMemory<byte> command, CancellationToken stop)
    {
        foreach (var entry in CommandCodec.DecodeCoordinates(command[1..]))
        {
            var noted = await RunAsync(new CoordinateRequest(this, entry), stop).ConfigureAwait(false);
            if (noted.Error is not null) return ApplyResult.Error(noted.Error);
        }
        return ApplyResult.None;
    }

    private async ValueTask<Attempt<T>> RunAsync<T>(ILeaderRequest<T> request, CancellationToken stop)
    {
        var reply = await servers.AskAsync(request.Method, request.Argument(), request.IsRepeatable, stop).ConfigureAwait(false);
        if (reply.Error is not null) return new(default!, reply.Error);
        try
        {
            return new(request.Read(reply.Result), null);
        }
        catch (MsgPackException malformed)
        {
            // It was carried out, so it must not be tried again whatever the result looks like.
            return new(default!, Forwarder.ErrorPrefix + malformed.Message);
        }
    }
}
