using Conclave.Core;
using Conclave.Gossip.Coordinates;
using Conclave.Gossip.Swim;

namespace Conclave.Gossip.Serf;

/// <summary>
/// What Serf knows of a member besides membership; hangs on <see cref="SwimNode.Serf"/>, and keeps that node after membership has forgotten it. There may be
/// millions of these in a process that simulates a large pool: 64 bytes.
/// </summary>
internal sealed class MemberRecord(SwimNode node)
{
    /// <summary>Name, address, tags and versions. Replaced when the member comes back after membership had forgotten it.</summary>
    public SwimNode Node { get; set; } = node;

    /// <summary>The member as users see it, made when somebody asks and kept until it changes.</summary>
    public GossipMember? View { get; set; }

    /// <summary>Where it is, once it has answered a probe.</summary>
    public KnownPlace? Place { get; set; }

    /// <summary>Lamport time of the intent that <see cref="Status"/> comes from.</summary>
    public ulong StatusTime { get; set; }

    /// <summary>When it left or failed.</summary>
    public Instant GoneAt { get; set; }

    public MemberStatus Status { get; set; } = MemberStatus.Alive;

    /// <summary>Whether it is to be forgotten as soon as it is gone.</summary>
    public bool IsPruned { get; set; }

    /// <summary>Mark for the time in which one exchange is merged.</summary>
    public bool IsMarked { get; set; }

    /// <summary>Place in the list of those who failed or left.</summary>
    public int GoneIndex { get; set; }

    public bool IsGone => Status is MemberStatus.Failed or MemberStatus.Left;
}
