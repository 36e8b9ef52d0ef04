namespace Conclave.Simulation.Gossip;

/// <summary>Nothing that waits to be gossiped grows beyond its bound, and in quiet times it all goes out.</summary>
internal sealed class QueueChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    private const string Name = "bounded queues";
    private const int SerfQueueMax = 4096, StreamsMax = 300;

    public override void OnSecond()
    {
        foreach (var node in Cluster.Processes)
        {
            if (!node.IsUp) continue;
            var numbers = node.Pool.Numbers;
            if (numbers.MemberQueue > 2 * Cluster.Processes.Count + 2) SimFailureException.Safety(Name, $"{node.Name} has {numbers.MemberQueue} rumours to tell about {Cluster.Processes.Count} members");
            int most = Math.Max(numbers.IntentQueue, Math.Max(numbers.EventQueue, numbers.QueryQueue));
            if (most > SerfQueueMax) SimFailureException.Safety(Name, $"{node.Name} has {most} messages in a queue");
            if (Cluster.Network.StreamCount(node.Id) > StreamsMax) SimFailureException.Safety(Name, $"{node.Name} has {Cluster.Network.StreamCount(node.Id)} streams");
        }
    }

    /// <summary>Messages that wait anywhere.</summary>
    public static int Waiting(GossipCluster cluster) => cluster.Processes.Where(node => node.IsUp).Sum(node =>
    {
        var numbers = node.Pool.Numbers;
        return numbers.MemberQueue + numbers.IntentQueue + numbers.EventQueue + numbers.QueryQueue;
    });
}
