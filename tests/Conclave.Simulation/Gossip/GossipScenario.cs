using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>
/// A pool in bad times and in the time after. First everything may happen; then the network is made whole, and the members have to agree on who is there; then,
/// in peace, one of them asks, one leaves and one is killed, and all of that must be seen as what it is.
/// </summary>
internal sealed class GossipScenario : IScenario
{
    private const int QueriesMax = 6;
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1), s_peace = TimeSpan.FromSeconds(30);

    public string Name => "gossip";

    public IReadOnlyList<string> Mutations => GossipMutations.All;

    public List<PlanItem> MakePlan(ulong seed, ScenarioOptions options) => GossipPlan.Make(seed, GossipSwarm.Draw(seed, options));

    public string Describe(in PlanItem item) => GossipPlan.Describe(item);

    public void Run(SimWorld world, IReadOnlyList<PlanItem> plan, ScenarioOptions options)
    {
        var swarm = GossipSwarm.Draw(world.Seed, options);
        if (PacketSieve.IsNeeded(options.Mutation)) swarm = swarm with { IsEncrypted = false };
        var cluster = new GossipCluster(world, swarm, options.Mutation);
        var queries = new QueryChecker(cluster);
        var events = new UserEventChecker(cluster);
        foreach (var checker in CheckersOf(cluster)) cluster.Watch(checker);
        cluster.Watch(queries);
        cluster.Watch(events);
        cluster.Schedule(plan);
        world.RunFor(swarm.Chaos);

        cluster.EndChaos();
        Converge(cluster);
        Drain(cluster);
        if (!cluster.Live.Any()) return;
        cluster.BeginQuiet();
        world.RunFor(s_peace);
        TellAndAsk(cluster, queries);
        LeaveOne(cluster);
        KillOne(cluster);
        if (!world.RunUntil(() => events.Missing() is null, s_second, GossipBounds.Spread(cluster))) SimFailureException.Liveness(UserEventChecker.Name, events.Missing()!);
        world.RunFor(s_second);
        if (cluster.Disagreement() is { } disagreement) SimFailureException.Liveness("convergence", disagreement);
        cluster.Tell(checker => checker.OnEnd());
    }

    private static IEnumerable<GossipChecker> CheckersOf(GossipCluster cluster) =>
    [
        new ViewChecker(cluster), new CompletionChecker(cluster), new QueueChecker(cluster), new FalseFailureChecker(cluster), new StabilityChecker(cluster),
        new LeaveChecker(cluster), new SnapshotChecker(cluster), new MemoryChecker(cluster),
    ];

    // An agreement counts when it lasts: a suspicion from the bad time may still be running.
    private static void Converge(GossipCluster cluster)
    {
        var world = cluster.World;
        world.RunUntil(cluster.Processes.Max(node => node.PausedUntil));
        Instant since = world.Now, end = since + GossipBounds.Convergence(cluster), agreedSince = Instant.Never;
        var lasting = GossipBounds.Suspicion(cluster);
        while (agreedSince == Instant.Never || world.Now - agreedSince < lasting)
        {
            if (cluster.Disagreement() is not { } disagreement) agreedSince = agreedSince == Instant.Never ? world.Now : agreedSince;
            else if (world.Now >= end) SimFailureException.Liveness("convergence", $"after {(world.Now - since).TotalSeconds} s {disagreement}");
            else agreedSince = Instant.Never;
            world.RunFor(s_second);
        }
        MarkTime(world, "converged within", agreedSince - since);
    }

    private static void Drain(GossipCluster cluster)
    {
        // Who is alone has nobody to tell.
        if (cluster.Live.Count() < 2) return;
        var bound = GossipBounds.Drain(cluster);
        if (!cluster.World.RunUntil(() => QueueChecker.Waiting(cluster) == 0, s_second, bound)) SimFailureException.Liveness("bounded queues", $"{QueueChecker.Waiting(cluster)} messages are still waiting after {bound.TotalSeconds} s");
    }

    // Queries are spread by gossip alone, which misses a member now and then; it must not miss the same one every time.
    private static void TellAndAsk(GossipCluster cluster, QueryChecker queries)
    {
        cluster.Fire(cluster.AnyLive());
        var asker = cluster.AnyLive();
        for (int i = 0; i < QueriesMax; i++)
        {
            asker.StartQuery(new GossipQuery(QueryChecker.Roll, default) { WantAcks = true });
            cluster.World.RunFor(GossipBounds.Query(cluster));
            if (queries.Present(asker) >= cluster.Live.Count()) return;
            cluster.World.Mark("query missed a member");
        }
        SimFailureException.Liveness("queries", $"{queries.Present(asker)} of {cluster.Live.Count()} ever answered {asker.Name}");
    }

    private static void LeaveOne(GossipCluster cluster)
    {
        if (cluster.Live.Count() < 2) return;
        var leaver = cluster.AnyLive();
        leaver.Leave();
        var bound = GossipBounds.Leave(cluster);
        if (!cluster.World.RunUntil(() => leaver.Phase == NodePhase.Down && LeaveChecker.IsLeft(cluster, leaver), s_second, bound))
            SimFailureException.Liveness("left, never failed", $"{leaver.Name} is not seen as left by all after {bound.TotalSeconds} s");
    }

    private static void KillOne(GossipCluster cluster)
    {
        if (cluster.Live.Count() < 2) return;
        var victim = cluster.AnyLive();
        var since = cluster.World.Now;
        victim.Kill(keepFiles: true, machineDead: true);
        var bound = GossipBounds.Detection(cluster);
        if (!cluster.World.RunUntil(() => cluster.Live.All(node => node.Pool.Find(victim.Name)?.Status == MemberStatus.Failed), s_second, bound))
            SimFailureException.Liveness("detection", $"{victim.Name} is not seen as failed by all after {bound.TotalSeconds} s");
        MarkTime(cluster.World, "detected within", cluster.World.Now - since);
    }

    private static void MarkTime(SimWorld world, string what, TimeSpan time)
    {
        int seconds = 1;
        while (seconds < time.TotalSeconds) seconds *= 2;
        world.Mark($"{what} {seconds,4} s");
    }
}
