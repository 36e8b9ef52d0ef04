using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>Each request is completed once, and in time.</summary>
internal sealed class CompletionChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    private const string Name = "requests complete once";
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(4);

    private readonly Dictionary<(GossipProcess Node, long Request), Instant> _open = [];

    public override void OnRequested(GossipProcess node, long request, string what) => _open.Add((node, request), Cluster.World.Now);

    public override void OnCompleted(GossipProcess node, in GossipCompletion completion)
    {
        if (!_open.Remove((node, completion.Request))) SimFailureException.Safety(Name, $"{node.Name} completes request {completion.Request}, which is not open");
    }

    public override void OnStopped(GossipProcess node)
    {
        foreach (var key in _open.Keys.Where(key => key.Node == node).ToList()) _open.Remove(key);
    }

    public override void OnSecond()
    {
        foreach (var ((node, request), since) in _open)
            if (Cluster.World.Now - since > s_bound) SimFailureException.Liveness(Name, $"{node.Name} has not completed request {request} ({node.OpenRequests.GetValueOrDefault(request)})");
    }
}
