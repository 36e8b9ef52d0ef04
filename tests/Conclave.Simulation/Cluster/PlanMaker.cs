using Conclave.Core;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>Draws what is done to a cluster: each seed has its own kinds of faults, so that rare combinations are not drowned by common ones.</summary>
internal static class PlanMaker
{
    private static readonly int[] s_kinds =
    [
        (int)FaultKind.Partition, (int)FaultKind.OneWayPartition, (int)FaultKind.CutLink, (int)FaultKind.Isolate, (int)FaultKind.Clog, (int)FaultKind.Loss,
        (int)FaultKind.ResetStreams, (int)FaultKind.BreakStreams, (int)FaultKind.Pause, (int)FaultKind.WallJump,
        (int)ClusterFault.Crash, (int)ClusterFault.Crash, (int)ClusterFault.Crash, (int)ClusterFault.CrashAll, (int)ClusterFault.Replace, (int)ClusterFault.DiskFails, (int)ClusterFault.DiskFull,
        (int)ClusterFault.DiskSlow, (int)ClusterFault.DiskSticks, (int)ClusterFault.Rot, (int)ClusterFault.Member, (int)ClusterFault.Member, (int)ClusterFault.Transfer, (int)ClusterFault.KillElected, (int)ClusterFault.KillCommitting, (int)ClusterFault.IsolateLeader, (int)ClusterFault.PauseLeader,
    ];

    public static List<int> DrawKinds(Prng random, SwarmSettings settings)
    {
        List<int> kinds = [];
        foreach (int kind in s_kinds)
        {
            bool isMember = kind == (int)ClusterFault.Member;
            if (isMember ? settings.Membership : random.Next(3) == 0) kinds.Add(kind);
        }
        return kinds;
    }

    public static PlanItem Draw(Prng random, SwarmSettings settings, int kind)
    {
        var item = new PlanItem(new Instant(0) + random.NextTimeSpan(settings.SafetyTime), kind, A: (int)random.Next(settings.Servers), Seed: random.NextUInt64());
        return kind switch
        {
            (int)FaultKind.Partition or (int)FaultKind.OneWayPartition or (int)FaultKind.Isolate => item with { For = Some(random, 8000) },
            (int)FaultKind.CutLink => item with { B = (int)random.Next(settings.Servers), For = Some(random, 8000) },
            (int)FaultKind.Clog => item with { For = Some(random, 4000), Amount = random.NextDouble() },
            (int)FaultKind.Loss => item with { A = random.Next(2) == 0 ? -1 : item.A, For = Some(random, 5000), Amount = random.NextDouble() * 0.6 },
            (int)FaultKind.BreakStreams => item with { For = Some(random, 5000), Amount = random.NextDouble() * 0.4 },
            (int)FaultKind.Pause => item with { For = Some(random, 4000) },
            (int)FaultKind.WallJump => item with { For = TimeSpan.FromMinutes(random.Next(600)), Amount = random.Next(2) == 0 ? -1 : 1 },
            (int)ClusterFault.Crash => item with { For = Some(random, 6000), Amount = random.Next(2) },
            (int)ClusterFault.KillElected or (int)ClusterFault.KillCommitting or (int)ClusterFault.IsolateLeader or (int)ClusterFault.PauseLeader => item with { For = Some(random, 5000) },
            (int)ClusterFault.CrashAll or (int)ClusterFault.Replace => item with { For = Some(random, 3000) },
            (int)ClusterFault.DiskFails => item with { B = Pick(random, DiskFault.Fail, DiskFault.Tear, DiskFault.Full), Amount = random.Next(200) },
            (int)ClusterFault.DiskFull or (int)ClusterFault.DiskSlow or (int)ClusterFault.DiskSticks => item with { For = Some(random, 5000) },
            (int)ClusterFault.Member => item with { A = (int)random.Next(SwarmSettings.SlotsMax), B = (int)random.Next(3) },
            _ => item,
        };
    }

    /// <summary>
    /// Stories as in figure 8 of the Raft paper: a leader dies, the next one dies with its first entry on its disk alone, and so does a third, which stays away for long; the one before returns,
    /// is elected, spreads its old entry, and dies when it takes something for committed. Then the third comes back.
    /// </summary>
    public static void AddStories(Prng random, SwarmSettings settings, List<PlanItem> plan)
    {
        for (var at = new Instant(0) + TimeSpan.FromSeconds(2); at < new Instant(0) + settings.SafetyTime - TimeSpan.FromSeconds(8); at += TimeSpan.FromSeconds(9))
        {
            plan.Add(new PlanItem(at, (int)ClusterFault.KillCommitting) { For = TimeSpan.FromMilliseconds(random.Next(1000)) });
            plan.Add(new PlanItem(at, (int)ClusterFault.KillElected) { For = TimeSpan.FromMilliseconds(200 + random.Next(1500)) });
            plan.Add(new PlanItem(at, (int)ClusterFault.KillElected) { For = TimeSpan.FromMilliseconds(3000 + random.Next(4000)) });
            plan.Add(new PlanItem(at, (int)ClusterFault.KillCommitting) { For = TimeSpan.FromMilliseconds(1000 + random.Next(3000)) });
        }
    }

    /// <summary>Leaders that are cut off again and again, for about as long as the others need to elect another.</summary>
    public static void AddLonelyLeaders(Prng random, SwarmSettings settings, List<PlanItem> plan)
    {
        for (var at = new Instant(0) + TimeSpan.FromSeconds(2); at < new Instant(0) + settings.SafetyTime; at += TimeSpan.FromSeconds(4))
            plan.Add(new PlanItem(at + TimeSpan.FromMilliseconds(random.Next(1000)), (int)ClusterFault.IsolateLeader) { For = TimeSpan.FromMilliseconds(500 + random.Next(2500)) });
    }

    // Mostly short, sometimes long.
    private static TimeSpan Some(Prng random, int millisecondsMax)
    {
        double share = random.NextDouble();
        return TimeSpan.FromMilliseconds(1 + share * share * millisecondsMax);
    }

    private static int Pick(Prng random, params ReadOnlySpan<DiskFault> faults) => (int)faults[(int)random.Next(faults.Length)];
}
