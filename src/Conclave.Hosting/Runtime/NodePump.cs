using Conclave.Core;
using Conclave.Node;
using Conclave.State;
using Conclave.Storage;

namespace Conclave.Hosting;

/// <summary>
/// Runs one node: drains what has arrived, gives it to the node in one turn, carries out the outbox. Requests that come while the disk is busy thus ride with the
/// next flush. No thread of its own: a turn runs on the thread that brings the news, or in the pool.
/// </summary>
internal sealed class NodePump : IAsyncDisposable
{
    // A turn takes no more than this, so that a flood of requests cannot keep finished disk work and timers waiting.
    private const int TurnMax = 4096;

    // Timers take no longer sleeps than some weeks; the loop looks again after this. Shorter ones than a millisecond are rounded to none.
    private static readonly TimeSpan SleepMax = TimeSpan.FromHours(1), SleepMin = TimeSpan.FromMilliseconds(1);

    private static readonly Instant Unset = new(long.MinValue);

    private readonly NodeInbox _inbox;
    private readonly Node.Node _node;
    private readonly SystemClock _clock;
    private readonly NodeGateway _gateway;
    private readonly NodeLog _log;
    private readonly IDiskQueue? _disk;                                // null for a node in memory
    private readonly ITimer _timer;
    private readonly Action<string> _fatal;
    private readonly IRaftTransport? _transport;                       // null for a server that has no others
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Instant _timerSetTo = Unset;
    private int _logJobsUnderWay;                                      // whose end no turn has taken yet
    private bool _isStarted;
    private int _timerFired;

    public NodePump(Node.Node node, NodeInbox inbox, IDiskQueue? disk, SystemClock clock, TimeProvider time, NodeGateway gateway, NodeLog log, IRaftTransport? transport, Action<string> fatal)
    {
        (_node, _inbox, _disk, _clock, _gateway, _log, _transport, _fatal) = (node, inbox, disk, clock, gateway, log, transport, fatal);
        _timer = time.CreateTimer(static pump => ((NodePump)pump!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Completes when the loop has ended, by <see cref="DisposeAsync"/> or because the node cannot go on.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Carries out the first turn on the calling thread and starts the loop.</summary>
    public void Start()
    {
        _node.OnTick(_clock.Now, _clock.Wall);
        FinishTurn();
        _isStarted = true;
        _inbox.Turns.Start(RunTurn);
    }

    /// <summary>Ends the loop: takes no more requests, lets what is on its way to the disk finish, fails what still waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Close();
        if (_isStarted) await Stopped.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private bool RunTurn()
    {
        try
        {
            // A flush that is under way when the node stops ends in a commit, whose callers deserve their answer.
            if (Turn() && (!_inbox.IsClosed || _logJobsUnderWay > 0)) return true;
        }
        catch (Exception broken)
        {
            // A broken invariant or a bug: the node must not go on with a state nobody vouches for. Never swallowed: the host ends the process.
            _fatal($"The node failed: {broken}");
        }
        End();
        return false;
    }

    private void End()
    {
        _gateway.Close();
        _inbox.Complete();
        AbandonAll();
        _stopped.TrySetResult();
    }

    private bool Turn()
    {
        _node.OnTick(_clock.Now, _clock.Wall);
        int taken = 0;
        while (taken < TurnMax && _inbox.TryTakeRequest(out var request))
        {
            _node.OnRequest(request);
            taken++;
        }
        if (taken == TurnMax) _inbox.Wake();                           // more than one turn may take: come again
        TakeFromPeers();
        while (_inbox.TryTakeFinished(out var job))
        {
            if (job.Lane == DiskLane.Log) _logJobsUnderWay--;
            _node.OnDiskDone(job);
        }
        return FinishTurn();
    }

    private void TakeFromPeers()
    {
        int taken = 0;
        while (taken++ < TurnMax && _inbox.TryTakeMessage(out var message)) _node.OnMessage(message);
        if (taken > TurnMax) _inbox.Wake();                            // more than one turn may take: come again
        while (_inbox.TryTakeInput(out var input)) input(_node);
    }

    // Order matters: the root before the completions, so that a caller finds its own write; watches last and elsewhere, for there may be thousands.
    private bool FinishTurn()
    {
        _node.EndTurn();
        var outbox = _node.Outbox;
        foreach (var line in outbox.Log) _log.Write(line);
        if (outbox.Fatal is { } message)
        {
            _fatal(message);
            return false;
        }
        foreach (var job in outbox.DiskJobs) Submit(job);
        // A lease that is given up must be given up for readers before anybody is told to campaign.
        _gateway.PublishLease(_node.LeaseUntil);
        if (_transport is not null) SendToPeers(_transport, outbox);
        _gateway.Publish(outbox.Root, outbox.Status, _node);
        foreach (var request in outbox.Completions) request.Complete();
        foreach (var watches in outbox.Fired)
            if (!watches.TryFinish()) ThreadPool.UnsafeQueueUserWorkItem(static fired => fired.Fire(), watches, preferLocal: false);
        foreach (string member in outbox.Reconnects) _gateway.WantReconnect(member);
        foreach (var replaced in outbox.Abandoned) ThreadPool.UnsafeQueueUserWorkItem(static old => old.Abandon(), replaced, preferLocal: false);
        outbox.Clear();
        SetTimer();
        return true;
    }

    private static void SendToPeers(IRaftTransport transport, Outbox outbox)
    {
        if (outbox.Status is { } status) transport.OnStatus(status);
        foreach (var message in outbox.Messages) transport.Send(message);
        foreach (var upload in outbox.Uploads) transport.Upload(upload);
        foreach (var download in outbox.Downloads) transport.Download(download);
    }

    private void Submit(DiskJob job)
    {
        if (job.Lane == DiskLane.Log) _logJobsUnderWay++;
        _inbox.OnDiskBegun(job);
        (_disk ?? throw new InvariantBrokenException("a node in memory asked for disk work")).Submit(job);
    }

    private void SetTimer()
    {
        // Behind the turn's reads as well: a ring whose wake-up was read in this turn came after the node was told the time.
        if (Interlocked.Exchange(ref _timerFired, 0) == 1) _timerSetTo = Unset;
        var wake = _node.NextWake;
        if (wake == _timerSetTo) return;
        _timerSetTo = wake;
        if (wake == Instant.Never)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }
        var sleep = wake - _clock.Now;
        if (sleep > SleepMax) sleep = SleepMax;
        if (sleep < SleepMin) sleep = SleepMin;
        _timer.Change(sleep, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        if (Interlocked.Exchange(ref _timerFired, 1) == 0) _inbox.Turns.Wake(here: true);
    }

    private void AbandonAll()
    {
        _node.Abandon();
        foreach (var request in _node.Outbox.Completions) request.Complete();
        _node.Outbox.Clear();
        while (_inbox.TryTakeRequest(out var request))
        {
            request.Result = Core.Model.ApplyResult.Error(ErrorTexts.ShuttingDown);
            request.Complete();
        }
    }
}
