namespace Conclave.Simulation.Gossip;

/// <summary>Bugs that can be planted, to see that the checkers find them.</summary>
internal static class GossipMutations
{
    /// <summary>A user event is delivered again now and then.</summary>
    public const string EventTwice = "event-twice";

    /// <summary>A user event is not delivered now and then.</summary>
    public const string EventLost = "event-lost";

    /// <summary>Who leaves just goes.</summary>
    public const string LeaveIsKill = "leave-is-kill";

    /// <summary>Who leaves does not say so: neither by an intent, nor in the word that it is gone, which reads as if somebody else had found it dead.</summary>
    public const string LeaveUnsaid = "leave-unsaid";

    /// <summary>Changed tags are told to nobody.</summary>
    public const string TagsKept = "tags-kept";

    /// <summary>One node's packets get lost for good.</summary>
    public const string DumbNode = "dumb-node";

    /// <summary>Nobody looks after members that are gone.</summary>
    public const string NoReconnect = "no-reconnect";

    /// <summary>No member says that it is there after all.</summary>
    public const string NoRefutation = "no-refutation";

    /// <summary>Members are called failed as soon as one probe gets lost.</summary>
    public const string Hasty = "hasty";

    /// <summary>Members are never called failed.</summary>
    public const string NoSuspicion = "no-suspicion";

    /// <summary>What is to be gossiped is gossiped for ever.</summary>
    public const string EndlessGossip = "endless-gossip";

    /// <summary>The word of a failed member does not reach the application.</summary>
    public const string FailureUnsaid = "failure-unsaid";

    /// <summary>A request is completed twice.</summary>
    public const string CompletedTwice = "completed-twice";

    /// <summary>A request is never completed.</summary>
    public const string NeverCompleted = "never-completed";

    /// <summary>A response to a query is delivered twice.</summary>
    public const string ResponseTwice = "response-twice";

    /// <summary>Lines of the snapshot file are lost.</summary>
    public const string SnapshotLoses = "snapshot-loses";

    /// <summary>A packet ends the process.</summary>
    public const string PoisonedPacket = "poisoned-packet";

    /// <summary>Every packet is kept.</summary>
    public const string Leak = "leak";

    public static IReadOnlyList<string> All { get; } =
    [
        EventTwice, EventLost, LeaveIsKill, LeaveUnsaid, TagsKept, DumbNode, NoReconnect, NoRefutation, Hasty, NoSuspicion, EndlessGossip, FailureUnsaid, CompletedTwice,
        NeverCompleted, ResponseTwice, SnapshotLoses, PoisonedPacket, Leak,
    ];
}
