using Conclave.Core;
using Conclave.Gossip.Serf;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>What a pool costs when nothing happens, and what a member costs.</summary>
public sealed class PoolCostTests
{
    private const int Members = 5;

    [Fact]
    public void A_pool_in_which_nothing_happens_allocates_nothing()
    {
        using var scratch = new GossipScratch(1, shareNames: true);
        var pools = new GossipPool[Members];
        var now = new Instant(1_000_000_000);
        for (int i = 0; i < Members; i++)
        {
            var config = GossipConfig.Lan("node-" + i, PoolNet.EndpointOf(i)) with { PushPullInterval = TimeSpan.Zero };
            pools[i] = new GossipPool(config, new GossipStart(), new Prng((ulong)i + 1), now, scratch);
            if (i > 0) Introduce(pools[i], pools[0]);
        }
        Run(pools, ref now, TimeSpan.FromMinutes(3));
        Assert.All(pools, pool => Assert.Equal(Members, pool.AliveCount));
        long packets = pools[0].Numbers.PacketsIn;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(pools, ref now, TimeSpan.FromMinutes(1));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(pools[0].Numbers.PacketsIn - packets > 50);
        Assert.Equal(0, allocated);
        foreach (var pool in pools) pool.Dispose();
    }

    [Fact]
    public void A_member_costs_at_most_128_bytes_besides_its_name_and_metadata()
    {
        const int Count = 1000;
        using var scratch = new GossipScratch(1);
        var name = scratch.Name("n");
        var records = new MemberRecord[Count];
        records[0] = new MemberRecord(name);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Count; i++) records[i] = new MemberRecord(name);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Count, Count * 128);
        Assert.All(records, record => Assert.Null(record.View));
    }

    [Fact]
    public void Listing_members_again_makes_nothing_new()
    {
        using var net = new PoolNet();
        var pool = net.AddPool(10)[0].Pool;
        var (first, second) = (new List<GossipMember>(), new List<GossipMember>());
        pool.CopyMembers(first);
        pool.CopyMembers(second);
        long before = GC.GetAllocatedBytesForCurrentThread();
        pool.CopyMembers(second);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.All(first.Zip(second), pair => Assert.Same(pair.First, pair.Second));
        Assert.Same(first[3], pool.Find(first[3].Name));
    }

    [Fact]
    public void A_pool_that_has_nothing_to_do_sleeps_until_the_next_probe()
    {
        using var net = new PoolNet();
        var host = net.Add("a");
        net.Run(TimeSpan.FromMinutes(1));
        Assert.True(host.Pool.NextWake - net.Now > TimeSpan.FromMilliseconds(1));
        host.Pool.Stop();
        Assert.Equal(Instant.Never, host.Pool.NextWake);
    }

    // An exchange by hand, over streams that nothing else knows of.
    private static void Introduce(GossipPool joiner, GossipPool existing)
    {
        joiner.Outbox.Clear();
        joiner.Join(1, [new GossipTarget(existing.Self.Endpoint)], ignoreOldEvents: false);
        var dial = joiner.Outbox.Dials[0];
        existing.Outbox.Clear();
        existing.TryAccept(-1, joiner.Self.Endpoint);
        existing.OnStreamBytes(-1, dial.Bytes.Span);
        joiner.OnStreamBytes(dial.Stream, existing.Outbox.Answers[0].Bytes.Span);
        existing.OnStreamEnded(-1, null);
        existing.Outbox.Clear();
        joiner.Outbox.Clear();
    }

    private static void Run(GossipPool[] pools, ref Instant now, TimeSpan time)
    {
        var end = now + time;
        while (now < end)
        {
            now += TimeSpan.FromMilliseconds(10);
            foreach (var pool in pools) pool.OnTick(now);
            bool isQuiet = false;
            while (!isQuiet)
            {
                isQuiet = true;
                foreach (var pool in pools)
                {
                    isQuiet &= pool.Outbox.PacketCount == 0;
                    Deliver(pools, pool);
                }
            }
        }
    }

    private static void Deliver(GossipPool[] pools, GossipPool from)
    {
        // What a pool sends to itself comes back in the next round, when its outbox is its own again.
        int count = from.Outbox.PacketCount;
        for (int i = 0; i < count; i++)
        {
            var packet = from.Outbox.Packet(i);
            foreach (var to in pools)
                if (to != from && to.Self.Endpoint == packet.To) to.OnDatagram(from.Self.Endpoint, packet.Bytes.Span);
        }
        from.Outbox.Clear();
    }
}
