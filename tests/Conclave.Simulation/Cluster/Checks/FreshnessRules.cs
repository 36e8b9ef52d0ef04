using Conclave.Core;
using Conclave.Raft;

namespace Conclave.Simulation.Cluster;

/// <summary>
/// A server that says since when its state may be out of date says nothing better than is true: it had then just heard from a leader, in this life, and has applied all that this leader had committed
/// when it said so; and it was not a word that had waited for the server while that stood still.
/// </summary>
internal sealed class FreshnessRules(TimeSpan turnGapMax)
{
    private const string Rule = "nobody claims to be fresher than it is";

    // What waited for a server that stood still is taken in within this time.
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(1);

    // A gap as the server sees it, with a clock that may be slow.
    private const double GapShare = 1.5;

    private readonly SortedDictionary<long, (ulong Commit, bool IsOld)> _heard = [];
    private Instant _pausedFrom, _pausedUntil;
    private Instant? _claimed;

    public void OnStarted()
    {
        _heard.Clear();
        (_pausedFrom, _pausedUntil, _claimed) = (default, default, null);
    }

    public void OnPaused(Instant from, Instant until)
    {
        if (until <= _pausedUntil) return;
        if (from > _pausedUntil) _pausedFrom = from;
        _pausedUntil = until;
    }

    /// <summary>A leader's word is taken in: at <paramref name="local"/> by the server's clock, at <paramref name="now"/> in truth.</summary>
    public void OnHeard(Instant local, Instant now, Instant sentAt, ulong commit)
    {
        bool stoodStill = _pausedUntil - _pausedFrom > turnGapMax * GapShare && now >= _pausedUntil && now <= _pausedUntil + Burst;
        bool isOld = stoodStill && sentAt + turnGapMax < _pausedUntil;
        // Of several in one moment the easiest to keep is enough.
        if (_heard.TryGetValue(local.Nanoseconds, out var other)) (commit, isOld) = (Math.Min(commit, other.Commit), isOld && other.IsOld);
        _heard[local.Nanoseconds] = (commit, isOld);
    }

    /// <summary>A turn is over: what does the server claim?</summary>
    public void Check(SimServer server, Instant? claim, Instant local, ulong acknowledged)
    {
        if (claim == _claimed || claim is not { } freshAt) return;
        _claimed = claim;
        ulong applied = server.Root.LastIndex;
        if (server.Raft!.Role == RaftRole.Leader && freshAt == local)
        {
            if (applied < acknowledged) SimFailureException.Safety(Rule, $"{server.Identity.NodeName} leads and claims to be fresh with {applied} entries applied, a write at {acknowledged} was acknowledged");
            return;
        }
        if (!_heard.TryGetValue(freshAt.Nanoseconds, out var heard))
            SimFailureException.Safety(Rule, $"{server.Identity.NodeName} claims to have been fresh {(local - freshAt).TotalSeconds:F3} s ago, when it had heard nothing of what is committed");
        if (heard.Commit > applied)
            SimFailureException.Safety(Rule, $"{server.Identity.NodeName} claims to have been fresh {(local - freshAt).TotalSeconds:F3} s ago with {applied} entries applied, it was then told that {heard.Commit} are committed");
        if (heard.IsOld) SimFailureException.Safety(Rule, $"{server.Identity.NodeName} stood still and claims to be as fresh as if what had waited for it had just been said");
        while (_heard.Count > 0 && _heard.First().Key < freshAt.Nanoseconds) _heard.Remove(_heard.First().Key);
    }
}
