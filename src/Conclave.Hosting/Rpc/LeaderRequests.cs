using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>A command for the log.</summary>
internal sealed class CommandRequest(INodeGateway local, ReadOnlyMemory<byte> command) : ILeaderRequest<ApplyResult>
{
    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Method { get; } = CommandArguments.MethodOf((CommandType)command.Span[0]).ToArray();

    /// <inheritdoc/>
    public bool IsRepeatable => false;

    /// <inheritdoc/>
    public async ValueTask<Attempt<ApplyResult>> ServeAsync(CancellationToken stop)
    {
        var result = await local.ApplyAsync(command, stop).ConfigureAwait(false);
        return new(result, result.Kind == ApplyResultKind.Error ? result.Text : null);
    }

    /// <summary>The body as it will be logged.</summary>
    public ReadOnlyMemory<byte> Argument() => command[1..];

    /// <inheritdoc/>
    public ApplyResult Read(ReadOnlyMemory<byte> result) => CommandResults.Read(command, result);
}

/// <summary>The coordinate of one node.</summary>
internal sealed class CoordinateRequest(INodeGateway local, CoordinateEntry entry) : ILeaderRequest<ApplyResult>
{
    private static readonly byte[] s_method = CommandArguments.MethodOf(CommandType.CoordinateBatchUpdate).ToArray();

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Method => s_method;

    /// <inheritdoc/>
    public bool IsRepeatable => true;

    /// <inheritdoc/>
    public async ValueTask<Attempt<ApplyResult>> ServeAsync(CancellationToken stop)
    {
        var result = await local.ApplyAsync(CommandCodec.Encode([entry]), stop).ConfigureAwait(false);
        return new(result, result.Kind == ApplyResultKind.Error ? result.Text : null);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Argument() => RpcEncoding.Bytes((ref MsgPackWriter writer) => CommandArguments.WriteCoordinate(ref writer, entry, local.Identity.Datacenter));

    /// <inheritdoc/>
    public ApplyResult Read(ReadOnlyMemory<byte> result) => ApplyResult.None;
}

/// <summary>A request about one server of the Raft configuration.</summary>
/// <param name="local">This node.</param>
/// <param name="serverId">Its id; for a transfer it may be empty.</param>
/// <param name="isTransfer">Hand leadership to it, rather than remove it.</param>
internal sealed class ServerRequest(INodeGateway local, string serverId, bool isTransfer) : ILeaderRequest<ApplyResult>
{
    /// <summary>The method that removes a server.</summary>
    public const string RemoveMethod = "Operator.RaftRemovePeerByID";

    /// <summary>The method that hands over.</summary>
    public const string TransferMethod = "Operator.RaftLeadershipTransfer";

    private static readonly byte[] s_remove = System.Text.Encoding.UTF8.GetBytes(RemoveMethod), s_transfer = System.Text.Encoding.UTF8.GetBytes(TransferMethod);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Method => isTransfer ? s_transfer : s_remove;

    /// <inheritdoc/>
    public bool IsRepeatable => false;

    /// <inheritdoc/>
    public async ValueTask<Attempt<ApplyResult>> ServeAsync(CancellationToken stop)
    {
        var result = isTransfer ? await local.TransferLeadershipAsync(serverId, stop).ConfigureAwait(false) : await local.RemoveServerAsync(serverId, stop).ConfigureAwait(false);
        return new(result, result.Kind == ApplyResultKind.Error ? result.Text : null);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Argument() => RpcEncoding.Bytes((ref MsgPackWriter writer) =>
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Address"u8, "");
        writer.WriteField("Datacenter"u8, local.Identity.Datacenter);
        writer.WriteField("ID"u8, serverId);
        writer.WriteField("Token"u8, "");
    });

    /// <summary>Reads a text from the argument of either method; empty when it is not there.</summary>
    public static string ReadText(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> name)
    {
        var reader = new MsgPackReader(argument);
        string text = "";
        if (reader.TryReadNil()) return text;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            if (reader.ReadKey().SequenceEqual(name)) text = reader.ReadText();
            else reader.Skip();
        }
        return text;
    }

    /// <inheritdoc/>
    public ApplyResult Read(ReadOnlyMemory<byte> result) => ApplyResult.None;
}

/// <summary>Restarts the time limit of a session.</summary>
internal sealed class RenewRequest(INodeGateway local, string id) : ILeaderRequest<Session?>
{
    private static readonly byte[] s_method = "Session.Renew"u8.ToArray();

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Method => s_method;

    /// <inheritdoc/>
    public bool IsRepeatable => true;

    /// <inheritdoc/>
    public async ValueTask<Attempt<Session?>> ServeAsync(CancellationToken stop)
    {
        try
        {
            return new(await local.RenewSessionAsync(id, stop).ConfigureAwait(false), null);
        }
        catch (NodeUnavailableException unavailable)
        {
            return new(null, unavailable.Message);
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Argument() => RpcEncoding.Bytes((ref MsgPackWriter writer) => QueryArguments.WriteSession(ref writer, local.Identity.Datacenter, id));

    /// <inheritdoc/>
    public Session? Read(ReadOnlyMemory<byte> result) => SessionResults.ReadFirst(result.Span);
}

/// <summary>Asks the leader how far a linearizable read must have applied.</summary>
internal sealed class ReadIndexRequest(INodeGateway local, ReadMode mode) : ILeaderRequest<ulong>
{
    private static readonly byte[] s_method = ReadIndexMessages.Method.ToArray();

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Method => s_method;

    /// <inheritdoc/>
    public bool IsRepeatable => true;

    /// <inheritdoc/>
    public async ValueTask<Attempt<ulong>> ServeAsync(CancellationToken stop)
    {
        var grant = await local.ReadAsync(mode, stop).ConfigureAwait(false);
        return grant.Root is { } root ? new(root.LastIndex, null) : new(0, grant.Error ?? ErrorTexts.NoLeader);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Argument() => RpcEncoding.Bytes((ref MsgPackWriter writer) => ReadIndexMessages.WriteArgument(ref writer, mode == ReadMode.Consistent));

    /// <inheritdoc/>
    public ulong Read(ReadOnlyMemory<byte> result) => ReadIndexMessages.ReadResult(result.Span);
}

/// <summary>Small arguments.</summary>
internal static class RpcEncoding
{
    public delegate void Body(ref MsgPackWriter writer);

    /// <summary>Whatever <paramref name="body"/> writes.</summary>
    public static byte[] Bytes(Body body)
    {
        using var buffer = new PooledBuffer(128);
        var writer = new MsgPackWriter(buffer);
        body(ref writer);
        writer.Flush();
        return buffer.ToArray();
    }
}

/// <summary>How the servers are doing.</summary>
internal sealed class HealthRequest(INodeGateway local) : ILeaderRequest<IReadOnlyList<ServerHealth>>
{
    /// <summary>The method that says all that is known of a server.</summary>
    public const string MethodName = "Operator.AutopilotState";

    private static readonly byte[] s_method = System.Text.Encoding.UTF8.GetBytes(MethodName);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Method => s_method;

    /// <inheritdoc/>
    public bool IsRepeatable => true;

    /// <inheritdoc/>
    public ValueTask<Attempt<IReadOnlyList<ServerHealth>>> ServeAsync(CancellationToken stop) => new(new Attempt<IReadOnlyList<ServerHealth>>(local.Health, null));

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Argument() => RpcEncoding.Bytes((ref MsgPackWriter writer) => new QueryArguments { Datacenter = local.Identity.Datacenter }.Write(ref writer));

    /// <inheritdoc/>
    public IReadOnlyList<ServerHealth> Read(ReadOnlyMemory<byte> result)
    {
        var rows = ServerHealthResults.ReadState(result);
        var servers = new ServerHealth[rows.Count];
        for (int i = 0; i < servers.Length; i++) servers[i] = FromRow(rows[i]);
        return servers;
    }

    private static ServerHealth FromRow(ServerHealthRow row) => new()
    {
        Id = row.Id,
        Address = row.Address,
        Member = new ServerMember(row.Id, row.Name, row.Address, row.SerfStatus switch { 1 => ServerMemberStatus.Alive, 3 => ServerMemberStatus.Left, _ => ServerMemberStatus.Failed })
        {
            Version = row.Version,
            IsReadReplica = row.IsReadReplica,
        },
        Progress = new ServerProgress(TimeSpan.FromTicks(row.LastContactNanoseconds / 100), row.LastTerm, row.LastIndex),
        IsVoter = row.IsVoter,
        IsLeader = row.IsLeader,
        IsHealthy = row.IsHealthy,
        SinceWall = row.StableSince.TryToWallTime(out var since) ? since : default,
        Meta = row.Meta,
    };
}
