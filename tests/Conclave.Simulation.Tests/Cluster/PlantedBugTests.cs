using Conclave.Simulation.Cluster;

namespace Conclave.Simulation.Tests.Cluster;

/// <summary>
/// A simulator that cannot fail proves nothing: with each rule left out in turn, some checker must notice within few seeds. Those whose bugs need hundreds of seeds to show are run with
/// <c>--scenario cluster --mutation NAME --seeds 2000</c>; docs/simulation.md says how many each took.
/// </summary>
public class PlantedBugTests
{
    private const int SeedsMax = 60;

    public static TheoryData<string> Quick() =>
    [
        nameof(FlawKind.CommitsUnvouched), nameof(FlawKind.ChangesManyVoters), nameof(FlawKind.VotesBeforeFlush), nameof(FlawKind.AcknowledgesBeforeFlush), nameof(FlawKind.VotesTwice),
        nameof(FlawKind.IgnoresCandidatesLog), nameof(FlawKind.ChangesEntryOnTheWay), nameof(FlawKind.NeverRefuses), nameof(FlawKind.DiskLiesAboutFlush), nameof(FlawKind.ForgetsVote),
        nameof(FlawKind.ForgetsTerm), nameof(FlawKind.ForgetsLastEntry), nameof(FlawKind.ForgetsTombstones), nameof(FlawKind.SnapshotMissesKey), nameof(FlawKind.SnapshotClaimsTooMuch),
        nameof(FlawKind.DropsWatches), nameof(FlawKind.ForgetsLockDelays), nameof(FlawKind.ClockBeyondBound), nameof(FlawKind.NoLimits), nameof(FlawKind.AnswersBeforeCommit),
        nameof(FlawKind.SendsWritesTwice), nameof(FlawKind.HearsOfPoolOnce), nameof(FlawKind.TrustsPoolAtOnce),
    ];

    [Theory]
    [MemberData(nameof(Quick))]
    public void Planted_bug_is_noticed(string flaw)
    {
        var options = new ScenarioOptions { Mutation = flaw };
        for (ulong seed = 1; seed <= SeedsMax; seed++)
            if (Simulator.Run(new ClusterScenario(), seed, options).Failure is not null) return;
        Assert.Fail($"{flaw} went unnoticed in {SeedsMax} seeds");
    }

    [Fact]
    public void Chance_that_does_not_come_from_the_seed_is_noticed()
    {
        var options = new ScenarioOptions { Mutation = nameof(FlawKind.UsesRealChance) };
        for (ulong seed = 1; seed <= 5; seed++)
            if (Simulator.Run(new ClusterScenario(), seed, options).Digest != Simulator.Run(new ClusterScenario(), seed, options).Digest) return;
        Assert.Fail("two runs of each seed were the same");
    }

    [Fact]
    public void Same_seed_gives_the_same_run()
    {
        for (ulong seed = 1; seed <= 5; seed++)
            Assert.Equal(Simulator.Run(new ClusterScenario(), seed, new ScenarioOptions()).Digest, Simulator.Run(new ClusterScenario(), seed, new ScenarioOptions()).Digest);
    }
}
