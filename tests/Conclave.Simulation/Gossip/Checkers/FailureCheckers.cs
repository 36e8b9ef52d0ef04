using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>While nobody is unreachable and at most 30 % of the datagrams are lost, members that are there are (nearly) never called failed.</summary>
internal sealed class FalseFailureChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    private const string Name = "few false failures";

    /// <summary>What a run may have: one member's mistake, taken over by all the others, is a matter of chance.</summary>
    private const int AccusedMax = 1;

    private readonly SortedSet<string> _accused = new(StringComparer.Ordinal);

    public override void OnEvent(GossipProcess node, GossipEvent happened)
    {
        if (happened.Kind != GossipEventKind.Failed || Cluster.IsQuiet || Cluster.Swarm.Has(Hardship.Unreachable)) return;
        var accused = Cluster.Processes.First(other => other.Name == happened.Member!.Name);
        if (accused.Phase != NodePhase.Member) return;
        Cluster.World.Mark("false failure");
        _accused.Add(accused.Name);
        if (_accused.Count > AccusedMax) SimFailureException.Safety(Name, $"{string.Join(", ", _accused)} were called failed although nothing stood in their way but a loss of {Cluster.Swarm.Loss:P0}");
    }
}

/// <summary>Once everything is well and stays so, nobody is called failed who is there and stays. Of those who leave <see cref="LeaveChecker"/> speaks.</summary>
internal sealed class StabilityChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    public override void OnEvent(GossipProcess node, GossipEvent happened)
    {
        if (!Cluster.IsQuiet || happened.Kind != GossipEventKind.Failed) return;
        var accused = Cluster.Processes.First(other => other.Name == happened.Member!.Name);
        if (accused.IsUp && accused.Phase != NodePhase.Leaving) SimFailureException.Safety("nobody fails in peace", $"{node.Name} calls {accused.Name} failed");
    }
}

/// <summary>Who leaves in order in quiet times is seen as left by all, in time, and as failed by nobody.</summary>
internal sealed class LeaveChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    private const string Name = "left, never failed";

    private GossipProcess? _leaver;

    public override void OnLeaveBegun(GossipProcess node)
    {
        if (Cluster.IsQuiet) _leaver = node;
    }

    public override void OnEvent(GossipProcess node, GossipEvent happened)
    {
        if (_leaver is not null && happened.Kind == GossipEventKind.Failed && happened.Member!.Name == _leaver.Name) SimFailureException.Safety(Name, $"{node.Name} calls {_leaver.Name} failed, which left");
    }

    /// <summary>Whether all live members see a member as left.</summary>
    public static bool IsLeft(GossipCluster cluster, GossipProcess leaver) => cluster.Live.All(node => node.Pool.Find(leaver.Name)?.Status == MemberStatus.Left);
}
