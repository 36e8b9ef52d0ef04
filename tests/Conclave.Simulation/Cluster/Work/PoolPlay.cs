using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// What the servers hear of a pool: members that come, fail, leave, are forgotten, move and get other ids. Each server has its own view, which comes late, sometimes is never told, sometimes holds somebody
/// for failed who is not, and begins with a part of the members when the server starts. In the end all hear the truth, and the catalog must say it.
/// </summary>
internal sealed class PoolPlay(SimCluster cluster)
{
    /// <summary>A member that is there all the time: no leader may ever deregister it.</summary>
    public const string Steady = "steady";

    private const string Stranger = "stranger", Check = "serfHealth";
    private const int MembersMax = 5;

    private static readonly TimeSpan ChangeTime = TimeSpan.FromSeconds(3), LateMax = TimeSpan.FromSeconds(4), Again = TimeSpan.FromSeconds(2);

    private readonly SortedDictionary<string, PoolMember> _truth = new(StringComparer.Ordinal);
    private readonly long[] _told = new long[SwarmSettings.SlotsMax];           // lives of servers that have heard something
    private readonly Prng _chance = cluster.World.Stream("pool");
    private int _ids;

    /// <summary>Begins to change the pool and to tell of it.</summary>
    public void Begin()
    {
        _truth[Steady] = NewMember(Steady);
        foreach (var server in cluster.Servers) NoticeStart(server);
        Change();
    }

    /// <summary>Why the leader's catalog does not say what the pool says; null when it does.</summary>
    public string? Difference()
    {
        if (cluster.Leader is not { } leader) return "nobody leads";
        foreach (var member in View())
        {
            var node = leader.Root.NodeNamed(member.Name);
            var check = leader.Root.CheckOn(member.Name, Check);
            bool isSelf = member.Name == leader.Identity.NodeName;
            switch (member.Status)
            {
                case ServerMemberStatus.Alive when node?.Id != member.Id || node.Address != member.Address || check?.Status != HealthStatus.Passing:
                    return $"{member.Name} is there, the catalog has {node?.Id ?? "no node"} at {node?.Address} {check?.Status}";
                case ServerMemberStatus.Alive when member.Server is not null && leader.Root.ServiceOn(member.Name, "consul") is null:
                    return $"server {member.Name} has no service";
                case ServerMemberStatus.Failed when node is not null && check?.Status != HealthStatus.Critical:
                    return $"{member.Name} has failed and is {check?.Status}";
                case ServerMemberStatus.Left when node is not null && !isSelf:
                    return $"{member.Name} has left and has a node";
            }
        }
        var nodes = new List<NodeEntry>();
        leader.Root.Nodes(null, null, nodes);
        foreach (var node in nodes)
            if (leader.Root.CheckOn(node.Name, Check) is not null && !View().Exists(member => member.Name == node.Name)) return $"{node.Name} is in the catalog and not in the pool";
        return null;
    }

    /// <summary>Checks an entry that is committed.</summary>
    public static void Judge(LogEntry entry)
    {
        if (entry.Type != EntryType.Command || (CommandType)entry.Data.Span[0] != CommandType.Deregister) return;
        var request = CommandCodec.DecodeDeregister(entry.Data[1..]);
        if (request is { Node: Steady, ServiceId: "", CheckId: "" }) SimFailureException.Safety("no member that is there loses its node", $"{Steady} was deregistered at {entry.Index}");
    }

    private void Change()
    {
        if (cluster.IsHealed)
        {
            TellTheTruth();
            return;
        }
        cluster.World.After(_chance.NextTimeSpan(ChangeTime), Change);
        if (_chance.Next(6) == 0) Scribble();
        else Mutate($"m{_chance.Next(MembersMax)}");
        foreach (var server in cluster.Servers)
            if (_chance.Next(4) > 0) TellLater(server, WithMistake(View()));
    }

    private void Mutate(string name)
    {
        if (!_truth.TryGetValue(name, out var member))
        {
            _truth[name] = NewMember(name);
            return;
        }
        switch (_chance.Next(8))
        {
            case 0: _truth.Remove(name); break;
            case 1: _truth[name] = member with { Status = ServerMemberStatus.Left }; break;
            case 2 or 3: _truth[name] = member with { Status = ServerMemberStatus.Failed }; break;
            case 4: _truth[name] = member with { Address = $"10.3.0.{_chance.Next(3)}" }; break;
            case 5: _truth[name] = NewMember(name); break;
            case 6:
                // The agent comes back under another name, as the same node.
                string other = $"m{_chance.Next(MembersMax)}";
                if (_truth.ContainsKey(other)) break;
                _truth.Remove(name);
                _truth[other] = member with { Name = other, Status = ServerMemberStatus.Alive };
                break;
            default: _truth[name] = member with { Status = ServerMemberStatus.Alive }; break;
        }
    }

    // Somebody writes into the catalog what is the leader's to say.
    private void Scribble()
    {
        string name = _chance.Next(3) == 0 ? Stranger : $"m{_chance.Next(MembersMax)}";
        string status = _chance.Next(2) == 0 ? HealthStatus.Critical : HealthStatus.Passing;
        var request = new RegisterRequest { Node = name, Address = "10.9.0.1", Check = new HealthCheck { Node = name, CheckId = Check, Status = status } };
        if (cluster.Leader is { } leader) leader.Submit(new Scribbling { Kind = NodeRequestKind.Apply, Command = CommandCodec.Encode(request) });
    }

    private void NoticeStart(SimServer server)
    {
        if (cluster.IsHealed) return;                          // all hear the truth from now on
        cluster.World.After(Again / 4, () => NoticeStart(server));
        if (!server.IsUp || _told[server.Id] == server.Life) return;
        _told[server.Id] = server.Life;
        // Itself and perhaps some others; all of them later. A pool's list loses nobody who was not forgotten.
        Tell(server, server.Life, View().FindAll(member => member.Name == server.Identity.NodeName || _chance.Next(3) == 0));
        TellLater(server, View());
    }

    private void TellTheTruth()
    {
        cluster.World.After(Again, TellTheTruth);
        foreach (var server in cluster.Servers) Tell(server, server.Life, View());
    }

    private void TellLater(SimServer server, List<PoolMember> view)
    {
        long life = server.Life;
        if (_told[server.Id] != life) return;
        cluster.World.After(_chance.NextTimeSpan(LateMax), () =>
        {
            if (!cluster.IsHealed) Tell(server, life, view);
        });
    }

    private void Tell(SimServer server, long life, List<PoolMember> view)
    {
        if (server.IsUp && server.Life == life && cluster.Flaws.HearsOfPool(server)) server.Post(new ServerInput(InputKind.Members) { Members = view });
    }

    private List<PoolMember> WithMistake(List<PoolMember> view)
    {
        int who = (int)_chance.Next(view.Count * 3);
        if (who < view.Count) view[who] = view[who] with { Status = ServerMemberStatus.Failed };
        return view;
    }

    // Servers are members too. They take no part in Raft by it: the operator of the simulation sees to that.
    private List<PoolMember> View()
    {
        var view = new SortedDictionary<string, PoolMember>(_truth, StringComparer.Ordinal);
        foreach (var server in cluster.Servers)
        {
            if (!server.WasStarted) continue;
            var identity = server.Identity;
            var self = new ServerMember(identity.NodeId, identity.NodeName, identity.RpcAddress, ServerMemberStatus.Alive) { IsFitForRaft = false, Port = 8300, Version = "1.10.11" };
            view[identity.NodeName] = new PoolMember(identity.NodeName, identity.NodeId, "127.0.0.1", PoolRole.Server, ServerMemberStatus.Alive) { Server = self };
        }
        return [.. view.Values];
    }

    private PoolMember NewMember(string name) => new(name, $"00000000-0000-4000-9000-{++_ids:x12}", $"10.3.0.{_chance.Next(3)}", PoolRole.Client, ServerMemberStatus.Alive);

    private sealed class Scribbling : NodeRequest
    {
        public override void Complete()
        {
            // Whether it was written is nobody's business.
        }
    }
}
