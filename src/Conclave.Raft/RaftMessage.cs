using Conclave.Core;

namespace Conclave.Raft;

/// <summary>What a message is.</summary>
public enum RaftMessageKind : byte
{
    /// <summary>Entries, or none to show that the leader lives.</summary>
    Append,
    /// <summary>Answer to <see cref="Append"/>.</summary>
    AppendReply,
    /// <summary>A candidate asks for a vote.</summary>
    Vote,
    /// <summary>Answer to <see cref="Vote"/>.</summary>
    VoteReply,
    /// <summary>Asks whether a vote would be granted; changes nothing at the receiver.</summary>
    PreVote,
    /// <summary>Answer to <see cref="PreVote"/>.</summary>
    PreVoteReply,
    /// <summary>The leader asks the receiver to campaign at once.</summary>
    TimeoutNow,
    /// <summary>The receiver's log is too far behind: the host sends its newest snapshot as a stream.</summary>
    Snapshot,
    /// <summary>Answer to <see cref="Snapshot"/>: the snapshot was installed, or not.</summary>
    SnapshotReply,
}

/// <summary>
/// A message between two servers: one flat struct, of which each kind uses a part. The hosting layer adds what the wire needs (addresses, headers) and matches replies to requests.
/// </summary>
public readonly record struct RaftMessage
{
    /// <summary>What it is.</summary>
    public RaftMessageKind Kind { get; init; }

    /// <summary>Server id of the sender.</summary>
    public string From { get; init; }

    /// <summary>Server id of the receiver.</summary>
    public string To { get; init; }

    /// <summary>Term of the sender (pre-vote: the term it would campaign in).</summary>
    public Term Term { get; init; }

    /// <summary>Chosen by the requester and repeated in the reply. The wire answers in order, so the host can restore it there.</summary>
    public ulong RequestId { get; init; }

    /// <summary>Append: entry before the first. Vote, pre-vote: last entry of the candidate. Snapshot: last entry contained. Append reply: last entry of the receiver, a hint for refusals.</summary>
    public LogIndex LogIndex { get; init; }

    /// <summary>Term of the entry at <see cref="LogIndex"/>.</summary>
    public Term LogTerm { get; init; }

    /// <summary>Append: the leader's commit index.</summary>
    public LogIndex Commit { get; init; }

    /// <summary>Append: the entries, consecutive, not to be changed.</summary>
    public ReadOnlyMemory<LogEntry> Entries { get; init; }

    /// <summary>Replies: appended, granted, installed.</summary>
    public bool Success { get; init; }

    /// <summary>Append: carries no predecessor and no entries, only term and sender; must not be read as "nothing before index 0".</summary>
    public bool Heartbeat { get; init; }

    /// <summary>Append reply: refused because of the log, try an earlier entry at once.</summary>
    public bool NoRetryBackoff { get; init; }

    /// <summary>Vote: the old leader asked for this election.</summary>
    public bool LeadershipTransfer { get; init; }
}

/// <summary>A message to send, and when.</summary>
/// <param name="Message">The message.</param>
/// <param name="AfterFlush">It must not leave before everything recorded so far, this turn's appends and terms included, is durable.
/// The answer to a heartbeat vouches for the term alone: it may leave when that is durable, so that a slow disk does not look like a dead follower.</param>
public readonly record struct OutboundMessage(RaftMessage Message, bool AfterFlush);
