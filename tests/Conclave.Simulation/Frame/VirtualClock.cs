using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>A node's clocks: a monotonic one that runs a little too fast or too slow, and a wall clock that may jump. Both are functions of the true time.</summary>
internal sealed class VirtualClock
{
    private const long Million = 1_000_000;

    private readonly WallTime _wallOrigin = new(1_700_000_000L * 1_000_000_000);
    private Instant _trueStart, _localStart;
    private TimeSpan _wallShift;

    /// <summary>By how many millionths the monotonic clock is too fast.</summary>
    public long DriftPpm { get; private set; }

    /// <summary>Starts at true time <paramref name="now"/>; the monotonic clock begins anywhere, as a machine's does.</summary>
    public VirtualClock(Instant now, Instant local, long driftPpm = 0)
    {
        _trueStart = now;
        _localStart = local;
        DriftPpm = driftPpm;
    }

    /// <summary>The monotonic clock at a true time.</summary>
    public Instant Local(Instant now)
    {
        long passed = now.Nanoseconds - _trueStart.Nanoseconds;
        return new Instant(_localStart.Nanoseconds + passed + passed / Million * DriftPpm + passed % Million * DriftPpm / Million);
    }

    /// <summary>The first true time at which the monotonic clock shows <paramref name="local"/> or later.</summary>
    public Instant TrueAt(Instant local)
    {
        if (local == Instant.Never) return Instant.Never;
        long wanted = local.Nanoseconds - _localStart.Nanoseconds;
        var guess = new Instant(_trueStart.Nanoseconds + wanted - wanted / (Million + DriftPpm) * DriftPpm);
        for (long missing = local.Nanoseconds - Local(guess).Nanoseconds; missing > 0; missing = local.Nanoseconds - Local(guess).Nanoseconds)
            guess = new Instant(guess.Nanoseconds + missing);
        return guess;
    }

    /// <summary>The wall clock at a true time.</summary>
    public WallTime Wall(Instant now) => new(_wallOrigin.UnixNanoseconds + now.Nanoseconds + _wallShift.Ticks * 100);

    /// <summary>Changes the speed from now on; the monotonic clock does not jump.</summary>
    public void SetDrift(Instant now, long driftPpm)
    {
        _localStart = Local(now);
        _trueStart = now;
        DriftPpm = driftPpm;
    }

    /// <summary>The wall clock jumps by so much.</summary>
    public void JumpWall(TimeSpan by) => _wallShift += by;
}
