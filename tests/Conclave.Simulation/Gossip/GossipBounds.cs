using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>Virtual times within which things must have happened once nothing stands in their way.</summary>
internal static class GossipBounds
{
    /// <summary>All lists are right after everything was made whole.</summary>
    public static TimeSpan Convergence(GossipCluster cluster)
    {
        var config = ConfigOf(cluster);
        // A suspicion that runs, then members that forgot each other: each tries every interval with the probability that the failed have among the living.
        return SuspicionMax(cluster, config) * 2 + config.ReconnectInterval * 20 + config.PushPullInterval * 20;
    }

    /// <summary>Everything was said that was to be said.</summary>
    public static TimeSpan Drain(GossipCluster cluster) => TimeSpan.FromMinutes(2) + ConfigOf(cluster).GossipInterval * (cluster.Processes.Count * 4);

    /// <summary>All have heard of a user event: whom gossip missed learns of it when states are exchanged.</summary>
    public static TimeSpan Spread(GossipCluster cluster) => ConfigOf(cluster).PushPullInterval * (cluster.Processes.Count > 32 ? 12 : 6);

    /// <summary>A query has ended.</summary>
    public static TimeSpan Query(GossipCluster cluster) => ConfigOf(cluster).GossipInterval * 16 * (1 + (int)Math.Ceiling(Math.Log10(cluster.Processes.Count + 1))) + TimeSpan.FromSeconds(2);

    /// <summary>The longest that somebody is suspected.</summary>
    public static TimeSpan Suspicion(GossipCluster cluster) => SuspicionMax(cluster, ConfigOf(cluster));

    /// <summary>All know that somebody left, and that one has gone.</summary>
    public static TimeSpan Leave(GossipCluster cluster)
    {
        var config = ConfigOf(cluster);
        return config.BroadcastTimeout * 2 + config.LeavePropagateDelay + config.GossipInterval * 20 + Spread(cluster);
    }

    /// <summary>All know that somebody was killed.</summary>
    public static TimeSpan Detection(GossipCluster cluster)
    {
        var config = ConfigOf(cluster);
        return config.ProbeInterval * (5 + cluster.Processes.Count) + SuspicionMax(cluster, config) + config.GossipInterval * 20;
    }

    private static GossipConfig ConfigOf(GossipCluster cluster) => cluster.Swarm.Configure("x", GossipCluster.EndpointOf(0));

    private static TimeSpan SuspicionMax(GossipCluster cluster, GossipConfig config) =>
        config.ProbeInterval * (config.SuspicionMult * Math.Max(1, Math.Log10(cluster.Processes.Count)) * config.SuspicionMaxTimeoutMult);
}
