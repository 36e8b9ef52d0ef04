namespace Conclave.Core;

/// <summary>A point on a node's monotonic clock, in nanoseconds from an arbitrary origin. Never goes back; says nothing about wall time.</summary>
/// <param name="Nanoseconds">Nanoseconds since the origin of this process's (or simulation's) monotonic clock.</param>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>A point that no clock reaches; used for "no deadline".</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>The instant <paramref name="span"/> after <paramref name="start"/>; saturates at <see cref="Never"/>.</summary>
    public static Instant operator +(Instant start, TimeSpan span)
    {
        if (start.Nanoseconds == long.MaxValue || span.Ticks > (long.MaxValue - start.Nanoseconds) / 100) return Never;
        return new(start.Nanoseconds + span.Ticks * 100);
    }

    /// <summary>The instant <paramref name="span"/> before <paramref name="start"/>.</summary>
    public static Instant operator -(Instant start, TimeSpan span) => new(start.Nanoseconds - span.Ticks * 100);

    /// <summary>Time from <paramref name="start"/> to <paramref name="end"/>, cut to 100 ns.</summary>
    public static TimeSpan operator -(Instant end, Instant start) => new((end.Nanoseconds - start.Nanoseconds) / 100);

    /// <summary>Order on the clock.</summary>
    public static bool operator <(Instant a, Instant b) => a.Nanoseconds < b.Nanoseconds;

    /// <summary>Order on the clock.</summary>
    public static bool operator >(Instant a, Instant b) => a.Nanoseconds > b.Nanoseconds;

    /// <summary>Order on the clock.</summary>
    public static bool operator <=(Instant a, Instant b) => a.Nanoseconds <= b.Nanoseconds;

    /// <summary>Order on the clock.</summary>
    public static bool operator >=(Instant a, Instant b) => a.Nanoseconds >= b.Nanoseconds;

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);
}
