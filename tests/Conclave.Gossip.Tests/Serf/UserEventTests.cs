using System.Text;
using Conclave.Gossip.Serf;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>Events of the application.</summary>
public sealed class UserEventTests
{
    [Fact]
    public void An_event_reaches_every_member_once_the_sender_included()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(7);
        net.Do(hosts[3], pool => Assert.True(pool.TryFireEvent("deploy", "v2"u8, mayCoalesce: true, out _)));
        net.Run(TimeSpan.FromMinutes(2));
        foreach (var host in hosts)
        {
            var told = Assert.Single(host.Told(GossipEventKind.User));
            Assert.Equal(("deploy", "v2", 1ul), (told.Name, Encoding.UTF8.GetString(told.Payload.Span), told.LamportTime));
        }
    }

    [Fact]
    public void The_same_event_at_another_time_is_another_event()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        for (int i = 0; i < 3; i++) net.Do(hosts[0], pool => pool.TryFireEvent("deploy", "v2"u8, false, out _));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.All(hosts, host => Assert.Equal([1ul, 2ul, 3ul], host.Told(GossipEventKind.User).Select(told => told.LamportTime).Order()));
    }

    [Fact]
    public void A_newcomer_hears_of_the_past_unless_it_does_not_want_to()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2);
        net.Do(hosts[0], pool => pool.TryFireEvent("old", "1"u8, false, out _));
        net.Run(TimeSpan.FromSeconds(10));
        var (curious, fresh) = (net.Add("curious"), net.Add("fresh"));
        net.Join(curious, hosts[1]);
        net.Join(fresh, hosts[1], ignoreOldEvents: true);
        net.Run(TimeSpan.FromMinutes(2));
        Assert.Single(curious.Told(GossipEventKind.User));
        Assert.Empty(fresh.Told(GossipEventKind.User));
        net.Do(hosts[0], pool => pool.TryFireEvent("new", "2"u8, false, out _));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.Equal("new", Assert.Single(fresh.Told(GossipEventKind.User)).Name);
    }

    [Fact]
    public void An_event_that_gossip_lost_comes_with_the_next_exchange()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(3);
        net.IsCut = (_, to) => to == hosts[2];
        net.Do(hosts[0], pool => pool.TryFireEvent("lost", default, false, out _));
        net.Run(TimeSpan.FromSeconds(2));
        Assert.Empty(hosts[2].Told(GossipEventKind.User));
        net.IsCut = (_, _) => false;
        Assert.True(net.RunUntil(() => hosts[2].Told(GossipEventKind.User).Length == 1, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Events_that_are_too_long_are_refused_in_the_words_of_peers()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        Assert.False(host.Pool.TryFireEvent("e", new byte[512], false, out string error));
        Assert.Equal("user event exceeds configured limit of 512 bytes before encoding", error);
        Assert.False(host.Pool.TryFireEvent("e", new byte[500], false, out error));
        Assert.Equal("user event exceeds configured limit of 512 bytes after encoding", error);
        Assert.Equal(1ul, host.Pool.Numbers.EventTime);
    }

    [Fact]
    public void An_event_longer_than_a_packet_is_spread_by_exchanges()
    {
        using var net = new PoolNet();
        var hosts = net.AddPool(2, config => config with { UserEventBytesMax = 9 * 1024 });
        net.Do(hosts[0], pool => Assert.True(pool.TryFireEvent("big", new byte[8000], false, out _)));
        Assert.Equal(0, hosts[0].Pool.Numbers.EventQueue);
        Assert.True(net.RunUntil(() => hosts[1].Told(GossipEventKind.User).Length == 1, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Held_back_events_are_reduced_to_the_newest_of_each_name()
    {
        using var net = new PoolNet();
        var host = net.Add("a", config => config with { UserCoalescePeriod = TimeSpan.FromSeconds(3) });
        net.Do(host, pool => pool.TryFireEvent("deploy", "1"u8, true, out _));
        net.Do(host, pool => pool.TryFireEvent("other", "x"u8, true, out _));
        net.Do(host, pool => pool.TryFireEvent("deploy", "2"u8, true, out _));
        net.Do(host, pool => pool.TryFireEvent("urgent", "!"u8, false, out _));
        Assert.Equal(["urgent"], host.Told(GossipEventKind.User).Select(told => told.Name));
        net.Run(TimeSpan.FromSeconds(1.5));
        Assert.Equal(["urgent", "deploy", "other"], host.Told(GossipEventKind.User).Select(told => told.Name));
        Assert.Equal("2", Encoding.UTF8.GetString(host.Told(GossipEventKind.User)[1].Payload.Span));
    }

    [Fact]
    public void Events_are_held_back_no_longer_than_the_period()
    {
        using var net = new PoolNet();
        var host = net.Add("a", config => config with { UserCoalescePeriod = TimeSpan.FromSeconds(3) });
        for (int i = 0; i < 7; i++)
        {
            net.Do(host, pool => pool.TryFireEvent("busy", default, true, out _));
            net.Run(TimeSpan.FromSeconds(0.5));
        }
        Assert.NotEmpty(host.Told(GossipEventKind.User));
    }

    [Fact]
    public void Held_back_events_of_members_are_reduced_to_the_last_and_repetitions_dropped()
    {
        using var net = new PoolNet();
        var watcher = net.Add("a", config => config with { CoalescePeriod = TimeSpan.FromSeconds(3) });
        var other = net.Add("b");
        net.Join(other, watcher);
        Assert.Empty(watcher.Events);
        net.Run(TimeSpan.FromSeconds(5));
        Assert.Equal([GossipEventKind.Joined], watcher.StoryOf("b"));
        net.Do(other, pool => pool.TrySetTags([new("x", "1")], out _));
        net.Run(TimeSpan.FromSeconds(0.5));
        net.Do(other, pool => pool.TrySetTags([new("x", "2")], out _));
        net.Run(TimeSpan.FromSeconds(5));
        Assert.Equal([GossipEventKind.Joined, GossipEventKind.Updated], watcher.StoryOf("b"));
        Assert.Equal("2", watcher.Events[^1].Member!.Tag("x"));
    }

    [Fact]
    public void A_ring_tells_apart_what_is_new_seen_too_old_and_too_much()
    {
        var ring = new EventRing(512);
        Assert.Equal(RingOutcome.New, ring.Add(1000, 1001, "a"u8, "x"u8, out _));
        Assert.Equal(RingOutcome.Seen, ring.Add(1000, 1001, "a"u8, "x"u8, out _));
        Assert.Equal(RingOutcome.New, ring.Add(1000, 1001, "a"u8, "y"u8, out _));
        Assert.Equal(RingOutcome.New, ring.Add(489, 1001, "a"u8, "x"u8, out _));
        Assert.Equal(RingOutcome.TooOld, ring.Add(488, 1001, "a"u8, "x"u8, out _));
        ring.TimeMin = 1000;
        Assert.Equal(RingOutcome.TooOld, ring.Add(999, 1001, "a"u8, "z"u8, out _));
        int taken = 0;
        while (ring.Add(1001, 1002, BitConverter.GetBytes(taken), default, out _) == RingOutcome.New) taken++;
        Assert.Equal(EventRing.SlotBytesMax / (64 + sizeof(int)), taken);
        Assert.Equal(RingOutcome.Full, ring.Add(1001, 1002, "last"u8, default, out _));
    }
}
