using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>Everything of one run: the servers, those who use them, those who watch over them, and what is known to be true.</summary>
internal sealed class SimCluster
{
    private readonly SortedDictionary<string, List<RegisterOperation>> _histories = new(StringComparer.Ordinal);
    private readonly List<ulong> _sweeps = [];
    private readonly Prng _chance;
    private long _value;
    private ulong _chain;

    public SimCluster(SimWorld world, SwarmSettings settings, string? mutation)
    {
        World = world;
        Settings = settings;
        _chance = world.Stream("cluster");
        Network = new SimNetwork(world, SwarmSettings.SlotsMax)
        {
            Profile = settings.Link with { Loss = settings.Loss, Duplicate = settings.Duplicate, Reorder = settings.Reorder },
        };
        Flaws = new Flaws(mutation, world);
        Committed = new CommittedLog { Committed = OnCommitted };
        Committed.PathTo = end => Matching.PathTo(end, _chain);
        Locks = new LockRules(this);
        Bounds = new Bounds(settings);
        Pool = settings.Pool ? new PoolPlay(this) : null;
        for (int slot = 0; slot < SwarmSettings.SlotsMax; slot++) Servers.Add(new SimServer(this, slot));
    }

    public SimWorld World { get; }

    public SwarmSettings Settings { get; }

    public SimNetwork Network { get; }

    public Flaws Flaws { get; }

    /// <summary>By slot; those that were never started are down.</summary>
    public List<SimServer> Servers { get; } = [];

    public CommittedLog Committed { get; }

    public LogMatching Matching { get; } = new();

    public Leaders Leaders { get; } = new();

    public Bounds Bounds { get; }

    public LockRules Locks { get; }

    /// <summary>What the servers hear of a pool; null when they hear of none.</summary>
    public PoolPlay? Pool { get; }

    public List<SimClient> Clients { get; } = [];

    public List<Watcher> Watchers { get; } = [];

    /// <summary>Requests at servers.</summary>
    public List<Call> OpenCalls { get; } = [];

    /// <summary>Ends of servers that come in a certain moment, one after the other.</summary>
    public Queue<Trap> Traps { get; } = new();

    /// <summary>Index of the newest write of which its client knows that it is done.</summary>
    public ulong AcknowledgedLast { get; private set; }

    /// <summary>Disks that were lost or damaged so far.</summary>
    public int Losses { get; set; }

    /// <summary>The time of faults is over.</summary>
    public bool IsHealed { get; set; }

    /// <summary>Nobody asks for anything any more.</summary>
    public bool IsOver { get; set; }

    public IEnumerable<KeyValuePair<string, List<RegisterOperation>>> Histories => _histories;

    public List<RegisterOperation> HistoryOf(string key)
    {
        if (!_histories.TryGetValue(key, out var history)) _histories.Add(key, history = []);
        return history;
    }

    /// <summary>A value that nobody has written.</summary>
    public long NextValue() => ++_value;

    public TimeSpan ClientDelay() => TimeSpan.FromMicroseconds(100 + _chance.Next(2000));

    public void Trace(string text, long a = 0, long b = 0, object? c = null) => World.Trace.Add(World.Now, text, a, b, c);

    /// <summary>The slot of the server with this id, -1 when it is gone for good.</summary>
    public int SlotOf(string id)
    {
        foreach (var server in Servers)
            if (server.ServerId == id) return server.Id;
        return -1;
    }

    /// <summary>Where a client sends its request: mostly to who leads, as far as anybody knows.</summary>
    public SimServer PickServer(Prng chance)
    {
        int first = (int)chance.Next(Servers.Count);
        if (chance.Next(10) > 0)
        {
            for (int i = 0; i < Servers.Count; i++)
                if (Servers[(first + i) % Servers.Count] is { IsUp: true, Status.IsLeader: true } leader) return leader;
        }
        for (int i = 0; i < Servers.Count; i++)
            if (Servers[(first + i) % Servers.Count] is { IsUp: true } server) return server;
        return Servers[first];
    }

    /// <summary>The server that leads the newest term, if one does.</summary>
    public SimServer? Leader
    {
        get
        {
            SimServer? leader = null;
            foreach (var server in Servers)
                if (server.Raft is { Role: RaftRole.Leader } raft && (leader is null || raft.Term > leader.Raft!.Term)) leader = server;
            return leader;
        }
    }

    public NodeConfig ConfigOf(NodeIdentity identity) => Flaws.Configure(new NodeConfig
    {
        Identity = identity,
        Raft = Settings.Raft with { ServerId = identity.NodeId },
        Bootstrap = false,
        Limits = Settings.Limits,
        LeaderHoldTime = Settings.LeaderHoldTime,
        SessionTtlMin = TimeSpan.FromSeconds(1),
        AlwaysTrustsPool = true,
        TombstoneTtl = Settings.TombstoneTtl,
        TombstoneGranularity = TimeSpan.FromSeconds(1),
    });

    /// <summary>Traces of removals went between these two states.</summary>
    public bool SweptBetween(ulong after, ulong upTo)
    {
        foreach (ulong index in _sweeps)
            if (index > after && index <= upTo) return true;
        return false;
    }

    public void OnCompleted(Call call)
    {
        if (call.Kind != NodeRequestKind.Apply || call.Result.Index == 0) return;
        Committed.CheckAcknowledged(call.Server.Identity.NodeName, call.Sent, call.Result);
        if ((CommandType)call.Sent.Span[0] == CommandType.KVS) Locks.OnAnswered(call);
    }

    /// <summary>A client knows that its write is done: from now on no server may answer a linearizable read without it.</summary>
    public void OnHeard(Call call)
    {
        if (call.Kind != NodeRequestKind.Apply || call.Result.Index == 0) return;
        AcknowledgedLast = Math.Max(AcknowledgedLast, call.Result.Index);
        foreach (var server in Servers)
            if (server.MayReadByLease && server.Root.LastIndex < call.Result.Index)
                SimFailureException.Safety("a lease covers every acknowledged write", $"{server.Identity.NodeName} may answer reads from the state at index {server.Root.LastIndex}, a write at {call.Result.Index} was acknowledged by {call.Server.Identity.NodeName}");
    }

    public void OnPublished(SimServer server)
    {
        foreach (var watcher in Watchers) watcher.OnPublished(server);
    }

    public void OnServerGone(SimServer server)
    {
        foreach (var watcher in Watchers) watcher.OnServerGone(server);
        foreach (var call in OpenCalls)
            if (call.Server == server) call.OnServerGone();
    }

    /// <summary>A node says that it cannot go on. It may only say so when its disk has failed.</summary>
    public void OnFatal(SimServer server, string message)
    {
        Trace("{a} ends: {c}", server.Id, c: message);
        World.Mark("ended by its disk");
        if (!server.Disk.HasFailed) throw new SimFailureException(FailureKind.Crash, "fatal", $"{server.Identity.NodeName} ended although its disk works: {message}");
        RestartLater(server, TimeSpan.FromMilliseconds(100 + _chance.Next(4000)));
    }

    /// <summary>Starts a server after a while, and again if that does not succeed.</summary>
    public void RestartLater(SimServer server, TimeSpan delay) => World.After(delay, () =>
    {
        if (server.IsUp || server.IsLost || server.IsGoneForGood || server.IsHeldBack) return;
        if (!server.TryStart()) RestartLater(server, TimeSpan.FromMilliseconds(500));
    });

    private void OnCommitted(LogEntry entry, ApplyResult result)
    {
        if (entry.Type == EntryType.Command && (CommandType)entry.Data.Span[0] == CommandType.Tombstone) _sweeps.Add(entry.Index.Value);
        _chain = Matching.Extend("the committed log", _chain, entry);
        Locks.OnCommitted(entry);
        PoolPlay.Judge(entry);
    }
}
