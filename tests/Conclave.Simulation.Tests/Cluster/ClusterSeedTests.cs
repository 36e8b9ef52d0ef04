using Conclave.Simulation.Cluster;

namespace Conclave.Simulation.Tests.Cluster;

/// <summary>Whole clusters through drawn bad times. A failing seed is run again with <c>--scenario cluster --seed N</c>.</summary>
public class ClusterSeedTests
{
    private const int Seeds = 1000;

    // Stops earlier on a machine that is busy with other things.
    private const int SeedsMin = 20;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(110);

    [Fact]
    public void Clusters_stay_right_and_finish_their_work_whatever_happens()
    {
        var campaign = new Campaign(new ClusterScenario(), new ScenarioOptions()) { FailuresMax = 1 };
        campaign.Run(first: 1, Seeds, jobs: Environment.ProcessorCount, Bound, verifyPercent: 3);
        Assert.True(campaign.Failures.IsEmpty, campaign.Failures.TryPeek(out var failed) ? $"{failed}\n{failed.Failure!.Trace}" : "");
        Assert.True(campaign.Runs >= SeedsMin, $"only {campaign.Runs} seeds in {Bound}");
    }
}
