using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>Watches a pool from outside for one thing that must hold. Each checker stands alone.</summary>
internal abstract class GossipChecker(GossipCluster cluster)
{
    protected GossipCluster Cluster { get; } = cluster;

    public virtual void OnStarted(GossipProcess node)
    {
    }

    /// <summary>A node has become part of the pool.</summary>
    public virtual void OnEntered(GossipProcess node)
    {
    }

    public virtual void OnStopped(GossipProcess node)
    {
    }

    public virtual void OnLeaveBegun(GossipProcess node)
    {
    }

    public virtual void OnRequested(GossipProcess node, long request, string what)
    {
    }

    public virtual void OnCompleted(GossipProcess node, in GossipCompletion completion)
    {
    }

    public virtual void OnFired(GossipProcess node, string name)
    {
    }

    public virtual void OnQueryStarted(GossipProcess node, long query, GossipQuery what)
    {
    }

    public virtual void OnEvent(GossipProcess node, GossipEvent happened)
    {
    }

    /// <summary>Once in a virtual second.</summary>
    public virtual void OnSecond()
    {
    }

    /// <summary>The network is whole, everybody who is up is a member, lists agree: from here on nothing may be wrong.</summary>
    public virtual void OnQuiet()
    {
    }

    /// <summary>The run is over.</summary>
    public virtual void OnEnd()
    {
    }
}
