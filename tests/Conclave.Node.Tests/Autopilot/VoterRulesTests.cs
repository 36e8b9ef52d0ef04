using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Node.Autopilot;
using Conclave.Raft;
using Xunit;

namespace Conclave.Node.Tests.Autopilot;

/// <summary>Each test names the servers of the configuration as letters: <c>a</c> leads.</summary>
public sealed class VoterRulesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_healthy_cluster_stays_as_it_is() => Assert.Null(Next(Voters("abc"), Alive("abc")));

    [Fact]
    public void A_server_that_joined_comes_in_without_a_vote() => Assert.Equal("a+ b+ c+ d", Next(Voters("abc"), Alive("abcd")));

    [Fact]
    public void A_server_of_another_cluster_is_not_taken_even_at_a_familiar_address()
    {
        Assert.Null(Next(Voters("abc"), [.. Alive("abc"), Member("d") with { IsForeign = true }]));
        Assert.Null(Next([.. Voters("ab"), Dead("c")], [.. Alive("ab"), Member("d") with { IsForeign = true, Address = "c:8300" }]));
    }

    [Fact]
    public void A_server_without_a_vote_gets_it_when_it_has_been_healthy_for_long() => Assert.Equal("a+ b+ c+ d+", Next([.. Voters("abc"), Nonvoter("d")], Alive("abcd")));

    [Fact]
    public void A_server_that_is_healthy_only_for_a_moment_waits_for_its_vote() =>
        Assert.Null(Next([.. Voters("abc"), Nonvoter("d") with { Since = TimeSpan.FromSeconds(3) }], Alive("abcd")));

    [Fact]
    public void Right_after_an_election_being_healthy_is_enough() =>
        Assert.Equal("a+ b+ c+ d+", Next([.. Voters("abc"), Nonvoter("d") with { Since = TimeSpan.Zero }], Alive("abcd"), leadingFor: TimeSpan.FromSeconds(1)));

    [Fact]
    public void A_read_replica_never_gets_a_vote() => Assert.Null(Next([.. Voters("abc"), Nonvoter("d")], [.. Alive("abc"), Member("d") with { IsReadReplica = true }]));

    [Fact]
    public void A_lone_dead_voter_of_three_stays() => Assert.Null(Next([.. Voters("ab"), Dead("c")], [.. Alive("ab"), Failed("c")]));

    [Fact]
    public void A_lone_dead_voter_of_five_stays() => Assert.Null(Next([.. Voters("abcd"), Dead("e")], [.. Alive("abcd"), Failed("e")]));

    [Fact]
    public void A_dead_voter_goes_when_another_has_a_vote_in_its_place() => Assert.Equal("a+ b+ d+", Next([.. Voters("abd"), Dead("c")], [.. Alive("abd"), Failed("c")]));

    [Fact]
    public void Two_dead_voters_of_five_go_one_after_the_other()
    {
        Assert.Equal("a+ b+ c+ e+", Next([.. Voters("abc"), Dead("d"), Dead("e")], [.. Alive("abc"), Failed("d"), Failed("e")]));
        Assert.Equal("a+ b+ c+", Next([.. Voters("abc"), Dead("e")], [.. Alive("abc"), Failed("e")]));
    }

    [Fact]
    public void Nobody_is_removed_below_the_least_quorum() => Assert.Null(Next([.. Voters("abd"), Dead("c")], [.. Alive("abd"), Failed("c")], new AutopilotConfig { MinQuorum = 4 }));

    [Fact]
    public void Nobody_dead_is_removed_when_that_is_switched_off() => Assert.Null(Next([.. Voters("abd"), Dead("c")], [.. Alive("abd"), Failed("c")], new AutopilotConfig { CleanupDeadServers = false }));

    [Fact]
    public void A_server_that_answers_the_leader_is_not_dead_whatever_gossip_says() =>
        Assert.Null(Next([.. Voters("abd"), Dead("c") with { Contact = TimeSpan.FromMilliseconds(100) }], [.. Alive("abd"), Failed("c")]));

    [Fact]
    public void A_dead_server_without_a_vote_goes() => Assert.Equal("a+ b+ c+", Next([.. Voters("abc"), Nonvoter("d") with { IsHealthy = false, Contact = null }], [.. Alive("abc"), Failed("d")]));

    [Fact]
    public void A_server_that_left_goes() => Assert.Equal("a+ b+", Next([.. Voters("ab"), Dead("c")], [.. Alive("ab"), Member("c") with { Status = ServerMemberStatus.Left }]));

    [Fact]
    public void A_server_that_left_stays_while_the_others_could_not_commit_without_it() =>
        Assert.Null(Next([.. Voters("a"), Dead("b"), Dead("c")], [.. Alive("a"), Failed("b"), Member("c") with { Status = ServerMemberStatus.Left }]));

    [Fact]
    public void A_dead_server_that_was_made_to_leave_goes_before_gossip_has_found_out_that_it_is_dead()
    {
        ServerMember[] members = [.. Alive("ab"), Member("c") with { Status = ServerMemberStatus.Leaving }];
        Assert.Equal("a+ b+", Next([.. Voters("ab"), Dead("c")], members));
        Assert.Equal("a+ b+", Next([.. Voters("ab"), Dead("c") with { Contact = null }], members));
    }

    [Fact]
    public void A_server_that_is_leaving_stays_as_long_as_it_answers() =>
        Assert.Null(Next([.. Voters("ab"), Dead("c") with { Contact = TimeSpan.FromSeconds(1) }], [.. Alive("ab"), Member("c") with { Status = ServerMemberStatus.Leaving }]));

    [Theory]
    [InlineData("aa-stranger")]
    [InlineData("zz-stranger")]
    public void A_stranger_with_the_id_of_a_server_that_is_there_does_not_take_its_place(string name)
    {
        var duty = new AutopilotDuty("a", TimeSpan.FromSeconds(1));
        var now = new Instant(0);
        var stranger = Member("b") with { Name = name, Address = "elsewhere:8300" };
        duty.OnMembers([.. Alive("abc").Select(InPool)], now);
        duty.OnMembers([.. Alive("abc").Append(stranger).OrderBy(static server => server.Name, StringComparer.Ordinal).Select(InPool)], now);
        Assert.Equal("node-b", duty.Find("b")!.Name);

        duty.OnMembers([.. Alive("ac").Append(Failed("b")).Append(stranger).OrderBy(static server => server.Name, StringComparer.Ordinal).Select(InPool)], now);
        Assert.Equal(name, duty.Find("b")!.Name);
    }

    [Fact]
    public void A_server_that_the_pool_has_forgotten_goes_like_one_that_left()
    {
        var duty = new AutopilotDuty("a", TimeSpan.FromSeconds(1));
        var now = new Instant(0) + TimeSpan.FromHours(1);
        duty.TakeLeadership(now);
        duty.OnMembers([.. Alive("abc").Select(InPool)], now);
        duty.OnMembers([.. Alive("ab").Select(InPool)], now);
        var configuration = new Configuration("abc".Select(static id => new RaftServer(id.ToString(), id + ":8300", Suffrage.Voter)));
        var change = Look(configuration);
        Assert.Equal(["a", "b"], change!.Next.Servers.ToArray().Select(static server => server.Id));

        Assert.Null(Look(change.Next));
        Assert.Null(duty.Find("c"));

        ConfigurationChange? Look(Configuration current) =>
            duty.Look(now, default, new AutopilotConfig(), current, new ServerProgress(TimeSpan.Zero, 1, 1), static id => new ServerProgress(id == "b" ? TimeSpan.Zero : TimeSpan.FromHours(1), 1, 1));
    }

    [Fact]
    public void A_pool_that_does_not_know_a_server_that_answers_is_not_to_be_trusted()
    {
        var duty = new AutopilotDuty("a", TimeSpan.FromSeconds(1));
        var now = new Instant(0) + TimeSpan.FromHours(1);
        var configuration = new Configuration("abc".Select(static id => new RaftServer(id.ToString(), id + ":8300", Suffrage.Voter)));
        duty.TakeLeadership(now);
        Assert.False(duty.SeesWhoAnswers);
        Look("a");
        Assert.False(duty.SeesWhoAnswers);
        Look("ab");
        Assert.True(duty.SeesWhoAnswers);

        void Look(string known)
        {
            duty.OnMembers([.. Alive(known).Select(InPool)], now);
            duty.Look(now, default, new AutopilotConfig(), configuration, new ServerProgress(TimeSpan.Zero, 1, 1), static id => id == "b" ? new ServerProgress(TimeSpan.Zero, 1, 1) : null);
        }
    }

    [Fact]
    public void The_leader_removes_itself_never() => Assert.Null(Next(Voters("abc"), [Member("a") with { Status = ServerMemberStatus.Left }, .. Alive("bc")]));

    [Fact]
    public void A_new_server_at_the_address_of_a_dead_one_replaces_it()
    {
        ServerMember[] members = [.. Alive("ab"), Failed("c"), Member("d") with { Address = "c:8300" }];
        Assert.Equal("a+ b+", Next([.. Voters("ab"), Dead("c")], members));
        Assert.Equal("a+ b+ d", Next(Voters("ab"), members));
    }

    [Fact]
    public void A_server_that_moved_gets_its_new_address_and_keeps_its_vote()
    {
        var change = Change(Voters("abc"), [.. Alive("ab"), Member("c") with { Address = "c2:8300" }]);
        Assert.Equal("c2:8300", change!.Next.Find("c")!.Address);
        Assert.True(change.Next.IsVoter("c"));
    }

    [Fact]
    public void A_server_that_gossip_never_found_is_dead_only_after_there_was_time_to_find_it()
    {
        Assert.Null(Next([.. Voters("abd"), Dead("c")], Alive("abd"), leadingFor: TimeSpan.FromSeconds(5)));
        Assert.Equal("a+ b+ d+", Next([.. Voters("abd"), Dead("c")], Alive("abd")));
    }

    private static Entry[] Voters(string ids) => [.. ids.Select(id => new Entry(id.ToString(), IsVoter: true, IsHealthy: true))];

    private static Entry Nonvoter(string id) => new(id, IsVoter: false, IsHealthy: true);

    private static Entry Dead(string id) => new(id, IsVoter: true, IsHealthy: false) { Contact = TimeSpan.FromSeconds(20) };

    private static ServerMember[] Alive(string ids) => [.. ids.Select(id => Member(id.ToString()))];

    private static ServerMember Member(string id) => new(id, "node-" + id, id + ":8300", ServerMemberStatus.Alive);

    private static PoolMember InPool(ServerMember server) => new(server.Name, server.Id, "127.0.0.1", PoolRole.Server, server.Status) { Server = server };

    private static ServerMember Failed(string id) => Member(id) with { Status = ServerMemberStatus.Failed };

    private static string? Next(Entry[] entries, ServerMember[] members, AutopilotConfig? config = null, TimeSpan? leadingFor = null)
    {
        if (Change(entries, members, config, leadingFor) is not { } change) return null;
        return string.Join(' ', change.Next.Servers.ToArray().Select(server => server.Suffrage == Suffrage.Voter ? server.Id + "+" : server.Id));
    }

    private static ConfigurationChange? Change(Entry[] entries, ServerMember[] members, AutopilotConfig? config = null, TimeSpan? leadingFor = null)
    {
        var now = new Instant(0) + TimeSpan.FromHours(1);
        var configuration = new Configuration(entries.Select(entry => new RaftServer(entry.Id, entry.Id + ":8300", entry.IsVoter ? Suffrage.Voter : Suffrage.Nonvoter)));
        ServerHealth[] servers =
        [
            .. entries.Select(entry => new ServerHealth
            {
                Id = entry.Id,
                Address = entry.Id + ":8300",
                Member = Array.Find(members, member => member.Id == entry.Id),
                Progress = entry.Contact is { } contact ? new ServerProgress(contact, 1, 1) : null,
                IsVoter = entry.IsVoter,
                IsLeader = entry.Id == "a",
                IsHealthy = entry.IsHealthy,
                Since = now - entry.Since,
            }),
        ];
        return new VoterRules(config ?? new AutopilotConfig(), configuration, servers, members, "a", now, now - (leadingFor ?? Long)).Next();
    }

    private sealed record Entry(string Id, bool IsVoter, bool IsHealthy)
    {
        public TimeSpan? Contact { get; init; } = TimeSpan.Zero;

        public TimeSpan Since { get; init; } = Long;
    }
}
