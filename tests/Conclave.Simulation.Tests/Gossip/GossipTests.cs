using Conclave.Simulation.Gossip;

namespace Conclave.Simulation.Tests.Gossip;

/// <summary>Pools in bad times: seeds that must pass, bugs that must be found.</summary>
public sealed class GossipTests
{
    private const int Seeds = 150, SeedsForABug = 60;

    private static readonly GossipScenario s_scenario = new();

    [Fact]
    public void Seeds_pass_and_repeat()
    {
        var campaign = new Campaign(s_scenario, new ScenarioOptions());
        campaign.Run(first: 1, Seeds, jobs: Environment.ProcessorCount, bound: TimeSpan.FromMinutes(5), verifyPercent: 4);
        Assert.Empty(campaign.Failures.Select(failure => failure.ToString()));
        Assert.Equal(Seeds, campaign.Runs);
    }

    /// <summary>Seeds in which something was wrong once.</summary>
    [Theory]
    [InlineData(3, "a probe that was begun again after a pause had no member")]
    [InlineData(14, "the same, in a larger pool")]
    [InlineData(41, "a list of those who left met the intent of one that had come back")]
    [InlineData(81, "the same, in a larger pool")]
    [InlineData(83, "the same, with crashes in between")]
    [InlineData(100228, "a member missed a refutation and was not told again, however often it accused")]
    [InlineData(50234, "gossip missed a member twice, with the intent and with the end of one that left")]
    [InlineData(200278, "two members were called failed at a loss of 24 % and bursts of more")]
    [InlineData(312723, "two members were called failed by one that had missed what they objected, at a loss of 28 %")]
    [InlineData(302832, "what had waited in the socket of a paused process was delivered to the next life of that process")]
    [InlineData(321138, "a member that was pruned came back with a word of the very Lamport time of its forced leave, which it had never heard")]
    public void Seeds_that_failed_once_pass(ulong seed, string why)
    {
        var result = Simulator.Run(s_scenario, seed, new ScenarioOptions());
        Assert.True(result.Failure is null, $"{why}: {result}");
    }

    [Theory]
    [InlineData(GossipMutations.EventTwice, "user events once")]
    [InlineData(GossipMutations.EventLost, "user events once")]
    [InlineData(GossipMutations.LeaveIsKill, "left, never failed")]
    [InlineData(GossipMutations.LeaveUnsaid, "left, never failed")]
    [InlineData(GossipMutations.TagsKept, "convergence")]
    [InlineData(GossipMutations.DumbNode, "queries")]
    [InlineData(GossipMutations.NoReconnect, "convergence")]
    [InlineData(GossipMutations.NoRefutation, "convergence")]
    [InlineData(GossipMutations.Hasty, "few false failures")]
    [InlineData(GossipMutations.NoSuspicion, "detection")]
    [InlineData(GossipMutations.EndlessGossip, "bounded queues")]
    [InlineData(GossipMutations.FailureUnsaid, "events tell the list")]
    [InlineData(GossipMutations.CompletedTwice, "requests complete once")]
    [InlineData(GossipMutations.NeverCompleted, "requests complete once")]
    [InlineData(GossipMutations.ResponseTwice, "queries")]
    [InlineData(GossipMutations.SnapshotLoses, "snapshot remembers")]
    [InlineData(GossipMutations.PoisonedPacket, "InvalidOperationException")]
    [InlineData(GossipMutations.Leak, "memory per member")]
    public void Planted_bugs_are_found_by_their_checker(string mutation, string checker)
    {
        var options = new ScenarioOptions { Mutation = mutation };
        for (ulong seed = 1; seed <= SeedsForABug; seed++)
            if (Simulator.Run(s_scenario, seed, options).Failure is { } failure && failure.Checker == checker) return;
        Assert.Fail($"{checker} did not find {mutation} in {SeedsForABug} seeds.");
    }

    [Fact]
    public void Every_bug_that_can_be_planted_has_a_test()
    {
        var tested = typeof(GossipTests).GetMethod(nameof(Planted_bugs_are_found_by_their_checker))!.GetCustomAttributes(typeof(InlineDataAttribute), inherit: false)
            .Cast<InlineDataAttribute>().Select(data => (string)data.Data[0]!).Order();
        Assert.Equal(GossipMutations.All.Order(), tested);
    }

    /// <summary>Sizes beyond these are measured, not tested: see docs/gossip.md.</summary>
    [Theory]
    [InlineData(60)]
    [InlineData(500)]
    public void A_pool_of_any_size_joins_at_once_and_learns_of_a_tenth_that_fails(int nodes)
    {
        var measured = new PoolTrial(seed: 1, nodes).Run();
        Assert.Equal(0, measured.FalseFailures);
        Assert.InRange(measured.JoinSeconds, 1, 60);
        Assert.InRange(measured.AllKnowSeconds, 4, 60);
        Assert.InRange(measured.TenthSeconds, 4, 60);
    }
}
