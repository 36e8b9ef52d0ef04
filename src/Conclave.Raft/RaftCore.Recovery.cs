using Conclave.Core;

namespace Conclave.Raft;

// After an outage the servers of an operator's list come back with logs of which nobody can say what was committed. Whoever knows most should lead, so a server that was recovered counts on the votes of all listed
// voters for a while; and one that was not waited for, whose log the new leader contradicts, gives up what it has.
public sealed partial class RaftCore
{
    // Servers are started by hand or one after the other: each that is heard for the first time renews it. One that was heard is waited for as long again.
    private static readonly TimeSpan RecoveryPatience = TimeSpan.FromSeconds(10);

    // After that a majority is enough whoever is there: some links may carry nothing in one direction.
    private static readonly TimeSpan RecoveryPatienceMax = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, (Instant HeardAt, LogReset LogEnd)> _heardInRecovery = new(StringComparer.Ordinal);
    private Recovery? _recovery;
    private Instant _allVotesUntil;
    private LogReset _unearned;                                // end of what came in a snapshot and is not known to be committed

    /// <summary>This server was given its configuration by an operator, and nothing was committed under it yet as far as it knows.</summary>
    public bool IsRecovering => _recovery is not null;

    /// <summary>The leader's log contradicts what this server recovered: the host should call <see cref="GiveWay"/> as soon as nothing else works on snapshots.</summary>
    public bool MustGiveWay { get; private set; }

    /// <summary>All was given up, and <see cref="OnGaveWay"/> is awaited. Until then nothing is taken.</summary>
    public bool IsGivingWay { get; private set; }

    private void BeginRecovery(Recovery? recovery, LogReset end)
    {
        if (recovery is null || end.Term > recovery.LastTermBefore) return;
        (_recovery, _unearned) = (recovery, end);
        _allVotesUntil = _now + RecoveryPatience;
    }

    private void OnHeardInRecovery(in RaftMessage message)
    {
        if (!Configuration.IsVoter(message.From)) return;
        if (!_heardInRecovery.TryGetValue(message.From, out var known)) _allVotesUntil = _now + RecoveryPatience;
        if (message.Kind is RaftMessageKind.Vote or RaftMessageKind.PreVote) known.LogEnd = new LogReset(message.LogIndex, message.LogTerm);
        _heardInRecovery[message.From] = known with { HeardAt = _now };
    }

    // With the votes of all who are listed and there whoever knows most is elected, and nothing that was acknowledged is lost.
    private List<string>? VotesRequired()
    {
        if (_recovery is null || _config.Flaw == RaftFlaw.RecoversByMajority) return null;
        var required = new List<string>();
        foreach (var server in Configuration.Servers)
            if (server.Suffrage == Suffrage.Voter && IsAwaited(server.Id)) required.Add(server.Id);
        return required;
    }

    private bool IsAwaited(string id) =>
        _now < _allVotesUntil || (_now < _allVotesUntil + RecoveryPatienceMax && _heardInRecovery.TryGetValue(id, out var known) && _now < known.HeardAt + RecoveryPatience);

    // To ask for votes in vain would only disturb the one that can win.
    private bool DefersToAnother()
    {
        if (_recovery is null || _config.Flaw == RaftFlaw.RecoversByMajority) return false;
        foreach (var (id, known) in _heardInRecovery)
            if (IsAwaited(id) && _now < known.HeardAt + RecoveryPatience && IsBehind(known.LogEnd)) return true;
        return false;
    }

    private bool IsBehind(LogReset end) => end.Term > _log.LastTerm || (end.Term == _log.LastTerm && end.Index > _log.LastIndex);

    // Commits that nobody has counted are not told: only what a majority of the new configuration has is committed.
    private LogIndex CommitToTell => _recovery is null ? CommitIndex : default;

    private void TryEndRecovery(Term committed)
    {
        if (_recovery is null || committed <= _recovery.LastTermBefore) return;
        _recovery = null;
        MustGiveWay = false;
        _heardInRecovery.Clear();
    }

    // What lies behind the snapshot is an ordinary log, of which an ordinary end can be taken back. The snapshot cannot: certain is only that the leader has something else where it ends, or an entry of the new
    // time at or before it. What was committed under the new configuration is never contradicted: every later leader has it.
    private bool Contradicts(in RaftMessage append)
    {
        if (_recovery is null || append.LogIndex > _unearned.Index || _unearned.Index.Value == 0 || _config.Flaw == RaftFlaw.NeverGivesWay) return false;
        if (append.LogIndex == _unearned.Index) return append.LogTerm != _unearned.Term;
        if (append.LogTerm > _recovery.LastTermBefore) return true;
        foreach (ref readonly var entry in append.Entries.Span)
        {
            if (entry.Index > _unearned.Index) break;
            if (entry.Term > _recovery.LastTermBefore || (entry.Index == _unearned.Index && entry.Term != _unearned.Term)) return true;
        }
        return false;
    }

    private bool ContradictsSnapshot(in RaftMessage offer)
    {
        if (_recovery is null || offer.LogIndex > _unearned.Index || _config.Flaw == RaftFlaw.NeverGivesWay) return false;
        return offer.LogIndex == _unearned.Index ? offer.LogTerm != _unearned.Term : offer.LogTerm > _recovery.LastTermBefore;
    }

    // As an empty server would answer: the leader begins anew, with its first entry or a snapshot.
    private void RefuseAsEmpty(in RaftMessage append) =>
        Send(new RaftMessage { Kind = RaftMessageKind.AppendReply, To = append.From, Term = Term, RequestId = append.RequestId }, afterFlush: true);

    /// <summary>
    /// Drops the log and counts for an empty server from now on, with its term, its vote and its configuration. The host makes its state an empty one, the reset of the log durable, removes the snapshots, and calls
    /// <see cref="OnGaveWay"/>. When that is cut off, the next start finds what was recovered, or nothing.
    /// </summary>
    public void GiveWay()
    {
        Invariant.Require(MustGiveWay && _recovery is not null, "only what was recovered and is contradicted is given up");
        (MustGiveWay, IsGivingWay) = (false, true);
        ResetLog(default, Configuration, default);
        _unearned = default;
        CommitHeard = null;
    }

    /// <summary>Nothing of what was given up is on the disk any more.</summary>
    public void OnGaveWay() => IsGivingWay = false;
}
