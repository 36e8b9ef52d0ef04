using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Rpc.Messages;

namespace Conclave.Hosting.Calls;

/// <summary>The methods that change something, and those that only the leader can answer.</summary>
/// <param name="local">This node.</param>
/// <param name="anywhere">This node or the leader, wherever that is.</param>
/// <param name="draining">Whether requests are still taken.</param>
internal sealed class CommandMethods(INodeGateway local, INodeGateway anywhere, Draining draining)
{
    private const string NoPath = "No path to datacenter";

    /// <summary>Adds them.</summary>
    public void AddTo(RpcMethods methods)
    {
        methods.Add("KVS.Apply", (call, result) => ApplyAsync(CommandType.KVS, call, result));
        methods.Add("Session.Apply", (call, result) => ApplyAsync(CommandType.Session, call, result));
        methods.Add("Txn.Apply", (call, result) => ApplyAsync(CommandType.Txn, call, result));
        methods.Add("Catalog.Register", (call, result) => ApplyAsync(CommandType.Register, call, result));
        methods.Add("Catalog.Deregister", (call, result) => ApplyAsync(CommandType.Deregister, call, result));
        methods.Add("Operator.AutopilotSetConfiguration", (call, result) => ApplyAsync(CommandType.Autopilot, call, result));
        methods.Add("Coordinate.Update", UpdateCoordinateAsync);
        methods.Add("Session.Renew", RenewAsync);
        methods.Add("Operator.RaftRemovePeerByAddress", RemoveByAddressAsync);
        methods.Add(ServerRequest.RemoveMethod, (call, result) => ServerAsync(call, result, isTransfer: false));
        methods.Add(ServerRequest.TransferMethod, (call, result) => ServerAsync(call, result, isTransfer: true));
        methods.Add("Conclave.ReadIndex", ReadIndexAsync);
    }

    private async ValueTask<string?> ApplyAsync(CommandType type, RpcCall call, PooledBuffer result)
    {
        byte[] command = CommandArguments.ToCommand(type, call.Argument.Span, out string datacenter);
        if (IsForeign(datacenter)) return NoPath;
        if (GatewayFor(call) is not { } gateway) return ErrorTexts.NoLeader;
        var applied = await gateway.ApplyAsync(command, CancellationToken.None).ConfigureAwait(false);
        if (applied.Kind == ApplyResultKind.Error) return applied.Text;
        var writer = new MsgPackWriter(result);
        CommandResults.Write(ref writer, type, applied);
        writer.Flush();
        return null;
    }

    private ValueTask<string?> RemoveByAddressAsync(RpcCall call, PooledBuffer result)
    {
        if (IsForeign(ServerRequest.ReadText(call.Argument.Span, "Datacenter"u8))) return new(NoPath);
        string address = ServerRequest.ReadText(call.Argument.Span, "Address"u8);
        foreach (var server in local.Status.Servers)
            if (server.Address == address) return ServerAsync(call, result, server.Id, isTransfer: false);
        return new($"address {GoQuote.Quote(address)} was not found in the Raft configuration");
    }

    private ValueTask<string?> ServerAsync(RpcCall call, PooledBuffer result, bool isTransfer) => ServerAsync(call, result, ServerRequest.ReadText(call.Argument.Span, "ID"u8), isTransfer);

    private async ValueTask<string?> ServerAsync(RpcCall call, PooledBuffer result, string id, bool isTransfer)
    {
        if (IsForeign(ServerRequest.ReadText(call.Argument.Span, "Datacenter"u8))) return NoPath;
        if (GatewayFor(call) is not { } gateway) return ErrorTexts.NoLeader;
        var done = isTransfer ? await gateway.TransferLeadershipAsync(id, CancellationToken.None).ConfigureAwait(false) : await gateway.RemoveServerAsync(id, CancellationToken.None).ConfigureAwait(false);
        if (done.Kind == ApplyResultKind.Error) return done.Text;
        var writer = new MsgPackWriter(result);
        writer.WriteMapHeader(0);
        writer.Flush();
        return null;
    }

    private async ValueTask<string?> UpdateCoordinateAsync(RpcCall call, PooledBuffer result)
    {
        var entry = CommandArguments.ReadCoordinate(call.Argument.Span, out string datacenter);
        if (IsForeign(datacenter)) return NoPath;
        if (GatewayFor(call) is not { } gateway) return ErrorTexts.NoLeader;
        var noted = await gateway.ApplyAsync(CommandCodec.Encode([entry]), CancellationToken.None).ConfigureAwait(false);
        if (noted.Kind == ApplyResultKind.Error) return noted.Text;
        var writer = new MsgPackWriter(result);
        writer.WriteMapHeader(0);
        writer.Flush();
        return null;
    }

    private async ValueTask<string?> RenewAsync(RpcCall call, PooledBuffer result)
    {
        var arguments = QueryArguments.Read(call.Argument.Span);
        if (IsForeign(arguments.Datacenter)) return NoPath;
        if (GatewayFor(call) is not { } gateway) return ErrorTexts.NoLeader;
        Session? session;
        try
        {
            session = await gateway.RenewSessionAsync(arguments.SessionId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (NodeUnavailableException unavailable)
        {
            return unavailable.Message;
        }
        ulong index = gateway.Root.SessionGet(arguments.SessionId, null, out _);
        var writer = new MsgPackWriter(result);
        SessionResults.Write(ref writer, session is null ? [] : [session], new QueryMeta(index, gateway.Status.KnownLeader, 0));
        writer.Flush();
        return null;
    }

    private async ValueTask<string?> ReadIndexAsync(RpcCall call, PooledBuffer result)
    {
        if (!local.Status.IsLeader || draining.IsOn) return ErrorTexts.NoLeader;
        bool isConsistent = QueryArguments.Read(call.Argument.Span).Options.RequireConsistent;
        var grant = await local.ReadAsync(isConsistent ? ReadMode.Consistent : ReadMode.Default, CancellationToken.None).ConfigureAwait(false);
        if (grant.Root is not { } root) return grant.Error ?? ErrorTexts.NoLeader;
        var writer = new MsgPackWriter(result);
        ReadIndexMessages.WriteResult(ref writer, root.LastIndex);
        writer.Flush();
        return null;
    }

    // What another server has sent on is not sent on once more: two that take each other for the leader would never end.
    private INodeGateway? GatewayFor(in RpcCall call) => !call.IsForwarded ? anywhere : local.Status.IsLeader && !draining.IsOn ? local : null;

    private bool IsForeign(string datacenter) => local.Identity.IsForeign(datacenter);
}
