using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Calls;

/// <summary>Serves calls on connections that others accepted: multiplexed ones (first byte 4) and single ones (first byte 0).</summary>
internal sealed class RpcServer(RpcMethods methods, RpcLimits limits, TimeProvider time, ILogger log)
{
    /// <summary>Bytes of unfinished arguments of all connections.</summary>
    public RpcBudget Collected { get; } = new(limits.CollectedBytesOfAllMax);

    /// <summary>Bounds of its connections.</summary>
    public RpcLimits Limits => limits;

    /// <summary>Serves a multiplexed connection until it is over; owns it.</summary>
    public async Task ServeMuxAsync(Stream connection, CancellationToken stop)
    {
        using var session = new RpcServerSession(this, limits, time);
        string reason = await session.RunAsync(connection, stop).ConfigureAwait(false);
        if (reason.Length > 0) RpcLog.ConnectionEnded(log, reason);
    }

    /// <summary>Serves a connection of single calls until it is over; owns it.</summary>
    public async Task ServeSingleAsync(Stream connection, CancellationToken stop)
    {
        using var session = new RpcSingleSession(this, limits);
        string reason = await session.RunAsync(connection, stop).ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        if (reason.Length > 0) RpcLog.ConnectionEnded(log, reason);
    }

    /// <summary>Carries one call out and gives the whole reply, which the caller owns.</summary>
    public async ValueTask<PooledBuffer> AnswerAsync(CollectedCall call, CancellationToken departure)
    {
        var reply = new PooledBuffer(512);
        var (method, argument, isForwarded, error) = Open(call.Bytes, reply);
        if (error is not null) return reply;
        try
        {
            error = await method!(new RpcCall(argument, isForwarded, departure), reply).ConfigureAwait(false);
        }
        catch (MsgPackException malformed)
        {
            error = "rpc: malformed argument: " + malformed.Message;
        }
        catch (OperationCanceledException)
        {
            error = "rpc: the call was given up";
        }
        catch (Exception broken)
        {
            // One call's failure must not take the others of its connection, or the process, with it.
            RpcLog.MethodFailed(log, broken);
            error = "rpc: internal error";
        }
        if (error is not null) WriteError(call.Bytes, error, reply);
        return reply;
    }

    private (RpcMethod? Method, ReadOnlyMemory<byte> Argument, bool IsForwarded, string? Error) Open(ReadOnlyMemory<byte> call, PooledBuffer reply)
    {
        var reader = new MsgPackReader(call);
        var header = RpcCallHeader.Read(ref reader);
        if (!methods.TryFind(header.ServiceMethod, out var method, out string error))
        {
            WriteError(call, error, reply);
            return (null, default, false, error);
        }
        var writer = new MsgPackWriter(reply);
        new RpcReplyHeader { Seq = header.Seq, ServiceMethod = header.ServiceMethod }.Write(ref writer);
        writer.Flush();
        return (method, call[(int)reader.Offset..], header.IsForwarded, null);
    }

    private static void WriteError(ReadOnlyMemory<byte> call, string error, PooledBuffer reply)
    {
        reply.Clear();
        var reader = new MsgPackReader(call);
        var header = RpcCallHeader.Read(ref reader);
        var writer = new MsgPackWriter(reply);
        RpcReplyHeader.WriteError(ref writer, header.Seq, header.ServiceMethod, error);
        writer.Flush();
    }
}
