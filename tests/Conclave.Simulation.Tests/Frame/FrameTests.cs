using Conclave.Core;

namespace Conclave.Simulation.Tests;

/// <summary>What scenarios may rely on.</summary>
public sealed class FrameTests
{
    private static readonly ScenarioOptions s_usual = new();

    [Fact]
    public void Events_come_in_the_order_of_time_and_then_of_scheduling()
    {
        var world = new SimWorld(1);
        var order = new List<int>();
        world.After(TimeSpan.FromSeconds(2), () => order.Add(3));
        world.After(TimeSpan.FromSeconds(1), () => order.Add(1));
        world.After(TimeSpan.FromSeconds(1), () => order.Add(2));
        world.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal([1, 2, 3], order);
    }

    [Fact]
    public void Queue_sorts_like_a_sort()
    {
        var chance = new Prng(7);
        var world = new SimWorld(7);
        var expected = new List<(long At, int Number)>();
        var seen = new List<(long At, int Number)>();
        for (int i = 0; i < 20_000; i++)
        {
            long at = chance.Next(5_000);
            int number = i;
            expected.Add((at, number));
            world.At(new Instant(at), () => seen.Add((world.Now.Nanoseconds, number)));
        }
        world.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(expected.OrderBy(item => item.At), seen);
    }

    [Fact]
    public void A_named_stream_does_not_depend_on_other_draws()
    {
        SimWorld one = new(5), other = new(5);
        one.Stream("disk/1").NextUInt64();
        Assert.Equal(one.Stream("network/1>2").NextUInt64(), other.Stream("network/1>2").NextUInt64());
        Assert.NotEqual(one.Stream("network/1>2").NextUInt64(), one.Stream("network/2>1").NextUInt64());
    }

    [Fact]
    public void A_seed_gives_the_same_digest_again_and_another_seed_another()
    {
        var first = Simulator.Run(new EchoScenario(), 11, s_usual);
        var again = Simulator.Run(new EchoScenario(), 11, s_usual);
        var other = Simulator.Run(new EchoScenario(), 12, s_usual);
        Assert.Null(first.Failure);
        Assert.Equal((first.Events, first.Digest), (again.Events, again.Digest));
        Assert.NotEqual(first.Digest, other.Digest);
    }

    [Fact]
    public void A_run_can_be_stopped_after_any_event_and_has_the_digest_of_that_point()
    {
        var half = Simulator.Run(new EchoScenario(), 3, s_usual, until: 1000);
        Assert.Equal(1000, half.Events);
        Assert.Equal(half.Digest, Simulator.Run(new EchoScenario(), 3, s_usual, until: 1000).Digest);
        Assert.NotEqual(half.Digest, Simulator.Run(new EchoScenario(), 3, s_usual, until: 1001).Digest);
    }

    [Theory]
    [InlineData("stream-twice", (int)FailureKind.Safety)]
    [InlineData("no-healing", (int)FailureKind.Liveness)]
    public void Planted_bugs_are_found(string mutation, int kind)
    {
        var result = Simulator.Run(new EchoScenario(), 1, new ScenarioOptions { Mutation = mutation });
        Assert.Equal((FailureKind)kind, result.Failure?.Kind);
        Assert.NotEqual("", result.ToString());
    }

    [Fact]
    public void Shrinking_leaves_only_what_the_failure_needs()
    {
        var failed = Simulator.Run(new EchoScenario(), 1, new ScenarioOptions { Mutation = "no-healing" });
        var small = Shrinker.Shrink(new EchoScenario(), failed, new ScenarioOptions { Mutation = "no-healing" });
        Assert.Empty(small.Plan);
        Assert.Equal(failed.Failure!.Checker, small.Failure!.Checker);
    }

    [Fact]
    public void A_clock_that_drifts_meets_the_times_it_is_asked_for()
    {
        var clock = new VirtualClock(new Instant(0), new Instant(5_000_000_000), driftPpm: 300);
        clock.SetDrift(new Instant(10_000_000_000), -250);
        for (long local = 6_000_000_000; local < 100_000_000_000; local += 777_777_777)
        {
            var at = clock.TrueAt(new Instant(local));
            Assert.InRange(clock.Local(at).Nanoseconds, local, local + 1_000);
        }
    }
}
