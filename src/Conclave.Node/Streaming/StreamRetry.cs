using Conclave.Core;

namespace Conclave.Node.Streaming;

/// <summary>
/// Decides when a subscription that has ended is made again, and when those who wait for it had better ask otherwise. Does no I/O; used by one thread at a time.
/// </summary>
/// <param name="holdTime">How long a view that has lost its subscription is still waited on.</param>
/// <param name="random">Spreads the attempts of many; owned from now on.</param>
public sealed class StreamRetry(TimeSpan holdTime, Prng random)
{
    // A subscription that lived this long was a good one: what comes next begins to be counted anew.
    private static readonly TimeSpan GoodAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100), PauseMax = TimeSpan.FromSeconds(10);

    private int _failures, _refusals;
    private Instant _startedAt = Instant.Never, _lostAt = Instant.Never;

    /// <summary>Since when there is no subscription; never when there is one, or none was begun.</summary>
    public Instant LostAt => _lostAt;

    /// <summary>A subscription is asked for.</summary>
    public void OnBegun(Instant now)
    {
        if (_lostAt == Instant.Never && _startedAt == Instant.Never) _lostAt = now;
    }

    /// <summary>A server serves it.</summary>
    public void OnServed(Instant now) => (_startedAt, _lostAt, _refusals) = (now, Instant.Never, 0);

    /// <summary>It has ended, or did not come about. Gives how long to wait before the next attempt; mostly not at all, for there are other servers.</summary>
    /// <param name="end">How.</param>
    /// <param name="servers">Servers that are known.</param>
    /// <param name="now">The time.</param>
    public TimeSpan OnEnded(StreamEnd end, int servers, Instant now)
    {
        if (_startedAt != Instant.Never && now - _startedAt >= GoodAfter) _failures = 0;
        if (_lostAt == Instant.Never) _lostAt = now;
        _startedAt = Instant.Never;
        _failures++;
        if (end == StreamEnd.Refused) _refusals++;
        int over = _failures - Math.Max(1, servers);
        if (over < 0 || _failures == 1 && servers > 0) return TimeSpan.Zero;
        double pause = Math.Min(PauseMax.Ticks, PauseMin.Ticks * Math.Pow(2, Math.Min(over, 10)));
        return TimeSpan.FromTicks((long)(pause * (0.5 + random.Next(1024) / 2048.0)));
    }

    /// <summary>Whether those who wait had better ask otherwise.</summary>
    /// <param name="hasRows">There is something to show meanwhile.</param>
    /// <param name="servers">Servers that are known.</param>
    /// <param name="now">The time.</param>
    public bool IsHopeless(bool hasRows, int servers, Instant now)
    {
        if (_lostAt == Instant.Never) return false;
        if (now - _lostAt >= holdTime) return true;
        // Without anything to show nobody need wait longer than it takes to ask each server once.
        return !hasRows && _failures >= Math.Max(1, servers);
    }

    /// <summary>Whether servers have said no, so that asking again soon is of no use.</summary>
    public bool IsRefused(int servers) => _refusals >= Math.Max(1, servers);
}
