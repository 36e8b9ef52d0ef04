using Conclave.Core;
using Conclave.Gossip;
using Conclave.Gossip.Files;
using Conclave.Gossip.Security;

namespace Conclave.Simulation.Gossip;

/// <summary>How far a node has come, as the one who runs it knows.</summary>
internal enum NodePhase
{
    Down,

    /// <summary>Runs and has not reached anybody yet.</summary>
    Joining,

    /// <summary>Runs and has been part of the pool.</summary>
    Member,

    /// <summary>Was told to leave.</summary>
    Leaving,
}

/// <summary>One member: a real pool, driven as a host drives it, on virtual time, network and files.</summary>
internal sealed partial class GossipProcess : SimProcess
{
    private const int JoinRetry = 2, Settled = 3;
    private const int PoisonAfterPackets = 200, LeakedBytes = 4096;
    private static readonly TimeSpan s_joinRetry = TimeSpan.FromSeconds(4);

    private readonly GossipCluster _cluster;
    private readonly SnapshotFile _file = new();
    private readonly Dictionary<long, SimStreamEnd> _streams = [];
    private readonly SortedDictionary<long, string> _requests = [];
    private readonly Prng _own;
    private long _nextAccepted, _nextRequest;
    private Instant _fileFailsUntil;
    private readonly List<byte[]> _leaked = [];
    private long _packetsIn;

    public GossipProcess(GossipCluster cluster, int id, string name) : base(cluster.World, cluster.Network, id)
    {
        _cluster = cluster;
        Name = name;
        Endpoint = GossipCluster.EndpointOf(id);
        _own = cluster.World.Stream($"operator/{id}");
    }

    public string Name { get; }

    public GossipEndpoint Endpoint { get; }

    public NodePhase Phase { get; private set; }

    /// <summary>The pool while the node is up.</summary>
    public GossipPool Pool { get; private set; } = null!;

    /// <summary>Which of its lives this is, from 1.</summary>
    public int Life { get; private set; }

    /// <summary>When this life began.</summary>
    public Instant UpSince { get; private set; }

    /// <summary>Lamport time before which this life passes over user events: those of the life before may have been told then.</summary>
    public ulong EventTimeMin { get; private set; }

    /// <summary>Value of the tag that changes.</summary>
    public string TagValue { get; private set; } = "0";

    public SnapshotFile File => _file;

    /// <summary>When the snapshot file last could not be written.</summary>
    public Instant FileFailedAt { get; private set; } = new(long.MinValue / 2);

    /// <summary>Requests that were made and not completed yet, by number.</summary>
    public IReadOnlyDictionary<long, string> OpenRequests => _requests;

    /// <summary>Starts with what its files hold.</summary>
    public void Start()
    {
        if (IsUp) return;
        Life++;
        UpSince = World.Now;
        var config = _cluster.Mutate(_cluster.Swarm.Configure(Name, Endpoint) with { Tags = MakeTags() });
        var snapshot = _file.Content.IsEmpty ? null : SerfSnapshot.Replay(_file.Content, config.RejoinAfterLeave);
        EventTimeMin = snapshot is null ? 0 : snapshot.EventClock + 1;
        var keyring = _cluster.Key is { } key ? new Keyring(new GossipKey(key)) : null;
        Pool = _cluster.CreatePool(config, new GossipStart(snapshot, keyring), World.Stream($"pool/{Id}/{Life}"), LocalNow);
        Up();
        Phase = NodePhase.Joining;
        World.Trace.Add(World.Now, "{c} starts, life {a}", Life, 0, Name);
        _cluster.Tell(checker => checker.OnStarted(this));
        CarryOut();
        TryJoin();
    }

    /// <summary>Ends at once.</summary>
    public void Kill(bool keepFiles, bool machineDead)
    {
        if (!IsUp) return;
        World.Trace.Add(World.Now, "{c} is killed", Life, 0, Name);
        Stop(machineDead);
        if (machineDead) _file.Tear(_own);
        if (!keepFiles) _file.Delete();
    }

    /// <summary>Leaves in order and then ends.</summary>
    public void Leave()
    {
        if (!IsUp || Phase == NodePhase.Leaving) return;
        if (_cluster.Mutation == GossipMutations.LeaveIsKill)
        {
            _cluster.Tell(checker => checker.OnLeaveBegun(this));
            Kill(keepFiles: true, machineDead: false);
            return;
        }
        Phase = NodePhase.Leaving;
        World.Trace.Add(World.Now, "{c} leaves", Life, 0, Name);
        _cluster.Tell(checker => checker.OnLeaveBegun(this));
        Tick();
        Pool.Leave(Request("leave"));
        CarryOut();
    }

    public void SetTags()
    {
        if (!IsUp || Phase == NodePhase.Leaving) return;
        TagValue = (1 + _own.Next(1_000_000)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (_cluster.Mutation == GossipMutations.TagsKept) return;
        Tick();
        Require(Pool.TrySetTags(MakeTags(), out string error), error);
        CarryOut();
    }

    public void FireEvent(string name, byte[] payload)
    {
        if (!IsUp || Phase == NodePhase.Leaving) return;
        _cluster.Tell(checker => checker.OnFired(this, name));
        Tick();
        Require(Pool.TryFireEvent(name, payload, mayCoalesce: false, out string error), error);
        CarryOut();
    }

    public void StartQuery(GossipQuery query)
    {
        if (!IsUp || Phase == NodePhase.Leaving) return;
        long number = ++_nextRequest;
        Tick();
        _cluster.Tell(checker => checker.OnQueryStarted(this, number, query));
        Require(Pool.TryStartQuery(number, query, out string error), error);
        CarryOut();
    }

    public void ForceLeave(string name, bool prune)
    {
        if (!IsUp || Phase != NodePhase.Member || Pool.Find(name) is null) return;
        Tick();
        Require(Pool.TryForceLeave(name, prune, out string error), error);
        CarryOut();
    }

    public void FailFiles(TimeSpan time) => _fileFailsUntil = World.Now + time;

    public override void OnDatagram(int from, ReadOnlySpan<byte> bytes)
    {
        Tick();
        if (_cluster.Mutation == GossipMutations.PoisonedPacket && ++_packetsIn > PoisonAfterPackets) throw new InvalidOperationException("the packet that should not have come");
        if (_cluster.Mutation == GossipMutations.Leak) _leaked.Add(new byte[LeakedBytes]);
        if (_cluster.Sieve is { } sieve) bytes = sieve.Sift(bytes);
        if (!bytes.IsEmpty) Pool.OnDatagram(GossipCluster.EndpointOf(from), bytes);
        CarryOut();
    }

    public override bool OnAccept(SimStreamEnd end, int from)
    {
        Tick();
        end.Tag = --_nextAccepted;
        bool isTaken = Pool.TryAccept(end.Tag, GossipCluster.EndpointOf(from));
        if (isTaken) _streams.Add(end.Tag, end);
        else World.Mark("stream refused");
        CarryOut();
        return isTaken;
    }

    public override void OnStreamBytes(SimStreamEnd end, ReadOnlySpan<byte> bytes)
    {
        Tick();
        Pool.OnStreamBytes(end.Tag, bytes);
        CarryOut();
    }

    public override void OnStreamEnded(SimStreamEnd end, string? error)
    {
        Tick();
        _streams.Remove(end.Tag);
        Pool.OnStreamEnded(end.Tag, error);
        CarryOut();
    }

    protected override void OnWake()
    {
        Tick();
        CarryOut();
    }

    protected override void OnOwnEvent(in SimEvent happened)
    {
        if (!IsUp || happened.A != Life) return;
        if (happened.Kind == JoinRetry && Phase == NodePhase.Joining) TryJoin();
        if (happened.Kind == Settled) Stop(machineDead: false);
    }

    private List<KeyValuePair<string, string>> MakeTags() => [new("role", "node"), new("v", TagValue)];

    private void Require(bool isDone, string error)
    {
        if (!isDone) SimFailureException.Safety("requests", $"{Name} refuses: {error}");
    }

    // Whoever is first starts the pool; everybody else keeps trying until somebody who is part of it has answered, as operators have their nodes do.
    private void TryJoin()
    {
        var known = _cluster.Processes.Where(other => other != this && other.Phase == NodePhase.Member).ToList();
        if (known.Count == 0)
        {
            if (_cluster.Processes.All(other => other == this || other.Phase is NodePhase.Down or NodePhase.Leaving || other.Id > Id)) Enter();
            else World.At(World.Now + s_joinRetry, this, JoinRetry, Life);
            return;
        }
        var targets = new List<GossipTarget>();
        for (int i = 0; i < 2; i++) targets.Add(new GossipTarget(known[(int)_own.Next(known.Count)].Endpoint));
        Tick();
        Pool.Join(Request("join"), targets, ignoreOldEvents: false);
        CarryOut();
    }

    private void Enter()
    {
        Phase = NodePhase.Member;
        _cluster.Tell(checker => checker.OnEntered(this));
    }

    private long Request(string what)
    {
        long number = ++_nextRequest;
        _requests.Add(number, what);
        _cluster.Tell(checker => checker.OnRequested(this, number, what));
        return number;
    }

    private void Stop(bool machineDead)
    {
        Phase = NodePhase.Down;
        Down(machineDead);
        _streams.Clear();
        _requests.Clear();
        _cluster.Tell(checker => checker.OnStopped(this));
        Pool.Dispose();
    }

    private void Tick() => Pool.OnTick(LocalNow);
}
