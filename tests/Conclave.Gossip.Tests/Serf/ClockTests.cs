using Conclave.Core;
using Conclave.Gossip.Serf;
using Conclave.Tests;

namespace Conclave.Gossip.Tests.Serf;

/// <summary>Lamport clocks, and that nobody can run them to their end.</summary>
public sealed class ClockTests
{
    [Fact]
    public void A_clock_is_always_ahead_of_what_it_has_seen()
    {
        var clock = new LamportClock();
        Assert.Equal(1ul, clock.Time);
        Assert.True(clock.Witness(7));
        Assert.Equal(8ul, clock.Time);
        Assert.True(clock.Witness(3));
        Assert.Equal(8ul, clock.Take());
        Assert.Equal(9ul, clock.Time);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(ulong.MaxValue - 1)]
    [InlineData(1ul << 63)]
    [InlineData(LamportClock.OpenRangeEnd)]
    public void A_time_that_no_honest_pool_reaches_is_refused(ulong time)
    {
        var clock = new LamportClock();
        Assert.False(clock.Witness(time));
        Assert.Equal(1ul, clock.Time);
    }

    [Fact]
    public void A_clock_driven_up_goes_on_in_small_steps_only()
    {
        var clock = new LamportClock();
        Assert.True(clock.Witness(LamportClock.OpenRangeEnd - 1));
        Assert.True(clock.Witness(clock.Time + LamportClock.JumpMax));
        Assert.False(clock.Witness(clock.Time + LamportClock.JumpMax + 1));
        ulong before = clock.Time;
        Assert.Equal(before, clock.Take());
        Assert.Equal(before + 1, clock.Time);
    }

    [Fact]
    public void A_newcomer_reaches_a_pool_whose_clock_was_driven_up()
    {
        var (pool, newcomer) = (new LamportClock(), new LamportClock());
        pool.Witness(LamportClock.OpenRangeEnd - 1);
        for (int i = 0; i < 5; i++) pool.Witness(pool.Time + LamportClock.JumpMax);
        for (int exchanges = 0; exchanges < 10 && newcomer.Time < pool.Time; exchanges++) newcomer.WitnessClock(pool.Time);
        Assert.Equal(pool.Time, newcomer.Time);
    }

    [Fact]
    public void Whatever_comes_the_clock_never_goes_back_and_never_overflows() => Property.Check<ulong[]>(times =>
    {
        var clock = new LamportClock();
        foreach (ulong time in times)
        {
            ulong before = clock.Time;
            clock.Witness(time);
            clock.WitnessClock(~time);
            if (clock.Time < before || clock.Time == 0) return false;
        }
        return true;
    });

    [Fact]
    public void Intents_that_come_before_the_member_are_kept_by_their_newest_for_a_while()
    {
        var intents = new RecentIntents();
        Assert.True(intents.TryAdd(5, Join(10, at: 1), 0));
        Assert.False(intents.TryAdd(5, Leave(10, at: 2), 0));
        Assert.True(intents.TryAdd(5, Leave(11, at: 3), 0));
        Assert.True(intents.TryTake(5, out var intent));
        Assert.Equal(Leave(11, at: 3), intent);
        Assert.False(intents.TryTake(5, out _));
        intents.TryAdd(6, Join(1, at: 1), 0);
        intents.TryAdd(7, Join(1, at: 100), 0);
        intents.Reap(new Instant(50));
        Assert.Equal(1, intents.Count);
        for (ulong hash = 100; intents.TryAdd(hash, Join(1, at: 100), 0); hash++)
        {
        }
        Assert.Equal(RecentIntents.CountMin, intents.Count);
        Assert.True(intents.TryAdd(1, Join(1, at: 100), members: RecentIntents.CountMin));

        static RecentIntent Join(ulong time, long at) => new(time, IsLeave: false, IsPrune: false, new Instant(at));
        static RecentIntent Leave(ulong time, long at) => new(time, IsLeave: true, IsPrune: true, new Instant(at));
    }
}
