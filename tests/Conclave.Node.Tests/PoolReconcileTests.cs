using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Node;
using Conclave.Node.LeaderDuties;
using Conclave.Node.Pool;
using Conclave.State;

namespace Conclave.Tests;

/// <summary>The leader keeps the catalog true to the pool.</summary>
public sealed class PoolReconcileTests
{
    private const string Critical = HealthStatus.Critical, Passing = HealthStatus.Passing;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TestNode _node = new TestNode().Lead();
    private readonly SortedDictionary<string, PoolMember> _pool = new(StringComparer.Ordinal) { [TestNode.Name] = Server(1) };

    [Fact]
    public void A_client_that_joins_has_a_node_and_a_passing_check()
    {
        Tell(Client("c1"));
        var node = NodeOf("c1")!;
        Assert.Equal((Id("c1"), "10.0.0.1", "dc1"), (node.Id, node.Address, node.Datacenter));
        var check = CheckOf("c1")!;
        Assert.Equal((Passing, "Agent alive and reachable", "Serf Health Status"), (check.Status, check.Output, check.Name));
        Assert.Null(_node.Root.ServiceOn("c1", "consul"));
        Assert.Contains("member joined, marking health alive: member=c1", _node.Log);
    }

    [Fact]
    public void A_server_has_the_service_consul_with_what_its_tags_tell()
    {
        Tell(Server(2) with { Server = Server(2).Server! with { Version = "1.10.3", IsReadReplica = true } });
        var service = _node.Root.ServiceOn("n2", "consul")!;
        Assert.Equal(8302, service.Port);
        Assert.Equal("non_voter=true raft_version=3 read_replica=true serf_protocol_current=2 serf_protocol_max=5 serf_protocol_min=1 version=1.10.3", string.Join(' ', service.Meta!.Select(static pair => $"{pair.Key}={pair.Value}")));

        Tell(Server(2));
        Assert.Equal("false", _node.Root.ServiceOn("n2", "consul")!.Meta!["non_voter"]);
    }

    [Fact]
    public void A_member_that_fails_is_critical_and_comes_back_passing()
    {
        Tell(Client("c1"));
        Tell(Failed("c1"));
        Assert.Equal((Critical, "Agent not live or unreachable"), (CheckOf("c1")!.Status, CheckOf("c1")!.Output));
        Tell(Client("c1"));
        Assert.Equal(Passing, CheckOf("c1")!.Status);
    }

    [Fact]
    public void A_failed_member_without_a_node_gets_none()
    {
        Tell(Failed("c1"));
        Assert.Null(NodeOf("c1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_member_that_left_or_was_forgotten_loses_its_node_with_all_that_is_on_it(bool forgotten)
    {
        Tell(Client("c1"));
        Run(new RegisterRequest { Node = "c1", Id = Id("c1"), Address = "10.0.0.1", Service = new NodeService { Id = "web", Service = "web" } });
        if (forgotten) Forget("c1");
        else Tell(Client("c1") with { Status = ServerMemberStatus.Left });
        Assert.Null(NodeOf("c1"));
        Assert.Null(_node.Root.ServiceOn("c1", "web"));
        Assert.Contains($"deregistering member: member=c1 reason={(forgotten ? "reaped" : "left")}", _node.Log);
    }

    [Fact]
    public void A_leader_never_deregisters_itself()
    {
        Tell(Server(1) with { Status = ServerMemberStatus.Left });
        Forget(TestNode.Name);
        Minutes(2);
        Assert.NotNull(NodeOf(TestNode.Name));
    }

    [Fact]
    public void What_the_agent_wrote_of_its_node_is_kept()
    {
        Tell(Client("c1"));
        var meta = new SortedDictionary<string, string> { ["rack"] = "7" };
        var tagged = new SortedDictionary<string, string> { ["wan"] = "192.0.2.1" };
        Run(new RegisterRequest { Node = "c1", Id = Id("c1"), Address = "10.0.0.1", NodeMeta = meta, TaggedAddresses = tagged });
        Tell(Client("c1") with { Address = "10.0.0.9" });
        var node = NodeOf("c1")!;
        Assert.Equal(("10.0.0.9", "7", "192.0.2.1"), (node.Address, node.Meta!["rack"], node.TaggedAddresses!["wan"]));
    }

    [Fact]
    public void Nothing_is_written_when_the_catalog_says_all_of_it()
    {
        for (int i = 0; i < 50; i++) _pool[$"c{i}"] = Client($"c{i}");
        Tell(Failed("c7"), Server(2), Client("c8") with { Status = ServerMemberStatus.Left });
        ulong before = _node.Node.Progress.LastLogIndex;
        Minutes(5);
        Tell(Client("c1") with { Id = Id("c1") });
        Assert.Equal(before, _node.Node.Progress.LastLogIndex);
    }

    [Fact]
    public void Nodes_that_somebody_else_registered_are_left_alone()
    {
        Tell();
        Run(new RegisterRequest { Node = "outside", Address = "192.0.2.7", Check = new HealthCheck { Node = "outside", CheckId = "ping", Status = Passing } });
        Tell(new PoolMember("outside", "", "192.0.2.7", PoolRole.Client, ServerMemberStatus.Left));
        Minutes(5);
        Assert.NotNull(NodeOf("outside"));
    }

    [Fact]
    public void Nodes_of_agents_that_the_pool_does_not_know_go_with_a_look_at_everybody()
    {
        Tell();
        Minutes(2);
        RegisterStranger("stranger");
        Assert.NotNull(NodeOf("stranger"));
        Minutes(1);
        Assert.Null(NodeOf("stranger"));
    }

    [Fact]
    public void A_new_leader_gives_the_pool_time_to_come_together_before_it_takes_anybody_for_forgotten()
    {
        RegisterStranger("late");
        Tell();
        _node.Pass(Second * 20);
        _node.Pass(Second);
        Assert.NotNull(NodeOf("late"));
        Tell(Client("late"));
        Minutes(5);
        Assert.Equal(Passing, CheckOf("late")!.Status);
    }

    [Fact]
    public void Members_that_are_neither_servers_nor_clients_of_here_are_left_alone()
    {
        Tell(Client("c1") with { Role = PoolRole.Other });
        Assert.Null(NodeOf("c1"));
        RegisterStranger("c1");
        Minutes(5);
        Assert.NotNull(NodeOf("c1"));
    }

    [Fact]
    public void A_renamed_node_goes_over_to_its_new_name()
    {
        Tell(Client("c1"));
        _pool.Remove("c1");
        Tell(Client("c2") with { Id = Id("c1") });
        Assert.Null(NodeOf("c1"));
        Assert.Equal(Id("c1"), NodeOf("c2")!.Id);
    }

    [Fact]
    public void A_name_that_has_gone_over_to_another_id_is_taken_over_and_sessions_of_the_one_before_end()
    {
        Tell(Client("c1"));
        string session = Session("c1");
        Tell(Client("c1") with { Id = Id("z9") });
        Assert.Equal((Id("z9"), Passing), (NodeOf("c1")!.Id, CheckOf("c1")!.Status));
        Assert.False(_node.SessionExists(session));
    }

    [Fact]
    public void Two_members_that_claim_one_id_do_not_take_it_from_each_other_for_ever()
    {
        Tell(Client("c1"));
        Tell(Client("c2") with { Id = Id("c1") });
        ulong before = _node.Node.Progress.LastLogIndex;
        Minutes(5);
        Assert.Equal(before, _node.Node.Progress.LastLogIndex);
        Assert.NotNull(NodeOf("c1"));
        Assert.Null(NodeOf("c2"));
    }

    [Fact]
    public void Members_whose_names_differ_in_case_only_do_not_fight_over_their_node()
    {
        Tell(Client("c1"), Client("C1") with { Id = Id("z9") });
        ulong before = _node.Node.Progress.LastLogIndex;
        Minutes(5);
        Assert.Equal(before, _node.Node.Progress.LastLogIndex);
    }

    [Fact]
    public void Sessions_end_and_locks_are_released_with_their_delay_when_a_node_fails()
    {
        Tell(Client("c1"));
        string session = Session("c1", lockDelaySeconds: 15);
        string other = _node.CreateSession();
        Assert.True(_node.Lock("lead", session).Flag);
        Tell(Failed("c1"));
        Assert.False(_node.SessionExists(session));
        Assert.True(_node.SessionExists(other));
        Assert.False(_node.Lock("lead", other).Flag);
        _node.Pass(Second * 16);
        Assert.True(_node.Lock("lead", other).Flag);
    }

    [Fact]
    public void Sessions_end_when_their_node_leaves()
    {
        Tell(Client("c1"));
        string session = Session("c1");
        Tell(Client("c1") with { Status = ServerMemberStatus.Left });
        Assert.False(_node.SessionExists(session));
    }

    [Fact]
    public void Thousands_that_come_at_once_are_all_written()
    {
        for (int i = 0; i < 6000; i++) _pool[$"c{i}"] = Client($"c{i}");
        Tell();
        for (int i = 0; i < 60; i++) _node.Pass(TimeSpan.FromMilliseconds(10));
        Assert.All(_pool.Keys, name => Assert.Equal(Passing, CheckOf(name)?.Status));
        Assert.True(_pool.Count > MemberReconciler.ChangedMax);
    }

    [Fact]
    public void What_was_changed_behind_the_leaders_back_is_set_right_within_a_minute()
    {
        Tell(Client("c1"));
        Run(new RegisterRequest { Node = "c1", Id = Id("c1"), Address = "10.0.0.1", Check = new HealthCheck { Node = "c1", CheckId = MemberEntry.CheckId, Status = Critical } });
        Minutes(1);
        Assert.Equal(Passing, CheckOf("c1")!.Status);
    }

    [Fact]
    public void A_look_at_thousands_of_members_that_are_right_writes_nothing_and_allocates_nothing()
    {
        PoolMember[] members = [.. Enumerable.Range(0, 5000).Select(static i => Client($"c{i:0000}"))];
        var root = new StateRoot();
        var applier = new CommandApplier(root);
        var pool = new PoolView();
        ulong index = 0;
        var reconciler = new MemberReconciler(_node.Config, pool, () => root, command =>
        {
            applier.Apply(new LogIndex(++index), command);
            return index;
        }, static (_, _) => { });
        pool.Replace(members, []);
        var now = new Instant(1);
        reconciler.TakeLeadership(now);
        for (int i = 0; i < 2; i++)
        {
            Pass();
            now += TimeSpan.FromMinutes(2);
        }
        Assert.Equal(5000ul, index);

        long allocated = Conclave.Tests.Allocation.Least(() =>
        {
            Pass();
            now += TimeSpan.FromMinutes(2);
        });
        Assert.Equal(0, allocated);
        Assert.Equal(5000ul, index);

        void Pass()
        {
            do
            {
                reconciler.OnTick(now, isPoolTrusted: true);
                if (root.LastIndex < index) root = applier.Publish(out _);
            }
            while (reconciler.NextWake <= now);
        }
    }

    private static PoolMember Client(string name) => new(name, Id(name), "10.0.0.1", PoolRole.Client, ServerMemberStatus.Alive);

    private static PoolMember Failed(string name) => Client(name) with { Status = ServerMemberStatus.Failed };

    private static PoolMember Server(int number)
    {
        string id = number == 1 ? TestNode.Id : $"00000000-0000-4000-8000-0000000001{number:00}";
        var server = new ServerMember(id, $"n{number}", $"127.0.0.{number}:{8300 + number}", ServerMemberStatus.Alive) { Version = "1.10.11", Port = number == 1 ? 8300 : 8300 + number, IsFitForRaft = number == 1 };
        return new PoolMember(server.Name, id, $"127.0.0.{number}", PoolRole.Server, ServerMemberStatus.Alive) { Server = server };
    }

    private static string Id(string name) => $"11111111-2222-3333-4444-{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(name)).PadLeft(12, '0').ToLowerInvariant()}";

    private void Tell(params ReadOnlySpan<PoolMember> members)
    {
        foreach (var member in members) _pool[member.Name] = member;
        _node.Input(node => node.OnMembers([.. _pool.Values]));
        Settle();
    }

    private void Forget(string name)
    {
        _pool.Remove(name);
        Tell();
    }

    private void Settle()
    {
        for (int i = 0; i < 5; i++) _node.Pass(TimeSpan.FromMilliseconds(1));
    }

    private void Minutes(int minutes)
    {
        for (int i = 0; i < minutes * 61; i++) _node.Pass(Second);
        Settle();
    }

    private void RegisterStranger(string name) =>
        Run(new RegisterRequest { Node = name, Address = "10.9.9.9", Check = new HealthCheck { Node = name, CheckId = MemberEntry.CheckId, Status = Passing } });

    private void Run(RegisterRequest request) => Assert.NotEqual(ApplyResultKind.Error, _node.Run(CommandCodec.Encode(request)).Kind);

    private string Session(string node, long lockDelaySeconds = 0) =>
        _node.Run(CommandCodec.Encode(new SessionRequest { Op = "create", Session = new Session { Node = node, LockDelayNanoseconds = lockDelaySeconds * 1_000_000_000, NodeChecks = [MemberEntry.CheckId] } })).Text;

    private NodeEntry? NodeOf(string name) => _node.Root.NodeNamed(name);

    private HealthCheck? CheckOf(string name) => _node.Root.CheckOn(name, MemberEntry.CheckId);
}
