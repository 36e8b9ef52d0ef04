using Conclave.Core;
using Conclave.Raft;

namespace Conclave.Node;

/// <summary>
/// Since when a follower's state may be out of date: from the last moment at which it is known to have held all that its leader had committed. What the leader said counts when it is applied, not before;
/// and what is heard just after a standstill may have been said before it, and counts for nothing.
/// </summary>
internal sealed class Freshness(TimeSpan turnGapMax)
{
    // What came while the process stood still is taken in at once; a short while covers it, and later news come soon enough.
    private const int DoubtShare = 4;

    private (LogIndex Commit, Instant At)? _waiting;
    private Instant? _lastTurn;
    private Instant _doubtUntil;

    /// <summary>That moment; null before the first one since the start.</summary>
    public Instant? FreshAt { get; private set; }

    /// <summary>Takes note of what was heard and applied. Once in each turn.</summary>
    public void Note(RaftCore raft, LogIndex applied, Instant now)
    {
        if (_lastTurn is { } last && now - last > turnGapMax) _doubtUntil = now + turnGapMax / DoubtShare;
        _lastTurn = now;
        if (raft.Role == RaftRole.Leader)
        {
            if (raft.LeaseUntil > now) FreshAt = now;
            return;
        }
        // While one is waited for, later ones do not take its place: else a server that is always a little behind would never seem to get anywhere.
        var newest = raft.CommitHeard is { } news && news.At >= _doubtUntil ? raft.CommitHeard : null;
        _waiting ??= newest;
        if (_waiting is not { } heard || heard.Commit > applied) return;
        if (FreshAt is null || heard.At > FreshAt) FreshAt = heard.At;
        _waiting = newest is { } later && later.At > heard.At ? newest : null;
        if (_waiting is { } next && next.Commit <= applied) (FreshAt, _waiting) = (next.At, null);
    }
}
