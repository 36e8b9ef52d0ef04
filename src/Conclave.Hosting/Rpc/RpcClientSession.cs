using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Mux;

namespace Conclave.Hosting.Calls;

/// <summary>The asking end of a multiplexed connection: each call has a stream to itself while it runs.</summary>
internal sealed class RpcClientSession(RpcLimits limits, TimeProvider time) : MuxSession(MuxRole.Client, limits.ClientMux, limits.WriteTimeout, time)
{
    // Streams without a call, kept for the next ones. Guarded by Gate.
    private readonly Stack<CallStream> _idle = new();
    private readonly TimeProvider _time = time;
    private long _lastUse = time.GetTimestamp();
    private int _running;
    private ulong _seq;

    /// <summary>No more calls can be made on it.</summary>
    public bool IsOver
    {
        get
        {
            lock (Gate) return Mux.IsOver || Mux.IsPeerGoingAway;
        }
    }

    /// <summary>Ends the connection when no call was made for the idle time.</summary>
    public void EndIfIdle()
    {
        lock (Gate)
        {
            if (_running > 0 || _time.GetElapsedTime(_lastUse) < limits.IdleTimeout) return;
        }
        End("");
    }

    /// <summary>Ends the connection when no call is under way; false when there are some. For one that gets no more calls.</summary>
    public bool EndIfUnused()
    {
        lock (Gate)
        {
            if (_running > 0 && !Mux.IsOver) return false;
        }
        End("");
        return true;
    }

    /// <summary>Makes a call. Never throws but when <paramref name="stop"/> is cancelled before the call left: afterwards it counts as lost.</summary>
    public async ValueTask<RpcOutcome> CallAsync(ReadOnlyMemory<byte> method, bool isForwarded, ReadOnlyMemory<byte> argument, CancellationToken stop)
    {
        PendingCall? call;
        lock (Gate) call = Start(method.Span, isForwarded, argument.Span);
        if (call is null) return RpcOutcome.NotSent("no stream");
        Wake();
        await using var giveUp = stop.UnsafeRegister(static call => ((PendingCall)call!).GiveUp(), call).ConfigureAwait(false);
        return await call.Ended.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void OnOpened(MuxStream stream) => Mux.Reset(stream);

    /// <inheritdoc/>
    public override void OnData(MuxStream stream, ReadOnlySpan<byte> bytes)
    {
        var calls = (CallStream)stream.Tag!;
        Mux.Grant(stream, bytes.Length);
        try
        {
            if (calls.Current is null) throw new MsgPackException("a reply to no call", 0);
            if (calls.Collector.Add(bytes)) Complete(calls, calls.Current);
        }
        catch (MsgPackException malformed)
        {
            Mux.Reset(stream);
            Finish(calls, RpcOutcome.Lost(malformed.Message));
        }
    }

    /// <inheritdoc/>
    public override void OnFinished(MuxStream stream)
    {
        Mux.Reset(stream);
        Finish((CallStream)stream.Tag!, RpcOutcome.Lost("EOF"));
    }

    /// <inheritdoc/>
    public override void OnEnded(MuxStream stream, MuxStreamEnd end)
    {
        var calls = (CallStream)stream.Tag!;
        Finish(calls, calls.Current is { HasLeft: true } ? RpcOutcome.Lost("EOF") : RpcOutcome.NotSent("the connection ended"));
    }

    private PendingCall? Start(ReadOnlySpan<byte> method, bool isForwarded, ReadOnlySpan<byte> argument)
    {
        if (Mux.IsOver) return null;
        var calls = TakeIdle();
        if (calls is null)
        {
            if (!Mux.TryOpen(out var stream)) return null;
            stream.Tag = calls = new CallStream(stream, limits.ResultBytesMax);
        }
        var message = new PooledBuffer(method.Length + argument.Length + 64);
        var writer = new MsgPackWriter(message);
        new RpcCallHeader { Seq = ++_seq, ServiceMethod = method, IsForwarded = isForwarded }.Write(ref writer);
        writer.WriteRaw(argument);
        writer.Flush();
        var call = new PendingCall(this, calls, _seq);
        if (Mux.TrySend(calls.Stream, message))
        {
            calls.Current = call;
            _running++;
            return call;
        }
        message.Dispose();
        Mux.Reset(calls.Stream);
        return null;
    }

    private CallStream? TakeIdle()
    {
        while (_idle.TryPop(out var idle))
            if (idle.Stream.IsOpen) return idle;
        return null;
    }

    private void Complete(CallStream calls, PendingCall call)
    {
        var reply = calls.Collector.Take();
        RpcOutcome outcome;
        try
        {
            if (calls.Collector.BytesHeld > 0 || calls.Collector.IsBroken) throw new MsgPackException("bytes behind a reply", 0);
            var reader = new MsgPackReader(reply.Bytes);
            var header = RpcReplyHeader.Read(ref reader);
            if (header.Seq != call.Seq) throw new MsgPackException("a reply to another call", 0);
            outcome = header.Error.IsEmpty ? RpcOutcome.Of(reply, (int)reader.Offset, header.Applied) : RpcOutcome.Refused(System.Text.Encoding.UTF8.GetString(header.Error));
        }
        catch (MsgPackException)
        {
            reply.Dispose();
            throw;
        }
        bool isRefused = outcome.End == RpcEnd.Error;
        if (isRefused) reply.Dispose();
        Finish(calls, outcome);
        // Peers end a stream after an error, and so do we: what stands on it behind one is not certain.
        if (isRefused || _idle.Count >= limits.IdleStreamsMax) Mux.Finish(calls.Stream);
        else _idle.Push(calls);
    }

    private void Finish(CallStream calls, in RpcOutcome outcome)
    {
        if (calls.Current is not { } call) return;
        calls.Current = null;
        _running--;
        _lastUse = _time.GetTimestamp();
        if (outcome.End != RpcEnd.Result) calls.Collector.Dispose();
        call.SetOutcome(outcome);
    }

    private void GiveUp(PendingCall call)
    {
        lock (Gate)
        {
            if (!ReferenceEquals(call.Calls.Current, call)) return;    // it has ended, and the stream may have the next one already
            bool hasLeft = call.HasLeft;
            Mux.Reset(call.Calls.Stream);
            Finish(call.Calls, hasLeft ? RpcOutcome.Lost("i/o deadline reached") : RpcOutcome.NotSent("i/o deadline reached"));
        }
        Wake();
    }

    /// <summary>One stream, on which one call after the other runs.</summary>
    private sealed class CallStream(MuxStream stream, long resultBytesMax)
    {
        public readonly MuxStream Stream = stream;
        public readonly CallCollector Collector = new(resultBytesMax);
        public PendingCall? Current;
    }

    /// <summary>One call. An object of its own: whoever made it may look at it when the stream has long had the next one.</summary>
    private sealed class PendingCall(RpcClientSession session, CallStream calls, ulong seq)
    {
        private readonly TaskCompletionSource<RpcOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly long _sentBefore = calls.Stream.SentBytes;

        public readonly CallStream Calls = calls;
        public readonly ulong Seq = seq;

        public Task<RpcOutcome> Ended => _ended.Task;

        /// <summary>Whether any of it was handed to the connection.</summary>
        public bool HasLeft => Calls.Stream.SentBytes > _sentBefore;

        public void SetOutcome(in RpcOutcome outcome) => _ended.SetResult(outcome);

        public void GiveUp() => session.GiveUp(this);
    }
}
