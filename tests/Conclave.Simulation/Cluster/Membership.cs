using Conclave.Core;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// Who is a member, and who may break. Plays the operator: removes those whose disks are gone once others have their place, takes in new ones and makes them voters;
/// and keeps the faults within what a quorum survives, because nothing can be asked of a cluster that has lost the last copy.
/// </summary>
internal sealed class Membership(SimCluster cluster)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(700);

    private readonly Prng _chance = cluster.World.Stream("operator");

    public void Begin() => cluster.World.After(_chance.NextTimeSpan(Period) + Period, Look);

    /// <summary>Whether the disk of this server may be lost or damaged now.</summary>
    public bool MayLose(SimServer lost)
    {
        foreach (var configuration in Configurations())
        {
            int whole = 0;
            foreach (var member in configuration.Servers)
                if (member.Suffrage == Suffrage.Voter && cluster.SlotOf(member.Id) is >= 0 and var slot && cluster.Servers[slot] is { IsWhole: true } server && server != lost) whole++;
            if (whole < configuration.QuorumSize) return false;
        }
        return true;
    }

    /// <summary>Whether everything can go on without these servers.</summary>
    public bool CanDoWithout(List<SimServer> broken)
    {
        foreach (var configuration in Configurations())
        {
            int there = 0;
            foreach (var member in configuration.Servers)
                if (member.Suffrage == Suffrage.Voter && cluster.SlotOf(member.Id) is >= 0 and var slot && cluster.Servers[slot] is { IsUp: true } server && !broken.Contains(server)) there++;
            if (there < configuration.QuorumSize) return false;
        }
        return true;
    }

    /// <summary>Something is proposed to the leader: a server comes, goes or changes its part.</summary>
    public void Change(int slot, int what)
    {
        if (cluster.Leader?.Raft is not { } raft) return;
        var server = cluster.Servers[slot];
        var member = raft.Configuration.Find(server.ServerId);
        if (member is null) Propose(With(raft.Configuration, server.Member(Suffrage.Nonvoter), null), server);
        else if (what % 3 == 0 && MayGo(raft, server)) Propose(With(raft.Configuration, null, member), null);
        else if (what % 3 == 1 && member.Suffrage == Suffrage.Voter && MayGo(raft, server)) Propose(With(raft.Configuration, server.Member(Suffrage.Nonvoter), member), null);
        else if (member.Suffrage != Suffrage.Voter && HasCaughtUp(server, raft)) Propose(With(raft.Configuration, server.Member(Suffrage.Voter), member), null);
    }

    /// <summary>A voter leaves for good, if the others can do without it.</summary>
    public void Leave(SimServer server)
    {
        if (cluster.Leader?.Raft is { } raft && raft.Configuration.Find(server.ServerId) is { Suffrage: Suffrage.Voter } member && MayGo(raft, server))
            Propose(With(raft.Configuration, null, member), null);
    }

    // Repairs what replaced disks left behind, step by step, as long as the run lasts.
    private void Look()
    {
        if (cluster.IsOver) return;
        cluster.World.After(_chance.NextTimeSpan(Period) + Period, Look);
        if (cluster.Leader?.Raft is not { } raft) return;
        if (cluster.Flaws.Kind == FlawKind.ChangesManyVoters) ProposeAny();
        foreach (var server in cluster.Servers)
        {
            if (!server.IsUp || !server.IsReplacement || server.IsGoneForGood) continue;
            var member = raft.Configuration.Find(server.ServerId);
            if (member is { Suffrage: Suffrage.Voter }) continue;
            if (member is null) Propose(With(WithoutDead(raft.Configuration, server.Identity.RpcAddress), server.Member(Suffrage.Nonvoter), null), null);
            else if (HasCaughtUp(server, raft)) Propose(With(raft.Configuration, server.Member(Suffrage.Voter), member), null);
            return;
        }
    }

    // What the core must refuse, unless it is made not to.
    private void ProposeAny()
    {
        var members = cluster.Servers.Where(server => server.IsUp && _chance.Next(3) > 0).Select(server => server.Member(Suffrage.Voter));
        Propose(new Configuration(members), null);
    }

    // A leader that is lost in the middle of it leaves it to the next look.
    private void Propose(Configuration next, SimServer? started)
    {
        if (next.VoterCount == 0 || cluster.Leader is not { } leader) return;
        if (started is { IsUp: false, WasStarted: false }) started.TryStart();
        var (isHealed, losses) = (cluster.IsHealed, cluster.Losses);
        leader.Do(raft =>
        {
            // A leader that stood still may come to it when some that it counts on are broken for good, or have lost their disks.
            if (raft.Role != RaftRole.Leader || isHealed != cluster.IsHealed || losses != cluster.Losses) return;
            try
            {
                if (raft.ProposeConfiguration(next, out var index) == ProposeResult.Accepted) cluster.Trace("{a} changes the members at {b}: {c}", leader.Id, (long)index.Value, Describe(next));
            }
            catch (ArgumentException refused)
            {
                cluster.Trace("{a} refuses to change the members: {c}", leader.Id, c: refused.Message);
            }
        });
    }

    // Who has no log yet does not know for whom it may vote, and must not be needed.
    private static bool HasCaughtUp(SimServer server, RaftCore leader) =>
        server.Raft is { CommitIndex.Value: > 0 } raft && raft.CommitIndex.Value + 20 > leader.CommitIndex.Value;

    // A voter goes only when the others can do without it.
    private bool MayGo(RaftCore raft, SimServer server)
    {
        if (raft.Configuration.VoterCount <= 1) return false;
        int whole = 0;
        foreach (var member in raft.Configuration.Servers)
            if (member.Suffrage == Suffrage.Voter && member.Id != server.ServerId && cluster.SlotOf(member.Id) is >= 0 and var slot && cluster.Servers[slot].IsWhole) whole++;
        return whole > (raft.Configuration.VoterCount - 1) / 2;
    }

    private static Configuration With(Configuration configuration, RaftServer? added, RaftServer? removed)
    {
        var servers = new List<RaftServer>();
        foreach (var server in configuration.Servers)
            if (server != removed && server.Address != added?.Address) servers.Add(server);
        if (added is not null) servers.Add(added);
        return new Configuration(servers);
    }

    private static Configuration WithoutDead(Configuration configuration, string address)
    {
        var servers = new List<RaftServer>();
        foreach (var server in configuration.Servers)
            if (server.Address != address) servers.Add(server);
        return new Configuration(servers);
    }

    // Every configuration that may be in force for somebody: those in the logs of servers, whether they run or not, and the newest committed one.
    private IEnumerable<Configuration> Configurations()
    {
        yield return cluster.Committed.Configuration;
        foreach (var server in cluster.Servers)
        {
            if (server.Configuration.VoterCount > 0) yield return server.Configuration;
            if (server.Raft is { CommittedConfiguration.VoterCount: > 0 } raft) yield return raft.CommittedConfiguration;
        }
    }

    private static string Describe(Configuration configuration)
    {
        var text = new System.Text.StringBuilder();
        foreach (var server in configuration.Servers) text.Append(server.Address).Append(server.Suffrage == Suffrage.Voter ? " " : "(nonvoter) ");
        return text.ToString();
    }
}
