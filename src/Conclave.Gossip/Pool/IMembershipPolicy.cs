namespace Conclave.Gossip;

/// <summary>Decides who may be a member of this pool. Called on the pool's loop; must return at once.</summary>
public interface IMembershipPolicy
{
    /// <summary>Asked for each message that says a member is there with something new. Returns the reason against it, or null.</summary>
    string? Refuse(GossipMember candidate);

    /// <summary>Asked when two pools are to be joined, for all members of the other one together. Returns the reason against it, or null.</summary>
    string? RefuseMerge(IReadOnlyList<GossipMember> others);
}
