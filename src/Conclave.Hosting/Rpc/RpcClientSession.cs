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

    /// <summary>Makes a call. Never throws but when <paramref name="stop"/> is cancelled before the call left: afterwards it counts as lost.</summary>
    public async ValueTask<RpcOutcome> CallAsync(ReadOnlyMemory<byte> method, bool isForwarded, ReadOnlyMemory<byte> argument, CancellationToken stop)
    {
        CallStream? call;
        lock (Gate) call = Start(method.Span, isForwarded, argument.Span);
        if (call is null) return RpcOutcome.NotSent("no stream");
        Wake();
        await using var giveUp = stop.UnsafeRegister(static call => ((CallStream)call!).GiveUp(), call).ConfigureAwait(false);
        return await call.Completion.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void OnOpened(MuxStream stream) => Mux.Reset(stream);

    /// <inheritdoc/>
    public override void OnData(MuxStream stream, ReadOnlySpan<byte> bytes)
    {
        var call = (CallStream)stream.Tag!;
        Mux.Grant(stream, bytes.Length);
        try
        {
            if (!call.IsRunning) throw new MsgPackException("a reply to no call", 0);
            if (call.Collector.Add(bytes)) Complete(call);
        }
        catch (MsgPackException malformed)
        {
            Mux.Reset(stream);
            Finish(call, RpcOutcome.Lost(malformed.Message));
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
        var call = (CallStream)stream.Tag!;
        bool hasLeft = stream.SentBytes > call.SentBefore;
        Finish(call, hasLeft ? RpcOutcome.Lost("EOF") : RpcOutcome.NotSent("the connection ended"));
    }

    private CallStream? Start(ReadOnlySpan<byte> method, bool isForwarded, ReadOnlySpan<byte> argument)
    {
        if (Mux.IsOver) return null;
        var call = TakeIdle();
        if (call is null)
        {
            if (!Mux.TryOpen(out var stream)) return null;
            call = new CallStream(this, stream, limits.ResultBytesMax);
            stream.Tag = call;
        }
        var message = new PooledBuffer(method.Length + argument.Length + 64);
        var writer = new MsgPackWriter(message);
        new RpcCallHeader { Seq = ++_seq, ServiceMethod = method, IsForwarded = isForwarded }.Write(ref writer);
        writer.WriteRaw(argument);
        writer.Flush();
        call.Begin(_seq);
        if (Mux.TrySend(call.Stream, message))
        {
            _running++;
            return call;
        }
        message.Dispose();
        call.IsRunning = false;
        Mux.Reset(call.Stream);
        return null;
    }

    private CallStream? TakeIdle()
    {
        while (_idle.TryPop(out var idle))
            if (idle.Stream.IsOpen) return idle;
        return null;
    }

    private void Complete(CallStream call)
    {
        var reply = call.Collector.Take();
        if (call.Collector.BytesHeld > 0 || call.Collector.IsBroken)
        {
            reply.Dispose();
            throw new MsgPackException("bytes behind a reply", 0);
        }
        RpcOutcome outcome;
        try
        {
            var reader = new MsgPackReader(reply.Bytes);
            var header = RpcReplyHeader.Read(ref reader);
            if (header.Seq != call.Seq) throw new MsgPackException("a reply to another call", 0);
            outcome = header.Error.IsEmpty ? RpcOutcome.Of(reply, (int)reader.Offset) : RpcOutcome.Refused(System.Text.Encoding.UTF8.GetString(header.Error));
        }
        catch (MsgPackException)
        {
            reply.Dispose();
            throw;
        }
        bool isRefused = outcome.End == RpcEnd.Error;
        if (isRefused) reply.Dispose();
        Finish(call, outcome);
        // Peers end a stream after an error, and so do we: what stands on it behind one is not certain.
        if (isRefused || _idle.Count >= limits.IdleStreamsMax) Mux.Finish(call.Stream);
        else _idle.Push(call);
    }

    private void Finish(CallStream call, in RpcOutcome outcome)
    {
        if (!call.IsRunning)
        {
            outcome.Dispose();
            return;
        }
        call.IsRunning = false;
        _running--;
        _lastUse = _time.GetTimestamp();
        if (outcome.End != RpcEnd.Result) call.Collector.Dispose();
        call.SetOutcome(outcome);
    }

    private void GiveUp(CallStream call)
    {
        lock (Gate)
        {
            if (!call.IsRunning) return;
            bool hasLeft = call.Stream.SentBytes > call.SentBefore;
            Mux.Reset(call.Stream);
            Finish(call, hasLeft ? RpcOutcome.Lost("i/o deadline reached") : RpcOutcome.NotSent("i/o deadline reached"));
        }
        Wake();
    }

    /// <summary>One stream and the call on it.</summary>
    private sealed class CallStream(RpcClientSession session, MuxStream stream, long resultBytesMax)
    {
        private TaskCompletionSource<RpcOutcome> _completion = null!;

        public readonly MuxStream Stream = stream;
        public readonly CallCollector Collector = new(resultBytesMax);
        public bool IsRunning;
        public ulong Seq;
        public long SentBefore;

        public Task<RpcOutcome> Completion => _completion.Task;

        public void Begin(ulong seq)
        {
            _completion = new TaskCompletionSource<RpcOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            (Seq, SentBefore, IsRunning) = (seq, Stream.SentBytes, true);
        }

        public void SetOutcome(in RpcOutcome outcome) => _completion.SetResult(outcome);

        public void GiveUp() => session.GiveUp(this);
    }
}
