using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>
/// Runs one pool: drains what has arrived, gives it to the pool in one turn, carries out the outbox. One asynchronous loop, no thread of its own.
/// </summary>
internal sealed class GossipLoop : IAsyncDisposable
{
    // A turn takes no more than this, so that a flood of packets cannot keep timers and answers waiting.
    private const int TurnMax = 256;

    // Timers take no longer sleeps than some weeks; the loop looks again after this.
    private static readonly TimeSpan SleepMax = TimeSpan.FromHours(1);

    private static readonly Instant Unset = new(long.MinValue);

    private readonly GossipPool _pool;
    private readonly GossipInbox _inbox;
    private readonly PacketSender _sender;
    private readonly GossipStreams _streams;
    private readonly GossipFiles _files;
    private readonly GossipLog _log;
    private readonly SystemClock _clock;
    private readonly GossipViews _views;
    private readonly IGossipListener _listener;
    private readonly Action<string> _fatal;
    private readonly ITimer _timer;
    private readonly PendingRequests _pending = new();
    private Instant _now, _timerSetTo = Unset;
    private int _timerFired;

    public GossipLoop(GossipPool pool, GossipInbox inbox, PacketSender sender, GossipStreams streams, GossipFiles files, GossipLog log, GossipViews views, IGossipListener listener, SystemClock clock, TimeProvider time, Action<string> fatal)
    {
        (_pool, _inbox, _sender, _streams, _files, _log, _views, _listener, _clock, _fatal) = (pool, inbox, sender, streams, files, log, views, listener, clock, fatal);
        _timer = time.CreateTimer(static loop => ((GossipLoop)loop!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs until the inbox is closed or the pool cannot go on. Never fails: the reason goes to the callback, once.</summary>
    public async Task RunAsync()
    {
        string reason = "the pool is closed";
        try
        {
            _pool.OnTick(_now = _clock.Now);
            bool goesOn = FinishTurn();
            while (goesOn && !_inbox.IsClosed && await _inbox.Inputs.WaitToReadAsync().ConfigureAwait(false)) goesOn = RunTurn();
            if (goesOn) StopPool();
        }
        catch (Exception broken)
        {
            // A broken invariant or a bug: the pool must not go on with a state nobody vouches for. Never swallowed: whoever runs the pool is told.
            _log.Fatal(reason = $"The gossip pool failed: {broken}");
            _fatal(reason);
        }
        _inbox.Complete();
        AbandonAll(reason);
        await _streams.CloseAllAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    // What is still to be written to the snapshot file goes out with the last turn.
    private void StopPool()
    {
        _pool.Stop();
        FinishTurn();
    }

    private bool RunTurn()
    {
        _pool.OnTick(_now = _clock.Now);
        for (int taken = 0; taken < TurnMax && _inbox.Inputs.TryRead(out var input); taken++) Take(input);
        return FinishTurn();
    }

    private void Take(in GossipInput input)
    {
        switch (input.Kind)
        {
            case GossipInputKind.Packet:
                var buffer = (byte[])input.Subject!;
                _pool.OnDatagram(input.Endpoint, buffer.AsSpan(0, input.Length));
                _inbox.Buffers.Return(buffer);
                break;
            case GossipInputKind.Accepted:
                _streams.OnAccepted((GossipStream)input.Subject!, _pool);
                break;
            case GossipInputKind.StreamBytes:
                var stream = (GossipStream)input.Subject!;
                if (!stream.IsDone) _pool.OnStreamBytes(stream.Number, stream.Buffer.AsSpan(0, input.Length));
                stream.Take();
                break;
            case GossipInputKind.StreamEnded:
                _streams.OnEnded((GossipStream)input.Subject!, _pool);
                break;
            case GossipInputKind.FileFailed:
                var failure = (GossipFileFailure)input.Subject!;
                _pool.OnFileFailed(failure.Work, failure.Error);
                break;
            case GossipInputKind.Request:
                RunRequest((IGossipRequest)input.Subject!);
                break;
        }
    }

    private void RunRequest(IGossipRequest request)
    {
        _inbox.OnRequestTaken();
        try
        {
            request.Run(_pool, _pending);
        }
        catch
        {
            request.Abandon("the gossip pool failed");
            throw;
        }
    }

    // Packets first: others wait for their acks. Streams are closed before new ones are opened. The views before the completions, so that a caller finds its own change.
    private bool FinishTurn()
    {
        var outbox = _pool.Outbox;
        _sender.SendAll(outbox);
        foreach (var answer in outbox.Answers) _streams.Answer(answer);
        foreach (long stream in outbox.Closes) _streams.Close(stream);
        foreach (var dial in outbox.Dials) _streams.Dial(dial);
        foreach (var file in outbox.Files) _files.Submit(file);
        foreach (var line in outbox.Log) _log.Write(line);
        if (_views.Publish(_pool, _now)) _listener.OnMembersChanged();
        foreach (var happened in outbox.Events) _listener.OnEvent(happened);
        foreach (var completion in outbox.Completions) _pending.Complete(completion);
        if (outbox.Fatal is { } message)
        {
            _log.Fatal(message);
            _fatal(message);
            return false;
        }
        outbox.Clear();
        SetTimer();
        return true;
    }

    private void SetTimer()
    {
        // Behind the turn's reads: a ring whose wake-up was read in this turn came after the pool was told the time.
        if (Interlocked.Exchange(ref _timerFired, 0) == 1) _timerSetTo = Unset;
        var wake = _pool.NextWake;
        if (wake == _timerSetTo) return;
        _timerSetTo = wake;
        if (wake == Instant.Never)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }
        var sleep = wake - _clock.Now;
        if (sleep > SleepMax) sleep = SleepMax;
        // Timers cut to whole milliseconds: rounded up, else each one would ring a little early and once more in time.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(sleep.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        if (Interlocked.Exchange(ref _timerFired, 1) == 0) _inbox.Wake();
    }

    private void AbandonAll(string reason)
    {
        _pending.AbandonAll(reason);
        while (_inbox.Inputs.TryRead(out var input))
        {
            if (input.Subject is IGossipRequest request) request.Abandon(reason);
            else if (input is { Kind: GossipInputKind.Accepted, Subject: GossipStream stream }) stream.Dispose();
        }
    }
}
