using Conclave.Core;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>The phases of one run: beginning, faults, healing, and what must be true in the end.</summary>
internal sealed class ClusterRun(SimCluster cluster)
{
    // Servers that look through their disks at least as often as this must find damage before the run ends.
    private static readonly TimeSpan SoonScrubbed = TimeSpan.FromSeconds(2);

    private readonly Membership _membership = new(cluster);
    private readonly Prng _chance = cluster.World.Stream("run");
    private readonly List<SimServer> _broken = [];
    private PlanItem? _outage;

    /// <summary>The first servers start with the same configuration on new disks; then everybody who uses them begins.</summary>
    public void Start()
    {
        var settings = cluster.Settings;
        var first = new Configuration(cluster.Servers.Take(settings.Servers).Select(server => server.Member(Suffrage.Voter)));
        foreach (var server in cluster.Servers.Take(settings.Servers)) server.TryStart(first);
        cluster.Clients.Add(new Setup(cluster));
        for (int i = 0; i < settings.Clients; i++) cluster.Clients.Add(new KvClient(cluster, i));
        for (int i = 0; i < settings.LockClients; i++)
        {
            var client = new LockClient(cluster, i);
            cluster.Clients.Add(client);
            cluster.Locks.Clients.Add(client);
        }
        if (_chance.Next(2) == 0) cluster.Clients.Add(new CatalogClient(cluster, 0));
        for (int i = 0; i < settings.Watchers; i++) cluster.Watchers.Add(new Watcher(cluster, i));
        foreach (var client in cluster.Clients) client.Begin();
        foreach (var watcher in cluster.Watchers) watcher.Begin();
        _membership.Begin();
        cluster.Pool?.Begin();
    }

    /// <summary>Carries out a fault of the cluster's own.</summary>
    public void Apply(PlanItem item)
    {
        if (cluster.IsHealed) return;
        var kind = (ClusterFault)item.Kind;
        var server = cluster.Servers[item.A];
        cluster.World.CountFault(kind.ToString());
        switch (kind)
        {
            case ClusterFault.Crash: Crash(server, item.Amount > 0, item.For); break;
            case ClusterFault.CrashAll:
                foreach (var each in cluster.Servers) Crash(each, powerFails: true, item.For);
                break;
            case ClusterFault.Replace: Replace(server, item.For); break;
            case ClusterFault.DiskFails: server.Disk.FailSoon((DiskFault)item.B, (int)item.Amount); break;
            case ClusterFault.DiskFull: server.Disk.Fill(item.For); break;
            case ClusterFault.DiskSlow: server.Disk.Slow(item.For); break;
            case ClusterFault.DiskSticks: server.Disk.Stick(item.For); break;
            case ClusterFault.Rot:
                if (server.WasStarted && _membership.MayLose(server) && server.Disk.TryRot(out string path))
                {
                    cluster.Losses++;
                    cluster.Trace("a bit of {a}'s {c} changes", server.Id, c: path);
                }
                break;
            case ClusterFault.Member: _membership.Change(item.A, item.B); break;
            case ClusterFault.IsolateLeader:
                if (cluster.Leader is { } alone) Isolate(alone, item.For);
                break;
            case ClusterFault.KillElected: cluster.Traps.Enqueue(new Trap(TrapKind.Elected, item.For)); break;
            case ClusterFault.KillCommitting: cluster.Traps.Enqueue(new Trap(TrapKind.Committing, item.For)); break;
            case ClusterFault.PauseLeader: cluster.Leader?.Pause(item.For); break;
            case ClusterFault.Transfer: cluster.Leader?.Do(raft => raft.TransferLeadership()); break;
            case ClusterFault.Outage: _outage = item; break;
        }
    }

    /// <summary>What is planned for the end of the time of faults, if anything is.</summary>
    public void PlayOutage()
    {
        if (_outage is not { } item) return;
        cluster.Traps.Clear();
        new OutagePlay(cluster, _membership, new Prng(item.Seed)).Run();
    }

    /// <summary>The time of faults is over: everybody who can starts, then some that are not needed break for good.</summary>
    public void Heal()
    {
        cluster.IsHealed = true;
        cluster.Traps.Clear();
        cluster.Network.Profile = LinkProfile.Lan;             // far links and slow disks would need more time for the same proof
        foreach (var server in cluster.Servers)
        {
            server.Disk.Repair();
            server.Disk.Pace = 1;
            if (server.IsLost) server.Replace();
            if (!server.IsUp && server.WasStarted) server.TryStart();
        }
        foreach (var server in cluster.Servers)
        {
            if (!server.IsUp || _chance.Next(2) == 0) continue;
            _broken.Add(server);
            if (!_membership.CanDoWithout(_broken)) _broken.RemoveAt(_broken.Count - 1);
        }
        foreach (var server in _broken) Break(server);
        cluster.Trace("healed, {a} are broken for good", _broken.Count);
    }

    /// <summary>Everybody gets something done, whatever was before.</summary>
    public void RequireProgress(TimeSpan bound, TimeSpan look)
    {
        var before = cluster.Clients.ToDictionary(client => client, client => client.Successes);
        bool done = cluster.World.RunUntil(() => cluster.Clients.TrueForAll(client => client.Successes >= before[client] + 2 || client is Setup { Successes: > 0 }), look, bound);
        if (!done) SimFailureException.Liveness("progress", $"some clients got nothing done within {bound.TotalSeconds} s: {Describe()}");
    }

    /// <summary>Nobody asks for anything any more: all members that work hold the same, and every query has seen it.</summary>
    public void RequireAgreement(TimeSpan bound, TimeSpan look)
    {
        bool done = cluster.World.RunUntil(() => Agrees() && cluster.Clients.TrueForAll(client => !client.IsWaiting), look, bound);
        if (!done) SimFailureException.Liveness("agreement", $"the members did not come to hold the same within {bound.TotalSeconds} s: {Describe()}");
        CompareTrails();
    }

    // What servers compare among themselves while they run.
    private void CompareTrails()
    {
        var noted = new List<(ulong Index, ulong Digest)>();
        var up = cluster.Servers.FindAll(server => server.IsUp);
        for (int i = 1; i < up.Count; i++)
        {
            noted.Clear();
            up[i].Node!.Digests.CopyTo(noted);
            ulong? different = up[i - 1].Node!.Digests.FirstDifference(noted, out int compared);
            if (compared > 0) cluster.World.Mark("digests compared between servers");
            if (different is { } index) SimFailureException.Safety("servers find their states equal", $"{up[i - 1].Identity.NodeName} and {up[i].Identity.NodeName} have noted different digests behind entry {index}");
        }
    }

    /// <summary>What a disk damaged under a running server has been noticed and saved anew, where servers look often enough: such a server can be started again.</summary>
    public void RequireWholeDisks(TimeSpan bound, TimeSpan look)
    {
        if (cluster.Settings.Limits.ScrubInterval > SoonScrubbed) return;
        // Not those that nobody tells any more what became of the end of their log.
        var damaged = cluster.Servers.FindAll(server => server.IsUp && server.Disk.IsDamaged && !_broken.Contains(server) && server.Raft!.LastIndex.Value == cluster.Committed.Last && server.Root.LastIndex == cluster.Committed.Last);
        if (damaged.Count == 0) return;
        cluster.World.Mark("damage to be repaired at the end");
        cluster.World.RunUntil(() => !damaged.Exists(server => server.Disk.IsDamaged), look, bound);
        foreach (var server in damaged)
        {
            // Where nobody ever looks, as behind the end of a file, damage may stay.
            server.Crash(powerFails: false);
            if (!server.TryStart()) SimFailureException.Safety("damage is repaired while the server runs", $"{server.Identity.NodeName} cannot be started again");
        }
    }

    /// <summary>All have heard the truth about the pool: the catalog comes to say it.</summary>
    public void RequireTrueCatalog(TimeSpan bound, TimeSpan look)
    {
        if (cluster.Pool is not { } pool) return;
        bool done = cluster.World.RunUntil(() => pool.Difference() is null, look, bound);
        if (!done) SimFailureException.Liveness("true catalog", $"the catalog did not come to say what the pool says within {bound.TotalSeconds} s: {pool.Difference()}: {Describe()}");
    }

    /// <summary>Looks at what the clients saw.</summary>
    public void JudgeHistories()
    {
        foreach (var (key, history) in cluster.Histories)
        {
            switch (Linearizability.Judge(history))
            {
                case Verdict.Wrong:
                    SimFailureException.Safety("linearizability", $"no order explains what the clients saw of {key}:\n{string.Join('\n', history.Select(operation => "  " + operation))}");
                    break;
                case Verdict.Undecided:
                    cluster.World.Mark("history undecided");
                    break;
            }
        }
    }

    private bool Agrees()
    {
        if (cluster.Leader is not { } leader) return false;
        foreach (var member in leader.Raft!.Configuration.Servers)
        {
            if (cluster.SlotOf(member.Id) is not (>= 0 and var slot)) continue;
            var server = cluster.Servers[slot];
            if (_broken.Contains(server) || server.IsLost) continue;
            if (!server.IsUp || server.Root.LastIndex != cluster.Committed.Last || server.Raft!.LeaderId != leader.ServerId) return false;
        }
        return leader.Raft.LastIndex.Value == cluster.Committed.Last && cluster.Watchers.TrueForAll(watcher => watcher.IsQuiet);
    }

    private void Crash(SimServer server, bool powerFails, TimeSpan time)
    {
        if (!server.IsUp) return;
        server.Crash(powerFails);
        cluster.RestartLater(server, time);
    }

    private void Isolate(SimServer server, TimeSpan time)
    {
        var cut = cluster.Network.Separate(node => node == server.Id);
        cluster.Trace("{a} is cut off", server.Id);
        cluster.World.After(time, () =>
        {
            if (!cluster.IsHealed) cluster.Network.Heal(cut);
        });
    }

    private void Replace(SimServer server, TimeSpan time)
    {
        if (!server.WasStarted || !_membership.MayLose(server)) return;
        server.Replace();
        cluster.Trace("{a} has lost its disk and comes back as {c}", server.Id, c: server.Identity.NodeName);
        cluster.RestartLater(server, time);
    }

    private void Break(SimServer server)
    {
        server.IsGoneForGood = true;
        if (_chance.Next(2) == 0) server.Crash(powerFails: true);
        else cluster.Network.Separate(node => node == server.Id);
    }

    private string Describe() => string.Join("; ", cluster.Servers.Where(server => server.WasStarted).Select(Describe));

    private string Describe(SimServer server)
    {
        string state = server.Raft is not { } raft ? server.IsLost ? "lost" : "down" :
            $"{raft.Role} term {raft.Term} leader '{raft.LeaderId}' log {raft.LastIndex} commit {raft.CommitIndex} applied {server.Root.LastIndex} voters {raft.Configuration.VoterCount}";
        return $"{server.Identity.NodeName}{(_broken.Contains(server) ? " (broken)" : "")} {state}";
    }
}
