namespace Conclave.Simulation.Gossip;

/// <summary>What a member keeps in memory grows with the members it knows and with nothing else.</summary>
internal sealed class MemoryChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    /// <summary>A pool that knows nobody: buffers, rings of events and queries, queues at their usual size.</summary>
    public const long BaseBytesMax = 512 * 1024;

    /// <summary>For each member known, with its name, metadata, coordinate and what was measured of it.</summary>
    public const long MemberBytesMax = 2048;

    public override void OnEnd()
    {
        // Counting takes longer than a small run, so that one node stands for all.
        if (Cluster.Live.FirstOrDefault() is not { } node) return;
        long bytes = ReachableMemory.Of(node, typeof(SimWorld), typeof(SimNetwork), typeof(GossipCluster), typeof(SnapshotFile), typeof(Conclave.Gossip.GossipScratch));
        long most = BaseBytesMax + MemberBytesMax * Cluster.Processes.Count;
        if (bytes > most) SimFailureException.Safety("memory per member", $"{node.Name} keeps {bytes} bytes for {node.Pool.MemberCount} members");
    }
}
