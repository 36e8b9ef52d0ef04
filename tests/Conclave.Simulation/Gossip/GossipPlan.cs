using System.Globalization;
using Conclave.Core;

namespace Conclave.Simulation.Gossip;

/// <summary>What users and operators do to a pool, beside the faults of the frame.</summary>
internal enum GossipOperation
{
    /// <summary>Node A starts for the first time.</summary>
    Start = PlanItem.FirstOwnKind,

    /// <summary>Node A's process ends at once and is started again after For (zero: never). B: 1 keeps its files, 0 loses them. Amount above zero: its machine is gone as well.</summary>
    Crash,

    /// <summary>Node A leaves in order and is started again after For (zero: never). B as above.</summary>
    Leave,

    /// <summary>Node A gets other tags.</summary>
    SetTags,

    /// <summary>Node A fires a user event.</summary>
    FireEvent,

    /// <summary>Node A asks everybody something.</summary>
    Query,

    /// <summary>Node A declares that node B, if that is down, has left; Amount above zero: and is to be forgotten.</summary>
    ForceLeave,

    /// <summary>Appending to node A's snapshot file fails for a while.</summary>
    FileFails,
}

/// <summary>Draws what is done to a pool in a seed.</summary>
internal static class GossipPlan
{
    private static readonly TimeSpan s_startWithin = TimeSpan.FromSeconds(20), s_longFault = TimeSpan.FromSeconds(90), s_shortFault = TimeSpan.FromSeconds(15);

    public static List<PlanItem> Make(ulong seed, GossipSwarm swarm)
    {
        var chance = new Prng(StableHash.Of("plan", seed));
        var plan = new List<PlanItem>();
        var within = chance.Next(3) == 0 ? TimeSpan.FromSeconds(1) : s_startWithin;
        for (int node = 0; node < swarm.Nodes; node++)
            plan.Add(new PlanItem(new Instant(0) + (node == 0 ? TimeSpan.Zero : chance.NextTimeSpan(within)), (int)GossipOperation.Start, node));
        Span<(Hardship Hardship, int Count)> kinds =
        [
            (Hardship.Loss, 2), (Hardship.Reordering, 3), (Hardship.Partitions, 3), (Hardship.Clogging, 2), (Hardship.BadStreams, 3), (Hardship.Pauses, 4), (Hardship.Drift, 3),
            (Hardship.Crashes, 4), (Hardship.Leaves, 3), (Hardship.Flapping, 2), (Hardship.Tags, 5), (Hardship.Events, 12), (Hardship.Queries, 4), (Hardship.ForcedLeaves, 3),
            (Hardship.BadFiles, 2), (Hardship.SmallPackets, 1),
        ];
        foreach (var (hardship, count) in kinds)
        {
            if (!swarm.Has(hardship)) continue;
            // Calm seeds have a loss of their own from beginning to end, up to the most that the checker allows for.
            if (hardship == Hardship.Loss && !swarm.Has(Hardship.Unreachable)) continue;
            for (long i = 1 + chance.Next(count); i > 0; i--) Add(plan, hardship, swarm, chance);
        }
        return plan;
    }

    public static string Describe(in PlanItem item) => item.Kind < PlanItem.FirstOwnKind
        ? FaultApplier.Describe(item)
        : string.Create(CultureInfo.InvariantCulture, $"{item.At.Nanoseconds / 1e9,10:F3} s  {(GossipOperation)item.Kind} a={item.A} b={item.B} for {item.For.TotalSeconds:F3} s, amount {item.Amount:0.###}, seed {item.Seed}");

    private static void Add(List<PlanItem> plan, Hardship hardship, GossipSwarm swarm, Prng chance)
    {
        var at = new Instant(0) + chance.NextTimeSpan(swarm.Chaos);
        int a = (int)chance.Next(swarm.Nodes), b = (int)chance.Next(swarm.Nodes);
        var time = chance.NextTimeSpan(chance.Next(2) == 0 ? s_longFault : s_shortFault);
        ulong seed = chance.NextUInt64();
        double amount = chance.NextDouble();
        switch (hardship)
        {
            case Hardship.Loss: Fault(FaultKind.Loss, chance.Next(2) == 0 ? -1 : a, amount * 0.2); break;
            case Hardship.Reordering: Fault(chance.Next(2) == 0 ? FaultKind.Reorder : FaultKind.Duplicate, a, amount * 0.3); break;
            case Hardship.Partitions: Fault((FaultKind)((int)FaultKind.Partition + (int)chance.Next(4)), a, amount); break;
            case Hardship.Clogging: Fault(FaultKind.Clog, a, amount * 3); break;
            case Hardship.BadStreams: Fault(chance.Next(3) switch { 0 => FaultKind.ResetStreams, 1 => FaultKind.BreakStreams, _ => FaultKind.HalfOpenStreams }, a, amount * 0.5); break;
            case Hardship.Pauses: Fault(FaultKind.Pause, a, 0); break;
            case Hardship.Drift: Fault(chance.Next(2) == 0 ? FaultKind.Drift : FaultKind.WallJump, a, Math.Round((amount - 0.5) * 400)); break;
            case Hardship.SmallPackets: Fault(FaultKind.Mtu, a, 300 + Math.Round(amount * 1000)); break;
            case Hardship.Crashes: Operation(GossipOperation.Crash, a, (int)chance.Next(2), chance.Next(8) == 0 ? TimeSpan.Zero : time, chance.Next(2)); break;
            case Hardship.Leaves: Operation(GossipOperation.Leave, a, (int)chance.Next(2), chance.Next(3) == 0 ? TimeSpan.Zero : time, 0); break;
            case Hardship.Flapping: Flap(plan, at, a, chance); break;
            case Hardship.Tags: Operation(GossipOperation.SetTags, a, 0, default, amount); break;
            case Hardship.Events: Operation(GossipOperation.FireEvent, a, 0, default, amount); break;
            case Hardship.Queries: Operation(GossipOperation.Query, a, b, default, amount); break;
            case Hardship.ForcedLeaves: Operation(GossipOperation.ForceLeave, a, b, default, chance.Next(2)); break;
            case Hardship.BadFiles: Operation(GossipOperation.FileFails, a, 0, time, 0); break;
        }

        void Fault(FaultKind kind, int node, double strength) => plan.Add(new PlanItem(at, (int)kind, node, b == a ? (b + 1) % swarm.Nodes : b, time, strength, seed));

        void Operation(GossipOperation kind, int node, int other, TimeSpan duration, double strength) => plan.Add(new PlanItem(at, (int)kind, node, other, duration, strength, seed));
    }

    private static void Flap(List<PlanItem> plan, Instant at, int node, Prng chance)
    {
        for (long i = 3 + chance.Next(5); i > 0; i--)
        {
            plan.Add(new PlanItem(at, (int)GossipOperation.Crash, node, (int)chance.Next(2), chance.NextTimeSpan(TimeSpan.FromSeconds(4)), chance.Next(2)));
            at += TimeSpan.FromSeconds(4) + chance.NextTimeSpan(TimeSpan.FromSeconds(8));
        }
    }
}
