using Conclave.Core;

namespace Conclave.Hosting;

/// <summary>Where real time comes in: turns a <see cref="TimeProvider"/> into the engine's monotonic and wall clocks.</summary>
internal sealed class SystemClock(TimeProvider provider)
{
    private readonly long _origin = provider.GetTimestamp();

    /// <summary>Now on the monotonic clock; starts near zero, so that <see cref="Instant"/> has room.</summary>
    public Instant Now => new(provider.GetElapsedTime(_origin).Ticks * 100 + 1);

    /// <summary>Now for people.</summary>
    public WallTime Wall => WallTime.From(provider.GetUtcNow());
}
