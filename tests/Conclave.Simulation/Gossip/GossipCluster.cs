using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>A pool with everybody who is or may come to be in it, what is done to it, and who watches.</summary>
internal sealed class GossipCluster
{
    private const ushort Port = 7946;
    private const uint FirstAddress = 0x0a00_0001;             // 10.0.0.1

    private readonly GossipScratch _scratch;
    private readonly List<GossipChecker> _checkers = [];
    private readonly Prng _chance;
    private long _eventNumber;
    private bool _isOver;

    public GossipCluster(SimWorld world, GossipSwarm swarm, string? mutation)
    {
        World = world;
        Swarm = swarm;
        Mutation = mutation;
        Network = new SimNetwork(world, swarm.Nodes) { Profile = (swarm.Profile == "wan" ? LinkProfile.Wan : LinkProfile.Lan) with { Loss = swarm.Loss } };
        if (PacketSieve.IsNeeded(mutation)) Sieve = new PacketSieve(mutation);
        _scratch = new GossipScratch(StableHash.Of("scratch", world.Seed), shareNames: true);
        _chance = world.Stream("workload");
        if (swarm.IsEncrypted) Key = MakeKey(world.Stream("key"));
        Processes = [.. Enumerable.Range(0, swarm.Nodes).Select(id => new GossipProcess(this, id, $"node-{id}"))];
        Faults = new FaultApplier(world, Network, Processes);
        if (mutation == GossipMutations.DumbNode) Network.Filter = (from, _, _) => from != 0 || world.Now.Nanoseconds < 30_000_000_000;
    }

    public SimWorld World { get; }

    public SimNetwork Network { get; }

    public GossipSwarm Swarm { get; }

    public string? Mutation { get; }

    /// <summary>The pool's key when it encrypts.</summary>
    public byte[]? Key { get; }

    /// <summary>What packets go through on their way in, when a planted bug wants it.</summary>
    public PacketSieve? Sieve { get; }

    public IReadOnlyList<GossipProcess> Processes { get; }

    public FaultApplier Faults { get; }

    /// <summary>Members that are up and have been part of the pool.</summary>
    public IEnumerable<GossipProcess> Live => Processes.Where(node => node.Phase == NodePhase.Member);

    /// <summary>Counts instead of checkers, for pools too large to look at everything.</summary>
    public PoolMeter? Meter { get; init; }

    /// <summary>Whether nothing may go wrong any more.</summary>
    public bool IsQuiet { get; private set; }

    public static GossipEndpoint EndpointOf(int id) => new(FirstAddress + (uint)id, false, Port);

    /// <summary>Number of the node at an address; below zero or above all for one that nobody has.</summary>
    public static int IdOf(GossipEndpoint endpoint) => endpoint.IsIPv6 || endpoint.Port != Port ? -1 : (int)((uint)endpoint.Address - FirstAddress);

    public void Watch(GossipChecker checker) => _checkers.Add(checker);

    public void Tell(Action<GossipChecker> what)
    {
        foreach (var checker in _checkers) what(checker);
    }

    public GossipPool CreatePool(GossipConfig config, GossipStart start, Prng chance, Instant now) => new(config, start, chance, now, _scratch);

    /// <summary>Settings with the planted bug in them.</summary>
    public GossipConfig Mutate(GossipConfig config) => Mutation switch
    {
        GossipMutations.NoReconnect => config with { ReconnectInterval = TimeSpan.FromDays(1), GossipToTheDeadTime = TimeSpan.FromSeconds(1), PushPullInterval = TimeSpan.FromDays(1) },
        GossipMutations.NoRefutation => config with { ReconnectInterval = TimeSpan.FromDays(1), PushPullInterval = TimeSpan.FromDays(1) },
        GossipMutations.Hasty => config with { ProbeTimeout = TimeSpan.FromMilliseconds(1), ProbeInterval = TimeSpan.FromMilliseconds(20), IndirectChecks = 0, SuspicionMult = 1, SuspicionMaxTimeoutMult = 1 },
        GossipMutations.NoSuspicion => config with { ProbeInterval = TimeSpan.FromDays(1) },
        GossipMutations.EndlessGossip => config with { RetransmitMult = 1_000_000 },
        _ => config,
    };

    /// <summary>Schedules a plan.</summary>
    public void Schedule(IReadOnlyList<PlanItem> plan)
    {
        Faults.Schedule(plan, Do);
        World.After(TimeSpan.FromSeconds(1), EverySecond);
    }

    /// <summary>The bad time is over: the network is whole, nobody is stopped or started any more.</summary>
    public void EndChaos()
    {
        _isOver = true;
        Faults.EndAll();
        Network.Profile = Network.Profile with { Loss = 0 };
        World.Trace.Add(World.Now, "the bad time is over");
    }

    /// <summary>From here on nothing may go wrong.</summary>
    public void BeginQuiet()
    {
        IsQuiet = true;
        Tell(checker => checker.OnQuiet());
    }

    /// <summary>A user event with a name that comes only once.</summary>
    public void Fire(GossipProcess node, int payloadBytes = 16) => node.FireEvent($"event-{++_eventNumber}", new byte[payloadBytes]);

    /// <summary>Anyone of those who are members.</summary>
    public GossipProcess AnyLive()
    {
        var live = Live.ToList();
        return live[(int)_chance.Next(live.Count)];
    }

    /// <summary>In what the live members' lists differ from the truth, or null.</summary>
    public string? Disagreement()
    {
        foreach (var node in Processes)
        {
            if (node.Phase is NodePhase.Joining or NodePhase.Leaving) return $"{node.Name} is still {node.Phase}";
            if (node.Phase != NodePhase.Member) continue;
            foreach (var other in Processes)
                if (Disagreement(node, other) is { } found) return found;
        }
        return null;
    }

    private static string? Disagreement(GossipProcess node, GossipProcess other)
    {
        var seen = node.Pool.Find(other.Name);
        if (other.Phase == NodePhase.Member)
        {
            if (seen is not { Status: MemberStatus.Alive }) return $"{node.Name} sees {other.Name} as {seen?.Status.ToString() ?? "unknown"} although it is there";
            return seen.Tag("v") == other.TagValue ? null : $"{node.Name} sees tag {seen.Tag("v")} of {other.Name}, which has {other.TagValue}";
        }
        return seen?.Status is MemberStatus.Alive or MemberStatus.Leaving ? $"{node.Name} sees {other.Name} as {seen.Status} although it is gone" : null;
    }

    private static byte[] MakeKey(Prng chance)
    {
        var key = new byte[chance.Next(2) == 0 ? 16 : 32];
        for (int i = 0; i < key.Length; i++) key[i] = (byte)chance.NextUInt64();
        return key;
    }

    private void EverySecond()
    {
        Tell(checker => checker.OnSecond());
        World.After(TimeSpan.FromSeconds(1), EverySecond);
    }

    private void Do(PlanItem item)
    {
        if (_isOver) return;
        var node = Processes[item.A];
        var operation = (GossipOperation)item.Kind;
        if (operation != GossipOperation.Start) World.CountFault(operation.ToString());
        // What needs the process to act has to wait until it runs.
        if (node.PausedUntil > World.Now && operation is not GossipOperation.Crash)
        {
            World.At(node.PausedUntil, () => Do(item));
            return;
        }
        switch (operation)
        {
            case GossipOperation.Start: node.Start(); break;
            case GossipOperation.Crash:
                node.Kill(keepFiles: item.B == 1, machineDead: item.Amount > 0);
                StartLater(node, item);
                break;
            case GossipOperation.Leave:
                node.Leave();
                StartLater(node, item);
                break;
            case GossipOperation.SetTags: node.SetTags(); break;
            case GossipOperation.FireEvent: Fire(node, (int)(item.Amount * 300)); break;
            case GossipOperation.Query: AskFrom(node, item); break;
            case GossipOperation.ForceLeave when Processes[item.B].Phase == NodePhase.Down: node.ForceLeave(Processes[item.B].Name, prune: item.Amount > 0); break;
            case GossipOperation.FileFails: node.FailFiles(item.For); break;
        }
    }

    private static void AskFrom(GossipProcess node, in PlanItem item) => node.StartQuery(new GossipQuery("question", new byte[8])
    {
        WantAcks = (item.Seed & 1) == 0,
        RelayFactor = (byte)(item.Seed >> 1 & 3),
        Nodes = (item.Seed >> 3 & 3) == 0 ? [$"node-{item.B}"] : [],
        Tags = (item.Seed >> 5 & 3) == 0 ? [new("role", "^no.e$")] : [],
    });

    private void StartLater(GossipProcess node, PlanItem item)
    {
        if (item.For <= TimeSpan.Zero) return;
        World.After(item.For, () => StartAgain(node));
    }

    private void StartAgain(GossipProcess node)
    {
        if (_isOver) return;
        if (node.Phase == NodePhase.Leaving) World.After(TimeSpan.FromSeconds(1), () => StartAgain(node));
        else node.Start();
    }
}
