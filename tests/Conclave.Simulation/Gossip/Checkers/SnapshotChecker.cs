using Conclave.Core;
using Conclave.Gossip;
using Conclave.Gossip.Files;

namespace Conclave.Simulation.Gossip;

/// <summary>When nothing happens any more a member's snapshot file remembers just those who are there.</summary>
internal sealed class SnapshotChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    private const string Name = "snapshot remembers";

    // After a failed write the file is made anew, at most every 30 s.
    private static readonly TimeSpan s_repairTime = TimeSpan.FromSeconds(40);

    private readonly List<GossipMember> _members = [];

    public override void OnEnd()
    {
        foreach (var node in Cluster.Live)
        {
            if (Cluster.World.Now - node.FileFailedAt < s_repairTime) continue;
            var snapshot = SerfSnapshot.Replay(node.File.Content, rejoinAfterLeave: false);
            node.Pool.CopyMembers(_members);
            foreach (var member in _members)
            {
                bool isKept = snapshot.Alive.TryGetValue(member.Name, out var address);
                if (member.Name == node.Name) continue;
                if (isKept != (member.Status == MemberStatus.Alive)) SimFailureException.Safety(Name, $"the file of {node.Name} {(isKept ? "has" : "lacks")} {member.Name}, which is {member.Status}");
                if (isKept && !address!.Equals(member.Endpoint.ToIPEndPoint())) SimFailureException.Safety(Name, $"the file of {node.Name} has {member.Name} at {address}");
            }
        }
    }
}
