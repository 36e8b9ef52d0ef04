using Conclave.Core;
using Conclave.Core.Codec;

namespace Conclave.Raft;

// Taking entries from the leader.
public sealed partial class RaftCore
{
    private Instant _listeningSince;

    private void OnAppend(in RaftMessage message)
    {
        if (message.Term < Term)
        {
            ReplyToAppend(message, success: false);
            return;
        }
        // Two leaders in one term cannot be; a message that claims it is not believed.
        if (message.Term == Term && (Role == RaftRole.Leader || (LeaderId.Length > 0 && LeaderId != message.From))) return;
        if (message.Term > Term || Role != RaftRole.Follower || LeaderId != message.From) BecomeFollower(message.Term, message.From);
        else ResetElectionDeadline();
        _leaderHeardAt = _now;
        if (message.Heartbeat) ReplyToAppend(message, success: true);
        else if (!IsWellFormed(message)) ReplyToAppend(message, success: false);
        else if (MustGiveWay || IsGivingWay || Contradicts(message))
        {
            MustGiveWay = !IsGivingWay;
            RefuseAsEmpty(message);
        }
        else if (message.LogIndex < _log.BaseIndex) AcceptBehindBase(message);
        else if (!_log.TryTermAt(message.LogIndex, out var term) || term != message.LogTerm) ReplyToAppend(message, success: false, noRetryBackoff: true);
        else Accept(message);
    }

    // The peers' implementation does not check that the entries of a request are consecutive, and is lost when they are not.
    private bool IsWellFormed(in RaftMessage message)
    {
        var (index, term) = (message.LogIndex, message.LogTerm);
        foreach (ref readonly var entry in message.Entries.Span)
        {
            if (entry.Index != index.Next || entry.Term < term || entry.Term > message.Term) return false;
            if (entry.Type == EntryType.Configuration && !TryDecode(entry, out _)) return false;
            (index, term) = (entry.Index, entry.Term);
        }
        return true;
    }

    private static bool TryDecode(in LogEntry entry, out Configuration configuration)
    {
        try
        {
            configuration = ConfigurationCodec.Decode(entry.Data.Span);
            return true;
        }
        catch (Exception malformed) when (malformed is MsgPackException or ArgumentException)
        {
            configuration = Configuration.Empty;
            return false;
        }
    }

    // What lies before our base is committed and in our snapshot, and every later leader has it too: it needs no comparing, and could not be compared.
    private void AcceptBehindBase(in RaftMessage message)
    {
        if (LastOf(message) <= _log.BaseIndex)
        {
            ReplyToAppend(message, success: true);
            return;
        }
        int known = (int)(_log.BaseIndex.Value - message.LogIndex.Value);
        if (message.Entries.Span[known - 1].Term != _log.BaseTerm)
        {
            ReplyToAppend(message, success: false);
            return;
        }
        Accept(message with { LogIndex = _log.BaseIndex, LogTerm = _log.BaseTerm, Entries = message.Entries[known..] });
    }

    private static LogIndex LastOf(in RaftMessage message) => new(message.LogIndex.Value + (ulong)message.Entries.Length);

    /// <summary>The newest commit index that the leader told a follower, and when. State that has applied it was up to date at that moment.</summary>
    public (LogIndex Commit, Instant At)? CommitHeard { get; private set; }

    private void Accept(in RaftMessage message)
    {
        var entries = message.Entries.Span;
        int known = 0;
        while (known < entries.Length && _log.TryTermAt(entries[known].Index, out var term) && term == entries[known].Term) known++;
        if (known < entries.Length && entries[known].Index <= CommitIndex)
        {
            ReplyToAppend(message, success: false);            // no true leader contradicts what is committed
            return;
        }
        if (known < entries.Length && entries[known].Index <= _log.LastIndex) TakeBack(entries[known].Index);
        foreach (ref readonly var entry in entries[known..]) AppendFromLeader(entry);
        ReplyToAppend(message, success: true);
        // After a standstill what arrives first was sent before or during it: it says what was committed then.
        // A leader that was just recovered does not know yet what of its log is.
        if (_now >= _listeningSince && (message.Commit.Value > 0 || message.LogIndex.Value == 0)) CommitHeard = (message.Commit, _now);
        // Only what this request vouches for: entries of ours behind it may be another leader's.
        var last = _config.Flaw == RaftFlaw.CommitsUnvouched ? _log.LastIndex : LastOf(message);
        Commit(message.Commit < last ? message.Commit : last);
    }

    private void AppendFromLeader(in LogEntry entry)
    {
        AppendLocal(entry);
        if (entry.Type != EntryType.Configuration || !TryDecode(entry, out var configuration)) return;
        _configurations.Append(entry.Index, configuration);
        Effects.ConfigurationChanged = true;
    }

    private void TakeBack(LogIndex from)
    {
        Invariant.Require(from > CommitIndex, "committed entries stay");
        if (_configurations.Truncate(from)) Effects.ConfigurationChanged = true;
        _log.TruncateFrom(from);
        var appends = Effects.Appends;
        if (appends.Count > 0 && appends[0].Index < from)
        {
            appends.RemoveRange((int)(from.Value - appends[0].Index.Value), appends.Count - (int)(from.Value - appends[0].Index.Value));
            return;                                            // all that is taken back had not left this turn
        }
        appends.Clear();
        if (Effects.Truncation is not { } earlier || from < earlier.From) Effects.Truncation = new Truncation(from, _log.LastTerm);
    }

    private void ReplyToAppend(in RaftMessage message, bool success, bool noRetryBackoff = false) =>
        Send(new RaftMessage
        {
            Kind = RaftMessageKind.AppendReply, To = message.From, Term = Term, RequestId = message.RequestId, Heartbeat = message.Heartbeat,
            LogIndex = _log.LastIndex, Success = success, NoRetryBackoff = noRetryBackoff,
        }, afterFlush: true);

    /// <summary>A leader offers a snapshot (<see cref="RaftMessageKind.Snapshot"/>). True: receive it, and call <see cref="OnSnapshotInstalled"/> or <see cref="OnSnapshotFailed"/> in the end. False: it is refused or not needed, the reply is among the effects.</summary>
    public bool OfferSnapshot(in RaftMessage message)
    {
        if (IsNonsense(message)) return false;
        bool welcome = message.Term >= Term && !(message.Term == Term && (Role == RaftRole.Leader || (LeaderId.Length > 0 && LeaderId != message.From)));
        if (!welcome)
        {
            OnSnapshotFailed(message);
            return false;
        }
        if (message.Term > Term || Role != RaftRole.Follower || LeaderId != message.From) BecomeFollower(message.Term, message.From);
        else ResetElectionDeadline();
        _leaderHeardAt = _now;
        if (MustGiveWay || IsGivingWay || ContradictsSnapshot(message))
        {
            MustGiveWay = !IsGivingWay;
            OnSnapshotFailed(message);
            return false;
        }
        if (message.LogIndex > CommitIndex) return true;
        // Everything up to there is here already, perhaps from an earlier try whose answer was lost. What was recovered beyond it is perhaps not what the leader has.
        var known = IsRecovering ? message.LogIndex : CommitIndex;
        Send(new RaftMessage { Kind = RaftMessageKind.SnapshotReply, To = message.From, Term = Term, RequestId = message.RequestId, LogIndex = known, Success = true }, afterFlush: true);
        return false;
    }

    /// <summary>The snapshot is durable and the state is the one it holds.</summary>
    /// <param name="request">The leader's message.</param>
    /// <param name="end">Last entry in it.</param>
    /// <param name="configuration">Configuration in it.</param>
    /// <param name="configurationIndex">Where that stood.</param>
    public void OnSnapshotInstalled(in RaftMessage request, LogReset end, Configuration configuration, LogIndex configurationIndex)
    {
        Invariant.Require(end.Index > CommitIndex, "an installed snapshot is newer than what is committed here");
        bool continues = _log.TryTermAt(end.Index, out var term) && term == end.Term;
        if (continues) Commit(end.Index);
        else ResetLog(end, configuration, configurationIndex);
        if (_recovery is not null) _unearned = end;
        TryEndRecovery(end.Term);
        Send(new RaftMessage { Kind = RaftMessageKind.SnapshotReply, To = request.From, Term = Term, RequestId = request.RequestId, LogIndex = end.Index, Success = true }, afterFlush: true);
    }

    /// <summary>The snapshot was refused, or could not be received or restored; nothing has changed.</summary>
    public void OnSnapshotFailed(in RaftMessage request) =>
        Send(new RaftMessage { Kind = RaftMessageKind.SnapshotReply, To = request.From, Term = Term, RequestId = request.RequestId, Success = false }, afterFlush: true);

    private void ResetLog(LogReset end, Configuration configuration, LogIndex configurationIndex)
    {
        _log.Reset(end.Index, end.Term);
        _configurations.Reset(configuration, configurationIndex);
        CommitIndex = _applied = end.Index;
        Effects.Appends.Clear();
        Effects.Truncation = null;
        Effects.Reset = end;
        Effects.ConfigurationChanged = true;
    }
}
