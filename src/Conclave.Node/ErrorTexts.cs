namespace Conclave.Node;

/// <summary>Texts that clients compare with: the wording is Consul's.</summary>
public static class ErrorTexts
{
    /// <summary>Nobody leads, or nobody is known to.</summary>
    public const string NoLeader = "No cluster leader";

    /// <summary>The leader has more unfinished writes than it may keep.</summary>
    public const string Overloaded = "timed out enqueuing operation";

    /// <summary>The leader was deposed while the entry waited for its commit: the write may or may not happen.</summary>
    public const string LeadershipLost = "leadership lost while committing log";

    /// <summary>The state was replaced by that of an archive while the entry waited for its commit: the write will not happen.</summary>
    public const string AbortedByRestore = "leadership lost while committing log: the state was restored from a snapshot";

    /// <summary>More calls were made to servers than <c>limits.rpc_rate</c> allows.</summary>
    public const string RateExceeded = "RPC rate limit exceeded";

    /// <summary>The node is going down.</summary>
    public const string ShuttingDown = "raft is already shutdown";
}
