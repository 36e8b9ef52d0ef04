using System.Buffers.Binary;
using System.Net;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Microsoft.Extensions.Logging;

namespace Conclave.Hosting.Calls;

/// <summary>Serves calls on connections that others accepted: multiplexed ones (first byte 4) and single ones (first byte 0).</summary>
/// <param name="methods">What may be called.</param>
/// <param name="applied">How far this server has applied the log.</param>
/// <param name="limits">Bounds.</param>
/// <param name="time">Clocks and timers.</param>
/// <param name="log">Where to tell what goes wrong.</param>
internal sealed class RpcServer(RpcMethods methods, Func<ulong> applied, RpcLimits limits, TimeProvider time, ILogger log)
{
    private long _served, _failed;

    /// <summary>Calls that came so far.</summary>
    public long Served => Interlocked.Read(ref _served);

    /// <summary>Those of them that ended in an error.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Bytes of unfinished arguments of all connections.</summary>
    public RpcBudget Collected { get; } = new(limits.CollectedBytesOfAllMax);

    /// <summary>How many calls each address may make; no limit unless one is set.</summary>
    public CallRates Rates { get; } = new(time);

    /// <summary>Bounds of its connections.</summary>
    public RpcLimits Limits => limits;

    /// <summary>Serves a multiplexed connection until it is over; owns it. Calls of a remote that is not told are not counted.</summary>
    public async Task ServeMuxAsync(Stream connection, CancellationToken stop, IPAddress? remote = null)
    {
        using var session = new RpcServerSession(this, limits, time, remote);
        string reason = await session.RunAsync(connection, stop).ConfigureAwait(false);
        if (reason.Length > 0) RpcLog.ConnectionEnded(log, reason);
    }

    /// <summary>Serves a connection of single calls until it is over; owns it. Calls of a remote that is not told are not counted.</summary>
    public async Task ServeSingleAsync(Stream connection, CancellationToken stop, IPAddress? remote = null)
    {
        using var session = new RpcSingleSession(this, limits, remote);
        string reason = await session.RunAsync(connection, stop).ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
        if (reason.Length > 0) RpcLog.ConnectionEnded(log, reason);
    }

    /// <summary>Carries one call out and gives the whole reply, which the caller owns.</summary>
    public async ValueTask<PooledBuffer> AnswerAsync(CollectedCall call, IPAddress? remote, CancellationToken departure)
    {
        Interlocked.Increment(ref _served);
        var reply = new PooledBuffer(512);
        var (method, argument, appliedEndsAt, error) = Open(call.Bytes, reply);
        if (error is not null) return reply;
        if (remote is not null && appliedEndsAt == 0 && !Rates.TryTake(remote))
        {
            WriteError(call.Bytes, CallRates.Exceeded, reply);
            return reply;
        }
        try
        {
            error = await method!(new RpcCall(argument, IsForwarded: appliedEndsAt > 0, departure), reply).ConfigureAwait(false);
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
        else if (appliedEndsAt > 0) WriteApplied(reply, appliedEndsAt);
        return reply;
    }

    private void WriteApplied(PooledBuffer reply, int endsAt)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, applied());
        reply.Overwrite(endsAt - bytes.Length, bytes);
    }

    // With where the room for what was applied ends in the reply: above 0 for calls that another server sent on, and only for them.
    private (RpcMethod? Method, ReadOnlyMemory<byte> Argument, int AppliedEndsAt, string? Error) Open(ReadOnlyMemory<byte> call, PooledBuffer reply)
    {
        var reader = new MsgPackReader(call);
        var header = RpcCallHeader.Read(ref reader);
        if (!methods.TryFind(header.ServiceMethod, out var method, out string error))
        {
            WriteError(call, error, reply);
            return (null, default, 0, error);
        }
        var writer = new MsgPackWriter(reply);
        var answer = new RpcReplyHeader { Seq = header.Seq, ServiceMethod = header.ServiceMethod };
        int appliedEndsAt = 0;
        if (header.IsForwarded) appliedEndsAt = answer.WriteWithRoomForApplied(ref writer);
        else answer.Write(ref writer);
        writer.Flush();
        return (method, call[(int)reader.Offset..], appliedEndsAt, null);
    }

    private void WriteError(ReadOnlyMemory<byte> call, string error, PooledBuffer reply)
    {
        Interlocked.Increment(ref _failed);
        reply.Clear();
        var reader = new MsgPackReader(call);
        var header = RpcCallHeader.Read(ref reader);
        var writer = new MsgPackWriter(reply);
        RpcReplyHeader.WriteError(ref writer, header.Seq, header.ServiceMethod, error);
        writer.Flush();
    }
}
