using Conclave.Gossip;

namespace Conclave.Hosting;

/// <summary>Something that happened in a pool, for one reader.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Missed">How many events before this one were dropped because the reader was too slow; it should then look at <see cref="Membership.Members"/> anew.</param>
public readonly record struct MembershipNotice(GossipEvent Event, long Missed);
