namespace Conclave.Gossip.Swim;

/// <summary>How long suspicions last. All of it must be the same in all members of a pool, to the millisecond, so the arithmetic follows the peers' step by step.</summary>
internal static class SuspicionTimes
{
    /// <summary>Shortest time: grows with the digits of the pool's size.</summary>
    /// <param name="multiplier">Probe intervals for each digit.</param>
    /// <param name="members">Members known, in any state.</param>
    /// <param name="probeInterval">Time between probes.</param>
    public static TimeSpan Min(int multiplier, int members, TimeSpan probeInterval)
    {
        double scale = Math.Max(1.0, Math.Log10(Math.Max(1.0, members)));
        return new TimeSpan(multiplier * (long)(scale * 1000) * probeInterval.Ticks / 1000);
    }

    /// <summary>Independent accusations wanted besides the first: none when there are not enough members to make them.</summary>
    public static int Confirmations(int multiplier, int members)
    {
        int wanted = Math.Max(0, multiplier - 2);
        return members - 2 < wanted ? 0 : wanted;
    }

    /// <summary>Time from the start of a suspicion to its end.</summary>
    public static TimeSpan After(int confirmations, int wanted, TimeSpan min, TimeSpan max)
    {
        if (wanted < 1) return min;
        double share = Math.Log(confirmations + 1.0) / Math.Log(wanted + 1.0);
        double seconds = Seconds(max) - share * (Seconds(max) - Seconds(min));
        var timeout = new TimeSpan((long)Math.Floor(1000.0 * seconds) * TimeSpan.TicksPerMillisecond);
        return timeout < min ? min : timeout;
    }

    // Whole seconds and the rest apart: rounded once more than in one division, and the peers round so.
    private static double Seconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerSecond + time.Ticks % TimeSpan.TicksPerSecond * 100 / 1e9;
}
