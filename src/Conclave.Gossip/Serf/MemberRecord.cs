using Conclave.Core;
using Conclave.Gossip.Coordinates;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>
/// A member with what Serf knows of it besides membership. Stays after membership has forgotten it, and is taken up again when it comes back. There may be
/// millions of these in a process that simulates a large pool: 128 bytes.
/// </summary>
/// <param name="name">Name, unique in the pool.</param>
internal sealed class MemberRecord(NodeName name) : SwimNode(name)
{
    /// <summary>The member as users see it, made when somebody asks and kept until it changes.</summary>
    public GossipMember? View { get; set; }

    /// <summary>Where it is, once it has answered a probe.</summary>
    public KnownPlace? Place { get; set; }

    /// <summary>Lamport time of the intent that <see cref="Status"/> comes from.</summary>
    public ulong StatusTime { get; set; }

    /// <summary>When it left or failed, of one that has.</summary>
    public Instant GoneAt => ChangedAt;

    /// <summary><see cref="MemberStatus.None"/> before it is listed for the first time, and after it was erased.</summary>
    public MemberStatus Status { get; set; }

    /// <summary>Whether it is to be forgotten as soon as it is gone.</summary>
    public bool IsPruned { get; set; }

    /// <summary>Mark for the time in which one exchange is merged.</summary>
    public bool IsMarked { get; set; }

    /// <summary>Place in the list of those who failed or left.</summary>
    public int GoneIndex { get; set; }

    /// <summary>Whether it is one of the members that users see.</summary>
    public bool IsListed => Status != MemberStatus.None;

    public bool IsGone => Status is MemberStatus.Failed or MemberStatus.Left;
}
