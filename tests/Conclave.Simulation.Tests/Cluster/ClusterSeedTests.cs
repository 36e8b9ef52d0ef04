using Conclave.Simulation.Cluster;
using Xunit;

namespace Conclave.Simulation.Tests.Cluster;

/// <summary>Whole clusters through drawn bad times. A failing seed is run again with <c>--scenario cluster --seed N</c>.</summary>
public class ClusterSeedTests(ITestOutputHelper output)
{
    // Half a minute of two cores; never fewer, however busy the machine is.
    private const int Seeds = 1000;

    [Fact]
    public void A_thousand_clusters_stay_right_and_finish_their_work_whatever_happens()
    {
        var campaign = new Campaign(new ClusterScenario(), new ScenarioOptions()) { FailuresMax = 1 };
        campaign.Run(first: 1, Seeds, jobs: Environment.ProcessorCount, TimeSpan.MaxValue, verifyPercent: 3);
        output.WriteLine(campaign.Summary());
        Assert.True(campaign.Failures.IsEmpty, campaign.Failures.TryPeek(out var failed) ? $"{failed}\n{failed.Failure!.Trace}" : "");
        Assert.Equal(Seeds, campaign.Runs);
        Assert.Empty(RarePlaces.Except(campaign.Marks));
    }

    /// <summary>Where the swarm must have been: what is rare in ordinary use and common here.</summary>
    private static readonly string[] RarePlaces =
    [
        "damage found at start", "damage repaired", "digests compared between servers", "ended by its disk", "lock held", "lock holder died", "pre-vote not known", "read by lease", "snapshot sent",
        "outage", "some of a list come late", "what was recovered is committed", "what was recovered is given up",
    ];

    // A change of what is drawn gives a seed another run: what each of them found has a test of its own as well.
    [Theory]
    [InlineData(4, "the digest within a batch of commands depended on the batch, so that servers told operators of differences that were none")]
    [InlineData(175, "a server outside of the cluster, which waits for ever to learn what became of its last entries, was expected to have its disk repaired")]
    [InlineData(800150, "an operator decided to take a server out, and the leader came to it when another had lost its disk meanwhile")]
    [InlineData(507645, "the same with a leader that stood still for two seconds")]
    [InlineData(900441, "a server that had just started was told a part of the pool after it had been told all of it, which means that the others were forgotten")]
    [InlineData(114, "behind a list of peers one was elected that lacked what was committed")]
    [InlineData(58, "a server that had recovered more than the leader had stayed behind it for ever")]
    [InlineData(481, "two servers of a list led the same term, because one had missed the elections of the time before")]
    [InlineData(2006004, "servers of a list that split their votes gave up the one that knew most, although it was there")]
    [InlineData(900948, "a server took the snapshot of what it had given up for the newest, because it bore a later term than the leader's")]
    [InlineData(2006252, "a server of a list that was away for four seconds was given up")]
    public void Seed_that_found_something_finds_nothing_any_more(ulong seed, string what)
    {
        var result = Simulator.Run(new ClusterScenario(), seed, new ScenarioOptions());
        Assert.True(result.Failure is null, $"{what}: {result}");
    }
}
