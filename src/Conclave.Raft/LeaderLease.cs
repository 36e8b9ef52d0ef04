using Conclave.Core;

namespace Conclave.Raft;

/// <summary>
/// How long a leader may trust that nobody else leads. Followers that heard it refuse their votes for at least <see cref="RaftConfig.HeartbeatTimeout"/> by their own clocks;
/// the lease begins when the confirmed request was made, is not longer than that, and is shortened by what two clocks may differ in rate.
/// </summary>
internal static class LeaderLease
{
    public static Instant End(Instant confirmedAt, RaftConfig config) =>
        confirmedAt + TimeSpan.FromTicks(config.LeaderLease.Ticks / 1000 * (1000 - 2 * Math.Min(config.ClockDriftPermille, 499)));
}
