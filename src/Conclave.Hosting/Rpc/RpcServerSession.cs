using System.Net;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Mux;

namespace Conclave.Hosting.Calls;

/// <summary>The serving end of a multiplexed connection: streams run side by side, the calls of one stream one after the other.</summary>
internal sealed class RpcServerSession(RpcServer server, RpcLimits limits, TimeProvider time, IPAddress? remote) : MuxSession(MuxRole.Server, limits.ServerMux, limits.WriteTimeout, time)
{
    // Streams whose next call is to be started, once the lock is free. Guarded by Gate.
    private readonly Queue<ServedStream> _started = new();

    // Those that wait until the other side has read; completed and replaced when there is room. Guarded by Gate.
    private TaskCompletionSource? _room;

    // Bytes of unfinished arguments of this connection. Guarded by Gate.
    private long _collected;

    /// <inheritdoc/>
    public override void OnOpened(MuxStream stream) => stream.Tag = new ServedStream(this, stream, limits.ArgumentBytesMax);

    /// <inheritdoc/>
    public override void OnData(MuxStream stream, ReadOnlySpan<byte> bytes)
    {
        var served = (ServedStream)stream.Tag!;
        try
        {
            if (!TryHold(served, bytes.Length))
            {
                Drop(served);
                return;
            }
            bool isWhole = served.Collector.Add(bytes);
            served.Ungranted += bytes.Length;
            if (served.IsBusy) return;                                 // what comes now waits, within its window, until the reply is out
            Grant(served);
            if (isWhole) Start(served);
        }
        catch (MsgPackException)
        {
            Drop(served);
        }
    }

    /// <inheritdoc/>
    public override void OnFinished(MuxStream stream)
    {
        var served = (ServedStream)stream.Tag!;
        served.Depart();
        if (!served.IsBusy) Mux.Finish(stream);
    }

    /// <inheritdoc/>
    public override void OnEnded(MuxStream stream, MuxStreamEnd end) => Forget((ServedStream)stream.Tag!);

    protected override void AfterRead()
    {
        while (true)
        {
            ServedStream served;
            lock (Gate)
                if (!_started.TryDequeue(out served!)) return;
            ThreadPool.UnsafeQueueUserWorkItem(served, preferLocal: false);
        }
    }

    protected override void AfterWrite()
    {
        TaskCompletionSource? room = null;
        lock (Gate)
            if (_room is not null && (Mux.UnsentBytes <= limits.UnsentBytesMax || Mux.IsOver)) (room, _room) = (_room, null);
        room?.TrySetResult();
    }

    private async Task ServeAsync(ServedStream served, CollectedCall call)
    {
        PooledBuffer? reply = null;
        try
        {
            await WaitForRoomAsync().ConfigureAwait(false);
            reply = await server.AnswerAsync(call, remote, served.Departure).ConfigureAwait(false);
        }
        catch (MsgPackException)
        {
            reply = null;                                              // not even a header: nothing can be said, so the stream ends
        }
        finally
        {
            call.Dispose();
        }
        bool goesOn;
        lock (Gate) goesOn = Reply(served, reply);
        Wake();
        if (goesOn) ThreadPool.UnsafeQueueUserWorkItem(served, preferLocal: false);
    }

    // True when the stream's next call is to be started.
    private bool Reply(ServedStream served, PooledBuffer? reply)
    {
        served.IsBusy = false;
        var stream = served.Stream;
        if (reply is null || !Mux.TrySend(stream, reply))
        {
            reply?.Dispose();
            Drop(served);
            return false;
        }
        if (stream.IsFinishedByPeer || served.Collector.IsBroken)
        {
            Mux.Finish(stream);
            return false;
        }
        Grant(served);
        if (served.Collector.IsComplete) Take(served);
        return served.IsBusy;
    }

    private async ValueTask WaitForRoomAsync()
    {
        while (true)
        {
            Task room;
            lock (Gate)
            {
                if (Mux.UnsentBytes <= limits.UnsentBytesMax || Mux.IsOver) return;
                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await room.ConfigureAwait(false);
        }
    }

    private void Start(ServedStream served)
    {
        Take(served);
        _started.Enqueue(served);
    }

    private void Take(ServedStream served)
    {
        served.IsBusy = true;
        served.Call = served.Collector.Take();
        Release(served, served.Held - served.Collector.BytesHeld);     // the call's own memory is the worker's from now on
    }

    private void Grant(ServedStream served)
    {
        Mux.Grant(served.Stream, served.Ungranted);
        served.Ungranted = 0;
    }

    private bool TryHold(ServedStream served, int bytes)
    {
        if (_collected + bytes > limits.CollectedBytesMax || !server.Collected.TryTake(bytes)) return false;
        _collected += bytes;
        served.Held += bytes;
        return true;
    }

    private void Release(ServedStream served, long bytes)
    {
        served.Held -= bytes;
        _collected -= bytes;
        server.Collected.Return(bytes);
    }

    private void Drop(ServedStream served)
    {
        Mux.Reset(served.Stream);
        Forget(served);
    }

    private void Forget(ServedStream served)
    {
        served.Depart();
        Release(served, served.Held);
        served.Collector.Dispose();
        if (!Mux.IsOver || _room is null) return;
        _room.TrySetResult();
        _room = null;
    }

    /// <summary>One stream of calls.</summary>
    private sealed class ServedStream(RpcServerSession session, MuxStream stream, long argumentBytesMax) : IThreadPoolWorkItem
    {
        private CancellationTokenSource? _departure;
        private bool _hasDeparted;

        public readonly MuxStream Stream = stream;
        public readonly CallCollector Collector = new(argumentBytesMax);
        public CollectedCall Call;
        public bool IsBusy;
        public int Ungranted;
        public long Held;

        /// <summary>For the call under way.</summary>
        public CancellationToken Departure
        {
            get
            {
                lock (session.Gate)
                {
                    if (_hasDeparted) return new CancellationToken(canceled: true);
                    return (_departure ??= new CancellationTokenSource()).Token;
                }
            }
        }

        public void Execute() => _ = session.ServeAsync(this, Call);

        /// <summary>Nobody waits any more. Under the gate; those that waited are told elsewhere.</summary>
        public void Depart()
        {
            if (_hasDeparted) return;
            _hasDeparted = true;
            if (_departure is { } departure) ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), departure, preferLocal: false);
        }
    }
}
