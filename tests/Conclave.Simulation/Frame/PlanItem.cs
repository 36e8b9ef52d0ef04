using Conclave.Core;

namespace Conclave.Simulation;

/// <summary>
/// One timed thing that is done to a run: a fault, or something its users do. A plan is a list of them and is all that a seed's chance decides from outside, so
/// that it can be made smaller while a failure stays. Each item is complete in itself: leaving one out does not change what another does.
/// </summary>
/// <param name="At">When.</param>
/// <param name="Kind">What: a <see cref="FaultKind"/> below <see cref="FirstOwnKind"/>, else a number of the scenario's own.</param>
/// <param name="A">Usually a node.</param>
/// <param name="B">Usually another one.</param>
/// <param name="For">How long it lasts.</param>
/// <param name="Amount">How strong it is.</param>
/// <param name="Seed">For whatever else is to be drawn.</param>
internal readonly record struct PlanItem(Instant At, int Kind, int A = 0, int B = 0, TimeSpan For = default, double Amount = 0, ulong Seed = 0)
{
    public const int FirstOwnKind = 100;
}

/// <summary>Faults that the frame knows how to make.</summary>
internal enum FaultKind
{
    /// <summary>A part of the nodes (drawn from the seed) and the rest do not hear each other.</summary>
    Partition = 1,

    /// <summary>The rest does not hear a part of the nodes, which hears the rest.</summary>
    OneWayPartition,

    /// <summary>Node A and node B do not hear each other; everybody else hears both.</summary>
    CutLink,

    /// <summary>Node A is alone.</summary>
    Isolate,

    /// <summary>Everything to and from node A takes Amount seconds longer.</summary>
    Clog,

    /// <summary>Datagrams to and from node A are lost with probability Amount; A below zero: everybody's.</summary>
    Loss,

    /// <summary>Datagrams arrive twice with probability Amount.</summary>
    Duplicate,

    /// <summary>Datagrams overtake each other: with probability Amount one is held back for up to a second.</summary>
    Reorder,

    /// <summary>All streams of node A are reset.</summary>
    ResetStreams,

    /// <summary>While it lasts streams are reset in the middle of a message with probability Amount for each segment.</summary>
    BreakStreams,

    /// <summary>While it lasts new streams carry nothing in one direction with probability Amount.</summary>
    HalfOpenStreams,

    /// <summary>Datagrams longer than Amount bytes are lost.</summary>
    Mtu,

    /// <summary>Node A gets nothing for a while, then everything.</summary>
    Pause,

    /// <summary>Node A's monotonic clock is Amount millionths too fast from now on.</summary>
    Drift,

    /// <summary>Node A's wall clock jumps by For, or back when Amount is below zero.</summary>
    WallJump,
}
