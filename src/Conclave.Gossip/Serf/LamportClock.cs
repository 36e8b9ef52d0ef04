namespace Conclave.Gossip.Serf;

/// <summary>
/// A Lamport clock that a hostile message cannot run to its end. Times below <see cref="OpenRangeEnd"/> are taken from anybody, as peers do. Beyond, where
/// no honest pool ever comes, a message may move the clock by <see cref="JumpMax"/> at most and is refused otherwise, so that running the clock over takes
/// 2^40 messages rather than one, and the pool goes on working wherever its clock was moved to.
/// </summary>
internal sealed class LamportClock
{
    /// <summary>With a thousand ticks a second an honest clock needs a hundred million years to come here.</summary>
    public const ulong OpenRangeEnd = 1UL << 62;

    /// <summary>More than a member can miss between two exchanges.</summary>
    public const ulong JumpMax = 1UL << 24;

    /// <summary>The time that the next message of ours carries.</summary>
    public ulong Time { get; private set; } = 1;

    /// <summary>Whether a message may carry this time. What may not is neither believed nor passed on.</summary>
    public bool IsPlausible(ulong seen) => seen < OpenRangeEnd || seen <= Time || (seen - Time <= JumpMax && seen < ulong.MaxValue);

    /// <summary>Sees a time in a message; false when it is not plausible, and the clock stands as it did.</summary>
    public bool Witness(ulong seen)
    {
        if (!IsPlausible(seen)) return false;
        if (seen >= Time) Time = seen + 1;
        return true;
    }

    /// <summary>
    /// Sees another member's whole clock in an exchange. One that is not plausible moves ours as far as is allowed at once: a newcomer to a pool whose clock
    /// was driven up must get there.
    /// </summary>
    public void WitnessClock(ulong time)
    {
        if (time == 0) return;
        if (!Witness(time - 1)) Time = Time < OpenRangeEnd ? OpenRangeEnd : Time + Math.Min(JumpMax, ulong.MaxValue - Time);
    }

    /// <summary>The time for a message of ours; none gets it again.</summary>
    public ulong Take()
    {
        ulong taken = Time;
        if (Time < ulong.MaxValue) Time++;
        return taken;
    }
}
