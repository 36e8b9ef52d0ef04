namespace Conclave.Core;

/// <summary>Time for people and for records, in nanoseconds since 1970-01-01T00:00:00Z. It may jump; it never decides correctness.</summary>
/// <param name="UnixNanoseconds">Nanoseconds since the Unix epoch, UTC.</param>
public readonly record struct WallTime(long UnixNanoseconds)
{
    /// <summary>The same moment as a <see cref="DateTimeOffset"/> in UTC, cut to 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(UnixNanoseconds / 100);

    /// <summary>The wall time of <paramref name="moment"/>.</summary>
    public static WallTime From(DateTimeOffset moment) => new((moment - DateTimeOffset.UnixEpoch).Ticks * 100);
}
