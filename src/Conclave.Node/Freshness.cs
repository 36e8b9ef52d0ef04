using Conclave.Core;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>Since when a follower's state may be out of date: from the last moment at which it is known to have held all that its leader had committed. What the leader said counts when it is applied, not before.</summary>
internal sealed class Freshness
{
    private (LogIndex Commit, Instant At)? _waiting;

    /// <summary>That moment; null before the first one since the start.</summary>
    public Instant? FreshAt { get; private set; }

    /// <summary>Takes note of what was heard and applied. Once in each turn.</summary>
    public void Note(RaftCore raft, LogIndex applied, Instant now)
    {
        if (raft.Role == RaftRole.Leader)
        {
            if (raft.LeaseUntil > now) FreshAt = now;
            return;
        }
        // While one is waited for, later ones do not take its place: else a server that is always a little behind would never seem to get anywhere.
        _waiting ??= raft.CommitHeard;
        if (_waiting is not { } heard || heard.Commit > applied) return;
        if (FreshAt is null || heard.At > FreshAt) FreshAt = heard.At;
        _waiting = raft.CommitHeard is { } newest && newest.At > heard.At ? newest : null;
        if (_waiting is { } next && next.Commit <= applied) (FreshAt, _waiting) = (next.At, null);
    }
}
