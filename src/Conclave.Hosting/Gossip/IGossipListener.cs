using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Is told what happens in a pool.</summary>
internal interface IGossipListener
{
    /// <summary>The published members are others than before. Called on the pool's loop, before the events of the same turn: must return at once and not throw.</summary>
    void OnMembersChanged();

    /// <summary>Called on the pool's loop, in order: must return at once and not throw.</summary>
    void OnEvent(GossipEvent happened);
}
