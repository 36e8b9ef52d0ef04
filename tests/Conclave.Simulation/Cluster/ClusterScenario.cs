using System.Globalization;
using Conclave.Core;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>What can happen to a cluster besides the faults of the network and the clocks.</summary>
internal enum ClusterFault
{
    /// <summary>Server A ends (Amount 1: with its power) and comes back after For.</summary>
    Crash = PlanItem.FirstOwnKind,

    /// <summary>All servers lose their power at once and come back after For.</summary>
    CrashAll,

    /// <summary>Server A loses its disk and comes back after For as another one.</summary>
    Replace,

    /// <summary>An operation of server A's disk fails after Amount others.</summary>
    DiskFails,

    /// <summary>Server A's disk is full for a while.</summary>
    DiskFull,

    /// <summary>Server A's disk is slow for a while.</summary>
    DiskSlow,

    /// <summary>Server A's disk does nothing for a while.</summary>
    DiskSticks,

    /// <summary>A bit on server A's disk changes.</summary>
    Rot,

    /// <summary>Server A becomes a member, or another kind of member, or none.</summary>
    Member,

    /// <summary>The leader hands over.</summary>
    Transfer,

    /// <summary>The next server that is elected ends before anybody hears of it, with its first entry on its disk, and comes back after For.</summary>
    KillElected,

    /// <summary>The next leader that commits something ends before anybody hears of it, and comes back after For.</summary>
    KillCommitting,

    /// <summary>Whoever leads is alone for a while.</summary>
    IsolateLeader,

    /// <summary>Whoever leads stands still for a while.</summary>
    PauseLeader,

    /// <summary>Behind all others: every server stops, some perhaps after they left one by one, and an operator's list of peers brings back those that are whole. Seed decides how.</summary>
    Outage,
}

/// <summary>Whole clusters: Raft, log, state and node of several servers, with everything that can go wrong between and below them. First anything may happen; then a quorum is well again and everything must be finished.</summary>
internal sealed class ClusterScenario : IScenario
{
    private static readonly TimeSpan LivenessBound = TimeSpan.FromSeconds(120), Look = TimeSpan.FromMilliseconds(250), Calm = TimeSpan.FromSeconds(3);

    // Some hundred times the usual.
    private const long EventsMax = 3_000_000;

    public string Name => "cluster";

    public IReadOnlyList<string> Mutations => Flaws.Names;

    public List<PlanItem> MakePlan(ulong seed, ScenarioOptions options)
    {
        var settings = SwarmSettings.Draw(seed, options);
        var random = new Prng(StableHash.Of("plan", seed));
        var kinds = PlanMaker.DrawKinds(random, settings);
        List<PlanItem> plan = [];
        int count = (int)random.Next(25);
        for (int i = 0; i < count && kinds.Count > 0; i++) plan.Add(PlanMaker.Draw(random, settings, kinds[(int)random.Next(kinds.Count)]));
        AddPlantedBugsPlan(Flaws.Parse(options.Mutation), random, settings, plan);
        if (settings.Outage) plan.Add(new PlanItem(new Instant(0) + settings.SafetyTime, (int)ClusterFault.Outage) { Seed = random.NextUInt64() });
        return [.. plan.OrderBy(item => item.At.Nanoseconds)];
    }

    // What brings a bug to light that would else need thousands of seeds.
    private static void AddPlantedBugsPlan(FlawKind flaw, Prng random, SwarmSettings settings, List<PlanItem> plan)
    {
        if (flaw == FlawKind.CommitsOldTerms) PlanMaker.AddStories(random, settings, plan);
        if (flaw is FlawKind.LeaseWithoutClockBound or FlawKind.ReadsWithoutRound) PlanMaker.AddLonelyLeaders(random, settings, plan);
    }

    public string Describe(in PlanItem item) => item.Kind < PlanItem.FirstOwnKind ? FaultApplier.Describe(item) : string.Create(
        CultureInfo.InvariantCulture,
        $"{item.At.Nanoseconds / 1e9,10:F3} s  {(ClusterFault)item.Kind} a={item.A} b={item.B} for {item.For.TotalSeconds:F3} s, amount {item.Amount:0.###}");

    public void Run(SimWorld world, IReadOnlyList<PlanItem> plan, ScenarioOptions options)
    {
        var settings = SwarmSettings.Draw(world.Seed, options);
        var cluster = new SimCluster(world, settings, options.Mutation);
        var run = new ClusterRun(cluster);
        world.EventsMax = EventsMax;
        run.Start();
        var faults = new FaultApplier(world, cluster.Network, cluster.Servers);
        faults.Schedule(plan, run.Apply);
        world.RunFor(settings.SafetyTime);
        faults.EndAll();
        run.PlayOutage();
        run.Heal();
        run.RequireProgress(LivenessBound, Look);
        cluster.IsOver = true;
        run.RequireTrueCatalog(LivenessBound, Look);
        run.RequireAgreement(LivenessBound, Look);
        world.RunFor(Calm);
        run.RequireWholeDisks(LivenessBound, Look);
        run.JudgeHistories();
    }
}
