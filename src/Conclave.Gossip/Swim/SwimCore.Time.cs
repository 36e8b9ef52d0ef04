using Conclave.Core;

namespace Conclave.Gossip.Swim;

internal sealed partial class SwimCore
{
    // A gap of this part of a probe's time is worth setting the clock back: acks may lie in the socket that this process had no time to read.
    private const int PauseShare = 4;

    // After a quiet time news wait for no more than this part of the gossip interval.
    private const int QuietShare = 8;

    private readonly DeadlineHeap<SwimTimer> _timers = new();

    // The host's time, and ours, by which all timers run: it stands still while this process does not run, so nobody is accused on the strength of
    // time in which we could not have heard them. Always _clock == _now - _paused.
    private Instant _now;
    private Instant _clock;
    private TimeSpan _paused;

    // Gossip has no timer in the heap: most of the time there is nothing to tell, and nothing has to wake up for it.
    private Instant _gossipDue = Instant.Never;

    private enum TimerKind : byte
    {
        Probe,
        ProbeIndirectly,
        ProbeEnd,
        RelayEnd,
        SuspicionDue,
        PushPull,
        StreamEnd,
        LeaveEnd,
    }

    /// <summary>When <see cref="Tick"/> wants to be called at the latest.</summary>
    public Instant NextWake
    {
        get
        {
            var next = NextDue();
            return next == Instant.Never ? next : next + _paused;
        }
    }

    /// <summary>Time has come to here.</summary>
    public void Tick(Instant now)
    {
        MoveClock(now);
        while (_timers.TryPopDue(_clock, out var timer)) Fire(timer);
        if (_gossipDue <= _clock && HasNews)
        {
            Gossip();
            _gossipDue = _clock + _config.GossipInterval;
        }
        EndLeaveWhenSent();
    }

    private bool HasNews => _rumors.Count > 0 || _owner.HasBroadcasts;

    private void StartTimers()
    {
        if (_config.ProbeInterval > TimeSpan.Zero) SetTimer(_random.NextTimeSpan(_config.ProbeInterval), new(TimerKind.Probe));
        if (_config.PushPullInterval > TimeSpan.Zero) SetTimer(_random.NextTimeSpan(_config.PushPullInterval), new(TimerKind.PushPull));
        if (_config.GossipInterval > TimeSpan.Zero) _gossipDue = _clock + _random.NextTimeSpan(_config.GossipInterval);
    }

    private DeadlineHandle SetTimer(TimeSpan after, SwimTimer timer) => _timers.Add(_clock + after, timer);

    private Instant NextDue()
    {
        var next = _timers.Next;
        if (_gossipDue == Instant.Never || !HasNews) return next;
        HurryAfterQuiet();
        return _gossipDue < next ? _gossipDue : next;
    }

    // News that come after a quiet time go out almost at once: the last round is longer ago than the interval, so no member gossips more often than that. A little later, for news seldom come
    // alone, and those who heard the same should not all speak in the same moment.
    private void HurryAfterQuiet()
    {
        if (_gossipDue < _clock) _gossipDue = _clock + _random.NextTimeSpan(_config.GossipInterval / QuietShare);
    }

    private void MoveClock(Instant now)
    {
        if (now <= _now) return;
        var due = NextDue();
        var before = _clock;
        _now = now;
        _clock = now - _paused;
        if (due >= _clock) return;
        var late = _clock - due;
        if (late < _config.ProbeTimeout / PauseShare) return;
        // Back to just before what was due: it happens in the next turn, when what waited in the sockets has been heard.
        var resumed = due - TimeSpan.FromTicks(1);
        _paused = now - (resumed < before ? before : resumed);
        _clock = now - _paused;
        OnPaused(late);
    }

    private void OnPaused(TimeSpan late)
    {
        Numbers.Pauses++;
        _isRoundTripKnown = false;
        if (late < _config.ProbeTimeout) return;
        ChangeHealth(+1);
        if (_logGate.TryPass(_now)) Log(GossipLogLevel.Warning, $"Did not run for {late.TotalMilliseconds:F0} ms; timers are set back by as much");
        RestartProbe();
    }

    private void Fire(in SwimTimer timer)
    {
        switch (timer.Kind)
        {
            case TimerKind.Probe: OnProbeTick(); break;
            case TimerKind.ProbeIndirectly: ProbeIndirectly(); break;
            case TimerKind.ProbeEnd: EndProbe(); break;
            case TimerKind.RelayEnd: EndRelay((uint)timer.Number); break;
            case TimerKind.SuspicionDue: OnSuspicionDue(timer.Suspicion!); break;
            case TimerKind.PushPull: OnPushPullTick(); break;
            case TimerKind.StreamEnd: OnStreamTimeout(timer.Number); break;
            case TimerKind.LeaveEnd: EndLeave(); break;
        }
    }

    private readonly record struct SwimTimer(TimerKind Kind, long Number = 0, Suspicion? Suspicion = null);
}
