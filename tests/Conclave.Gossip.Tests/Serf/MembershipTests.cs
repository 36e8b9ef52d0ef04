namespace Conclave.Gossip.Tests.Serf;

/// <summary>Who is there, who has left and who failed.</summary>
public sealed class MembershipTests
{
    [Fact]
    public void All_members_of_a_joined_pool_know_each_other_with_their_tags()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(5, config => config with { Tags = [new("role", "node of " + config.Name)] });
        foreach (var host in hosts)
        {
            var members = new List<GossipMember>();
            host.Pool.CopyMembers(members);
            Assert.Equal(["a", "b", "c", "d", "e"], members.Select(member => member.Name));
            Assert.All(members, member => Assert.Equal("node of " + member.Name, member.Tag("role")));
            Assert.All(members, member => Assert.Equal(MemberStatus.Alive, member.Status));
        }
    }

    [Fact]
    public void A_member_that_leaves_is_seen_as_left_and_never_as_failed()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(5);
        net.Do(hosts[2], pool => pool.Leave(1));
        Assert.True(net.RunUntil(() => hosts.All(host => host.StatusOf("c") == MemberStatus.Left), TimeSpan.FromSeconds(1.5)));
        net.RunUntil(() => hosts[2].CompletionOf(1) is not null, TimeSpan.FromSeconds(10));
        Assert.Null(hosts[2].CompletionOf(1)!.Value.Error);
        hosts[2].IsStopped = true;
        net.Run(TimeSpan.FromMinutes(2));
        foreach (var host in hosts)
            if (host != hosts[2]) Assert.Equal([GossipEventKind.Left], host.StoryOf("c"));
    }

    [Fact]
    public void A_member_that_dies_is_failed()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(5);
        hosts[1].IsStopped = true;
        net.Run(TimeSpan.FromSeconds(30));
        foreach (var host in hosts)
        {
            if (host == hosts[1]) continue;
            Assert.Equal([GossipEventKind.Failed], host.StoryOf("b"));
            Assert.Equal((5, 4, 1, 0), (host.Pool.MemberCount, host.Pool.AliveCount, host.Pool.FailedCount, host.Pool.LeftCount));
        }
    }

    [Fact]
    public void Who_never_heard_an_intent_in_its_name_is_not_seen_leaving_for_good()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, SerfMessages.Leave("late", 40)));
        net.Run(TimeSpan.FromSeconds(5));
        var late = net.Add("late");
        net.Join(hosts[1], late);                               // it joins nobody itself, so it says nothing of its own accord
        Assert.True(net.RunUntil(() => net.Hosts.All(host => host.StatusOf("late") == MemberStatus.Alive && host.Pool.AliveCount == 3), TimeSpan.FromMinutes(3)));
    }

    [Fact]
    public void A_pruned_member_whose_return_has_the_time_of_its_forced_leave_is_seen_alive()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(4);
        hosts[3].IsStopped = true;
        net.Run(TimeSpan.FromSeconds(30));
        ulong time = hosts[0].Pool.Numbers.MemberTime;
        net.IsCut = (from, to) => IsOld(from) != IsOld(to);
        net.Do(hosts[0], pool => Assert.True(pool.TryForceLeave("d", prune: true, out _)));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts[..3], host => Assert.Equal(3, host.Pool.MemberCount));

        // Meanwhile it is back, out of reach, with others whose clock stands where the first ones' clock stood.
        var (again, other) = (net.Add("d"), net.Add("e"));
        net.Do(again, pool => pool.OnDatagram(other.Endpoint, SerfMessages.Join("nobody", time - 1)));
        net.Join(again, other);
        net.Run(TimeSpan.FromSeconds(5));
        net.IsCut = (_, _) => false;
        net.Join(other, hosts[1]);
        Assert.True(net.RunUntil(() => hosts[..3].Append(other).All(host => host.StatusOf("d") == MemberStatus.Alive), TimeSpan.FromMinutes(3)));

        bool IsOld(PoolHost host) => Array.IndexOf(hosts, host) >= 0;
    }

    [Fact]
    public void A_member_objects_to_a_forced_leave_of_the_time_of_its_own_word()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        net.Do(hosts[1], pool => pool.OnDatagram(hosts[0].Endpoint, SerfMessages.Leave("b", 40)));      // it objects, at 41
        net.Run(TimeSpan.FromSeconds(5));
        net.Do(hosts[1], pool => pool.OnDatagram(hosts[0].Endpoint, SerfMessages.Leave("b", 41)));
        Assert.True(net.RunUntil(() => hosts[0].Pool.Numbers.MemberTime > 42, TimeSpan.FromMinutes(1)));
        Assert.Equal(MemberStatus.Alive, hosts[0].StatusOf("b"));
    }

    [Fact]
    public void Who_is_pruned_before_it_is_known_is_forgotten_when_it_dies()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, SerfMessages.Leave("late", 40, prune: true)));
        net.Run(TimeSpan.FromSeconds(5));
        var late = net.Add("late");
        net.Join(hosts[1], late);
        late.IsStopped = true;                                  // before it hears of it, and objects
        Assert.True(net.RunUntil(() => hosts[0].StoryOf("late").Length == 3, TimeSpan.FromMinutes(3)));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts, host => Assert.Equal([GossipEventKind.Joined, GossipEventKind.Left, GossipEventKind.Reaped], host.StoryOf("late")));
    }

    [Fact]
    public void Alone_a_leave_is_done_at_once()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        net.Do(host, pool => pool.Leave(1));
        Assert.NotNull(host.CompletionOf(1));
    }

    [Fact]
    public void A_failed_member_can_be_made_one_that_left()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(4);
        hosts[3].IsStopped = true;
        net.Run(TimeSpan.FromSeconds(30));
        net.Do(hosts[0], pool => Assert.True(pool.TryForceLeave("d", prune: false, out _)));
        net.Run(TimeSpan.FromSeconds(2));
        foreach (var host in hosts[..3]) Assert.Equal([GossipEventKind.Failed, GossipEventKind.Left], host.StoryOf("d"));
    }

    [Fact]
    public void A_pruned_member_is_forgotten_by_all_at_once_and_may_come_back()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(4);
        hosts[3].IsStopped = true;
        net.Run(TimeSpan.FromSeconds(30));
        net.Do(hosts[0], pool => Assert.True(pool.TryForceLeave("d", prune: true, out _)));
        net.Run(TimeSpan.FromSeconds(2));
        foreach (var host in hosts[..3])
        {
            Assert.Equal([GossipEventKind.Failed, GossipEventKind.Left, GossipEventKind.Reaped], host.StoryOf("d"));
            Assert.Equal(3, host.Pool.MemberCount);
        }
        var again = net.Add("d");
        net.Join(again, hosts[1]);
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts[..3], host => Assert.Equal(MemberStatus.Alive, host.StatusOf("d")));
    }

    [Fact]
    public void A_living_member_cannot_be_forced_to_leave()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(4);
        net.Do(hosts[0], pool => Assert.True(pool.TryForceLeave("d", prune: true, out _)));
        net.Run(TimeSpan.FromSeconds(20));
        Assert.All(hosts, host => Assert.Equal(MemberStatus.Alive, host.StatusOf("d")));
        Assert.All(hosts, host => Assert.Empty(host.StoryOf("d")));
    }

    [Fact]
    public void Nobody_is_forced_to_leave_who_is_not_known()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        Assert.False(host.Pool.TryForceLeave("ghost", prune: false, out string error));
        Assert.Equal("No node found with name 'ghost'", error);
    }

    [Fact]
    public void A_member_that_left_may_come_back()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        net.Do(hosts[2], pool => pool.Leave(1));
        net.Run(TimeSpan.FromSeconds(5));
        hosts[2].IsStopped = true;
        net.Run(TimeSpan.FromMinutes(5));
        var again = net.Add("c");
        net.Join(again, hosts[0]);
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts[..2], host => Assert.Equal([GossipEventKind.Left, GossipEventKind.Joined], host.StoryOf("c")));
        Assert.All(hosts[..2], host => Assert.Equal(3, host.Pool.MemberCount));
    }

    [Fact]
    public void Halves_of_a_split_pool_find_each_other_after_they_have_forgotten_each_other()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(6);
        net.IsCut = (from, to) => Array.IndexOf(hosts, from) < 3 != Array.IndexOf(hosts, to) < 3;
        net.Run(TimeSpan.FromMinutes(5));
        Assert.All(hosts, host => Assert.Equal((3, 3), (host.Pool.AliveCount, host.Pool.FailedCount)));
        net.IsCut = (_, _) => false;
        Assert.True(net.RunUntil(() => hosts.All(host => host.Pool.AliveCount == 6), TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void Halves_of_a_split_pool_are_one_at_once_when_one_is_told_that_another_is_back()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(6);
        net.IsCut = (from, to) => Array.IndexOf(hosts, from) < 3 != Array.IndexOf(hosts, to) < 3;
        net.Run(TimeSpan.FromMinutes(5));
        net.Do(hosts[0], pool => pool.Reconnect(hosts[1].Pool.Self.Name));      // there all the time: nothing to do
        net.IsCut = (_, _) => false;
        net.Do(hosts[0], pool => pool.Reconnect(hosts[4].Pool.Self.Name));
        net.Run(TimeSpan.FromSeconds(2));
        Assert.All(hosts, host => Assert.Equal(6, host.Pool.AliveCount));
    }

    [Fact]
    public void Changed_tags_reach_all()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        ulong version = hosts[0].Pool.MembersVersion;
        net.Do(hosts[2], pool => Assert.True(pool.TrySetTags([new("b", "2"), new("a", "1")], out _)));
        net.Run(TimeSpan.FromSeconds(2));
        Assert.All(hosts, host => Assert.Equal([GossipEventKind.Updated], host.StoryOf("c")));
        Assert.Equal([new("a", "1"), new("b", "2")], hosts[0].Pool.Find("c")!.Tags);
        Assert.NotEqual(version, hosts[0].Pool.MembersVersion);
    }

    [Fact]
    public void Tags_that_are_too_long_are_refused()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        Assert.False(host.Pool.TrySetTags([new("a", new string('x', 600))], out string error));
        Assert.Equal("Encoded length of tags exceeds limit of 512 bytes", error);
        Assert.Throws<ArgumentException>(() => net.Add("b", config => config with { Tags = [new("a", new string('x', 600))] }));
    }

    [Fact]
    public void A_join_that_reaches_nobody_lists_all_errors()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        net.Do(host, pool => pool.Join(1, [new GossipTarget(PoolNet.EndpointOf(77)), new GossipTarget(PoolNet.EndpointOf(78))], ignoreOldEvents: false));
        net.Run(TimeSpan.FromSeconds(1));
        var completion = host.CompletionOf(1)!.Value;
        Assert.Equal(0, completion.Joined);
        Assert.Equal("2 errors occurred:\n\t* Failed to join 10.1.0.77:8301: connection refused\n\t* Failed to join 10.1.0.78:8301: connection refused\n\n", completion.Error);
    }

    [Fact]
    public void A_join_counts_those_who_answered()
    {
        using var net = new PoolNet();
        var (a, b, c) = (net.Add("a"), net.Add("b"), net.Add("c"));
        net.Do(a, pool => pool.Join(1, [new GossipTarget(b.Endpoint), new GossipTarget(PoolNet.EndpointOf(77)), new GossipTarget(c.Endpoint)], ignoreOldEvents: false));
        net.Run(TimeSpan.FromSeconds(1));
        Assert.Equal((2, null), (a.CompletionOf(1)!.Value.Joined, a.CompletionOf(1)!.Value.Error));
    }

    [Fact]
    public void The_gone_are_forgotten_in_time_and_a_tag_may_set_that_time()
    {
        using var net = new PoolNet();
        var a = net.Add("a", config => config with { ReconnectTimeout = TimeSpan.FromMinutes(10), TombstoneTimeout = TimeSpan.FromMinutes(5) });
        PoolHost[] others = [net.Add("plain"), net.Add("tagged", config => config with { Tags = [new("rc_tm", "1h30m")] }), net.Add("left")];
        foreach (var other in others) net.Join(other, a);
        net.Run(TimeSpan.FromSeconds(5));
        net.Do(others[2], pool => pool.Leave(1));
        net.Run(TimeSpan.FromSeconds(5));
        foreach (var other in others) other.IsStopped = true;
        net.Run(TimeSpan.FromMinutes(4.5));
        Assert.Equal((4, 2, 1), (a.Pool.MemberCount, a.Pool.FailedCount, a.Pool.LeftCount));
        net.Run(TimeSpan.FromMinutes(1));
        Assert.Equal(MemberStatus.None, a.StatusOf("left"));
        net.Run(TimeSpan.FromMinutes(10));
        Assert.Equal((MemberStatus.None, MemberStatus.Failed), (a.StatusOf("plain"), a.StatusOf("tagged")));
        net.Run(TimeSpan.FromMinutes(90));
        Assert.Equal(1, a.Pool.MemberCount);
        Assert.Equal(3, a.Told(GossipEventKind.Reaped).Length);
    }

    [Fact]
    public void Names_differ_when_their_case_does()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        Assert.Equal(MemberStatus.None, hosts[0].StatusOf("B"));
    }

    [Fact]
    public void A_member_that_left_knows_itself_for_good()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2, config => config with { TombstoneTimeout = TimeSpan.FromMinutes(1) });
        net.Do(hosts[0], pool => pool.Leave(1));
        net.Do(hosts[0], pool => pool.OnDatagram(hosts[1].Endpoint, SerfMessages.Leave("a", 99, prune: true)));
        net.Run(TimeSpan.FromMinutes(5));
        Assert.Equal(MemberStatus.Left, hosts[0].Pool.Self.Status);
        Assert.Equal(1, hosts[1].Pool.MemberCount);
    }
}
