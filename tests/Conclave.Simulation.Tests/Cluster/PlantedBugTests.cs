using Conclave.Core;
using Conclave.Simulation.Cluster;

namespace Conclave.Simulation.Tests.Cluster;

/// <summary>
/// A simulator that cannot fail proves nothing: with each rule left out in turn, the checker that stands for it must notice within 2,000 seeds. The seeds begin a little before the first one in which the
/// bug was seen to show, so that a test is short as long as the seeds are what they were; after a change of what is drawn it takes the seeds that it needs.
/// </summary>
public class PlantedBugTests(ITestOutputHelper output)
{
    private const ulong SeedsMax = 2000;

    private static readonly (FlawKind Flaw, string Checker, ulong From)[] s_planted =
    [
        (FlawKind.CommitsOldTerms, "committed entries never change", 10),
        (FlawKind.CountsNonvoters, "progress", 10),
        (FlawKind.CommitsUnvouched, "committed entries never change", 3),
        (FlawKind.ReadsBeforeOwnTerm, "nobody claims to be fresher than it is", 1),
        (FlawKind.ReadsWithoutRound, "the index of a client's reads never goes back", 10),
        (FlawKind.ChangesManyVoters, "progress", 1),
        (FlawKind.LeaseNeverEnds, "nobody claims to be fresher than it is", 5),
        (FlawKind.RecoversByMajority, "committed entries never change", 190),
        (FlawKind.NeverGivesWay, "progress", 55),
        (FlawKind.VotesBeforeFlush, "what was promised is remembered", 1),
        (FlawKind.AcknowledgesBeforeFlush, "what was promised is remembered", 1),
        (FlawKind.VotesTwice, "one vote in a term", 1),
        (FlawKind.TakesNoForYes, "one leader in a term", 1),
        (FlawKind.IgnoresCandidatesLog, "committed entries never change", 1),
        (FlawKind.SkipsLogMatching, "committed entries never change", 3),
        (FlawKind.ChangesEntryOnTheWay, "log matching", 1),
        (FlawKind.NeverRefuses, "progress", 1),
        (FlawKind.LosesSnapshotAnswers, "progress", 6),
        (FlawKind.NeverTellsCommit, "agreement", 1),
        (FlawKind.CountsItselfBeforeFlush, "committed entries never change", 1),
        (FlawKind.DiskLiesAboutFlush, "WalDamagedException", 1),
        (FlawKind.ForgetsVote, "what was promised is remembered", 1),
        (FlawKind.ForgetsTerm, "what was promised is remembered", 1),
        (FlawKind.ForgetsLastEntry, "what was promised is remembered", 1),
        (FlawKind.ForgetsTombstones, "equal index, equal state", 1),
        (FlawKind.SnapshotMissesKey, "equal index, equal state", 1),
        (FlawKind.SnapshotClaimsTooMuch, "equal index, equal state", 2),
        (FlawKind.RecoversInOldTerms, "one leader in a term", 478),
        (FlawKind.ForgetsRecovery, "committed entries never change", 150),
        (FlawKind.DropsWatches, "no blocking query sleeps through a change", 1),
        (FlawKind.ForgetsLockDelays, "lock delay", 1),
        (FlawKind.ClockBeyondBound, "lock delay", 1),
        (FlawKind.ClockBeyondBound, "one holder of a lock", 10),
        (FlawKind.LeaseWithoutClockBound, "a lease covers every acknowledged write", 27),
        (FlawKind.NoLimits, "queues stay within their limits", 4),
        (FlawKind.KeepsAllEntries, "queues stay within their limits", 1),
        (FlawKind.NeverScrubs, "damage is repaired while the server runs", 73),
        (FlawKind.NeverSleeps, "no node spins", 1),
        (FlawKind.NotesWrongDigests, "servers find their states equal", 1),
        (FlawKind.HearsOfPoolOnce, "true catalog", 1),
        (FlawKind.TrustsPoolAtOnce, "no member that is there loses its node", 57),
        (FlawKind.AdmitsPoison, "fatal", 1),
        (FlawKind.AcknowledgesOnAppend, "acknowledged writes survive", 1),
        (FlawKind.SwapsAnswers, "acknowledged writes survive", 1),
        (FlawKind.CompletesTwice, "requests are completed once", 1),
        (FlawKind.ConfirmsLostWrites, "linearizability", 1),
        (FlawKind.FreshWhenHeard, "nobody claims to be fresher than it is", 1),
        (FlawKind.TrustsOldNews, "nobody claims to be fresher than it is", 3),
        (FlawKind.AnswersBeforeCommit, "linearizability", 1),
        (FlawKind.SendsWritesTwice, "linearizability", 1),
        (FlawKind.ReadsFromWhoeverLeads, "the index of a client's reads never goes back", 23),
    ];

    public static TheoryData<string, string, ulong> Planted()
    {
        var data = new TheoryData<string, string, ulong>();
        foreach (var (flaw, checker, from) in s_planted) data.Add(flaw.ToString(), checker, from);
        return data;
    }

    [Theory]
    [MemberData(nameof(Planted))]
    public void Planted_bug_is_noticed_by_its_checker(string flaw, string checker, ulong from)
    {
        var options = new ScenarioOptions { Mutation = flaw };
        for (ulong seed = from; seed < from + SeedsMax; seed++)
        {
            if (Simulator.Run(new ClusterScenario(), seed, options).Failure?.Checker != checker) continue;
            output.WriteLine($"{checker}: `{Flaws.NameOf(Enum.Parse<FlawKind>(flaw))}` ({seed})");
            return;
        }
        Assert.Fail($"{checker} did not notice {flaw} in {SeedsMax} seeds");
    }

    [Fact]
    public void Every_bug_that_can_be_planted_is_in_the_list() =>
        Assert.Equal(Enum.GetValues<FlawKind>().Skip(1).Where(flaw => flaw != FlawKind.UsesRealChance), s_planted.Select(planted => planted.Flaw).Distinct().Order());

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

    [Fact]
    public void A_failing_run_can_be_seen_again_up_to_any_event()
    {
        var options = new ScenarioOptions { Mutation = nameof(FlawKind.VotesBeforeFlush) };
        var failed = Simulator.Run(new ClusterScenario(), 1, options);
        Assert.NotNull(failed.Failure);
        var again = Simulator.Run(new ClusterScenario(), 1, options, until: failed.Events);
        Assert.Equal((failed.Events, failed.Digest), (again.Events, again.Digest));
        var before = Simulator.Run(new ClusterScenario(), 1, options, until: failed.Events / 2);
        Assert.Equal(failed.Events / 2, before.Events);
        Assert.Null(before.Failure);
    }

    [Fact]
    public void The_plan_of_a_failing_run_becomes_smaller_and_the_failure_stays_the_same()
    {
        var options = new ScenarioOptions { Mutation = nameof(FlawKind.ForgetsVote) };
        ulong seed = 1;
        RunResult failed;
        do failed = Simulator.Run(new ClusterScenario(), seed++, options);
        while (failed.Failure is null || failed.Plan.Count < 5);
        var small = Shrinker.Shrink(new ClusterScenario(), failed, options);
        Assert.Equal(failed.Failure.Checker, small.Failure!.Checker);
        Assert.InRange(small.Plan.Count, 0, failed.Plan.Count - 1);
    }
}
