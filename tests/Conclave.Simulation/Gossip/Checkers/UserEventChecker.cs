using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>A user event reaches each member that is there all the time once: never twice in one life, and in the end not never.</summary>
internal sealed class UserEventChecker(GossipCluster cluster) : GossipChecker(cluster)
{
    public const string Name = "user events once";

    private readonly Dictionary<(GossipProcess Node, int Life, string Name), int> _heard = [];
    private readonly Dictionary<string, ulong> _times = [];
    private readonly List<(string Name, Instant At, bool FirerWasMember)> _fired = [];

    public override void OnFired(GossipProcess node, string name) => _fired.Add((name, Cluster.World.Now, node.Phase == NodePhase.Member));

    public override void OnEvent(GossipProcess node, GossipEvent happened)
    {
        if (happened.Kind != GossipEventKind.User) return;
        _times[happened.Name] = happened.LamportTime;
        var key = (node, node.Life, happened.Name);
        int times = _heard[key] = _heard.GetValueOrDefault(key) + 1;
        if (times > 1) SimFailureException.Safety(Name, $"{node.Name} hears of {happened.Name} for the {times}. time");
    }

    /// <summary>Says who has not heard of what yet, or null.</summary>
    public string? Missing()
    {
        foreach (var (name, at, firerWasMember) in _fired)
        {
            // A ring of few places forgets events before everybody has exchanged states, and who has not joined yet speaks to nobody.
            if (!firerWasMember || Cluster.Swarm.HasTinyLimits) continue;
            // What only those have heard who are gone is lost with them.
            if (!Cluster.Live.Any(node => _heard.ContainsKey((node, node.Life, name)))) continue;
            foreach (var node in Cluster.Live)
                if (node.UpSince < at && _times[name] >= node.EventTimeMin && !_heard.ContainsKey((node, node.Life, name))) return $"{node.Name} never heard of {name}, fired at {at.Nanoseconds / 1e9:F3} s";
        }
        return null;
    }
}
