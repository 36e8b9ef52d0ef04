using System.Text;
using Conclave.Core;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// The end of a cluster and its return: perhaps some voters leave one after the other, then all servers stop, at different ends of the log; the same list of peers is put on all whose disks are whole, and they are
/// started in any order. Either all of them soon, so that none may go on without another, or first just as many as are needed, among them one that has all that is committed, and the rest when those have
/// waited in vain. Nothing that was acknowledged may be lost either way.
/// </summary>
internal sealed class OutagePlay(SimCluster cluster, Membership membership, Prng chance)
{
    private static readonly TimeSpan LeaderBound = TimeSpan.FromSeconds(60), Look = TimeSpan.FromMilliseconds(100);

    // A server that is listed waits this long for those that it has not heard of, by its own clock.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public void Run()
    {
        foreach (var server in cluster.Servers) server.Disk.Repair();
        if (chance.Next(2) == 0) Depart();
        Stop();
        var listed = FindWhole();
        if (!HasAll(listed))
        {
            cluster.World.Mark("outage without a list");       // a disk was lost on the way: the servers come back as they are
            Release();
            return;
        }
        cluster.World.Mark("outage");
        PutList(listed);
        if (chance.Next(2) == 0) StartAll(listed);
        else StartSomeFirst(listed);
        Release();
    }

    private void Release()
    {
        foreach (var server in cluster.Servers)
        {
            server.IsHeldBack = false;
            if (server.WasStarted) cluster.RestartLater(server, chance.NextTimeSpan(TimeSpan.FromSeconds(1)));
        }
    }

    private void Depart()
    {
        for (int i = 0; i < cluster.Settings.Servers; i++)
        {
            membership.Leave(cluster.Servers[(int)chance.Next(cluster.Servers.Count)]);
            cluster.World.RunFor(chance.NextTimeSpan(TimeSpan.FromMilliseconds(600)));
        }
    }

    private void Stop()
    {
        foreach (var server in Shuffled(cluster.Servers))
        {
            server.IsHeldBack = true;
            server.Crash(powerFails: chance.Next(3) == 0);
            if (chance.Next(2) == 0) cluster.World.RunFor(chance.NextTimeSpan(TimeSpan.FromMilliseconds(400)));
        }
    }

    // Everybody else is gone for good, and comes back as another server.
    private List<(SimServer Server, SnapshotPoint End)> FindWhole()
    {
        List<(SimServer, SnapshotPoint)> whole = [];
        foreach (var server in cluster.Servers)
            if (server.IsWhole && server.LogEnd() is { Index.Value: > 0 } end) whole.Add((server, end));
        return whole;
    }

    private bool HasAll(List<(SimServer Server, SnapshotPoint End)> listed)
    {
        ulong last = cluster.Committed.Last;
        return listed.Exists(each => each.End.Index.Value >= last && cluster.Matching.Leads(each.End, new SnapshotPoint(new LogIndex(last), cluster.Committed[last].Term)));
    }

    private void PutList(List<(SimServer Server, SnapshotPoint End)> listed)
    {
        var list = new Configuration(Shuffled(listed).Select(each => each.Server.Member(Suffrage.Voter)));
        var json = new StringBuilder("[");
        foreach (var server in list.Servers) json.Append(json.Length > 1 ? "," : "").Append($$"""{"id":"{{server.Id}}","address":"{{server.Address}}"}""");
        byte[] bytes = Encoding.UTF8.GetBytes(json.Append(']').ToString());
        foreach (var (server, end) in listed)
        {
            server.BeginOutage(list, bytes);
            cluster.Trace("{a} is given the list, its log ends at {b}, {c}", server.Id, (long)end.Index.Value, $"term {end.Term}");
        }
        cluster.Committed.OnOutage(list);
        foreach (var server in cluster.Servers)
        {
            if (!server.WasStarted || listed.Exists(each => each.Server == server)) continue;
            server.Replace();
        }
    }

    // None may be so late that the others have given it up.
    private void StartAll(List<(SimServer Server, SnapshotPoint End)> listed)
    {
        var lull = TimeSpan.FromSeconds(5 / (listed.Count > 3 ? 2 : 1));
        foreach (var (server, _) in Shuffled(listed))
        {
            Start(server);
            cluster.World.RunFor(chance.NextTimeSpan(chance.Next(2) == 0 ? lull : TimeSpan.FromMilliseconds(200)));
        }
        AwaitLeader();
    }

    // Those who are needed must all agree to the one that knows most, also when they have given up the rest.
    private void StartSomeFirst(List<(SimServer Server, SnapshotPoint End)> listed)
    {
        var last = new SnapshotPoint(new LogIndex(cluster.Committed.Last), cluster.Committed[cluster.Committed.Last].Term);
        var knowing = Shuffled(listed).First(each => cluster.Matching.Leads(each.End, last));
        var first = Shuffled(listed.FindAll(each => each.Server != knowing.Server)).Take(listed.Count / 2).Append(knowing).ToList();
        foreach (var (server, _) in Shuffled(first))
        {
            Start(server);
            cluster.World.RunFor(chance.NextTimeSpan(TimeSpan.FromMilliseconds(500)));
        }
        cluster.World.RunFor(Patience);
        AwaitLeader();
        cluster.World.Mark("some of a list come late");
        foreach (var (server, _) in Shuffled(listed))
        {
            if (server.IsUp) continue;
            Start(server);
            cluster.World.RunFor(chance.NextTimeSpan(TimeSpan.FromSeconds(2)));
        }
    }

    private void Start(SimServer server)
    {
        server.IsHeldBack = false;
        if (chance.Next(6) == 0) server.Disk.FailSoon(chance.Next(2) == 0 ? DiskFault.Fail : DiskFault.Tear, (int)chance.Next(60));
        cluster.RestartLater(server, TimeSpan.Zero);
        if (chance.Next(4) > 0) return;
        // Ends once more, perhaps before anybody is elected.
        var (at, away) = (chance.NextTimeSpan(TimeSpan.FromSeconds(2)), chance.NextTimeSpan(TimeSpan.FromSeconds(1)));
        bool powerFails = chance.Next(2) == 0;
        cluster.World.After(at, () =>
        {
            if (cluster.IsHealed || !server.IsUp) return;
            server.Crash(powerFails);
            cluster.RestartLater(server, away);
        });
    }

    // What is missing then is missed by the checks of progress that follow.
    private void AwaitLeader() =>
        cluster.World.RunUntil(() => cluster.Leader is { IsUnearned: false, Status.IsLeader: true }, Look, LeaderBound);

    private List<T> Shuffled<T>(IEnumerable<T> all)
    {
        var list = all.ToList();
        for (int i = list.Count - 1; i > 0; i--)
        {
            int other = (int)chance.Next(i + 1);
            (list[i], list[other]) = (list[other], list[i]);
        }
        return list;
    }
}
