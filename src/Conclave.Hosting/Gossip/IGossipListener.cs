using Conclave.Gossip;

namespace Conclave.Hosting.Gossip;

/// <summary>Is told what happens in a pool.</summary>
internal interface IGossipListener
{
    /// <summary>Called on the pool's loop, in order: must return at once and not throw.</summary>
    void OnEvent(GossipEvent happened);
}
