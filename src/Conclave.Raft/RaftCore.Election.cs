using Conclave.Core;

namespace Conclave.Raft;

// Who leads: timeouts, pre-votes and votes.
public sealed partial class RaftCore
{
    private Instant _electionDeadline;
    private Instant? _leaderHeardAt;                           // null while there never was another server to hear
    private VoteTally? _votes;
    private bool _votedAlone;

    // A leader may rely on followers that heard it within this time not to vote for another.
    private bool LeaderIsFresh => Role == RaftRole.Leader || (_leaderHeardAt is { } heard && _now < heard + _config.HeartbeatTimeout);

    // A voter whose removal is not committed may be the only one with the entries that the others need.
    private bool MayCampaign => !IsGivingWay && (IsVoter || (_configurations.IsPending && _configurations.Committed.IsVoter(_config.ServerId)));

    private void TickFollower()
    {
        bool atOnce = _config.SoleVoterCampaignsAtOnce && IsSoleVoter && Role == RaftRole.Follower && !LeaderIsFresh;
        if (_now < _electionDeadline && !atOnce) return;
        if (!MayCampaign || DefersToAnother())
        {
            ForgetLeader();
            ResetElectionDeadline();
            return;
        }
        ForgetLeader();
        if (_config.PreVote && !IsSoleVoter) PreCampaign();
        else Campaign(transfer: false);
    }

    private void ForgetLeader()
    {
        if (LeaderId.Length == 0) return;
        LeaderId = "";
        Effects.LeadershipChanged = true;
    }

    private void OnPause()
    {
        // Silence during our own standstill says nothing about the others.
        _listeningSince = _now + _config.HeartbeatTimeout;
        if (Role != RaftRole.Leader) ResetElectionDeadline();
        else foreach (var peer in _peers) peer.OnPause(_now);
    }

    private void PreCampaign()
    {
        BeginVoting(RaftRole.PreCandidate);
        AskForVotes(RaftMessageKind.PreVote, Term.Next, transfer: false);
    }

    private void Campaign(bool transfer)
    {
        BeginVoting(RaftRole.Candidate);
        SetTerm(Term.Next, votedFor: _config.ServerId);
        // Elected by its own vote alone: nobody may hear of it before that is durable, else it could lead the same term twice.
        _votedAlone = _votes!.IsWon;
        if (_votedAlone) BecomeLeader();
        else AskForVotes(RaftMessageKind.Vote, Term, transfer);
    }

    private void BeginVoting(RaftRole role)
    {
        Role = role;
        Effects.LeadershipChanged = true;
        _electionDeadline = _now + RandomWait(_config.ElectionTimeout);
        _votes = new VoteTally(Configuration, VotesRequired());
        _votes.Add(_config.ServerId, granted: true);           // what it rests on is durable before any answer can arrive: requests wait for the flush
    }

    private void AskForVotes(RaftMessageKind kind, Term term, bool transfer)
    {
        foreach (var server in Configuration.Servers)
        {
            if (server.Suffrage != Suffrage.Voter || server.Id == _config.ServerId) continue;
            Send(new RaftMessage { Kind = kind, To = server.Id, Term = term, RequestId = ++_lastRequest, LogIndex = _log.LastIndex, LogTerm = _log.LastTerm, LeadershipTransfer = transfer },
                afterFlush: kind == RaftMessageKind.Vote);
        }
    }

    private void OnVote(in RaftMessage message)
    {
        bool granted = false;
        if (message.Term >= Term && MayVoteFor(message) && (!LeaderIsFresh || LeaderId == message.From || message.LeadershipTransfer))
        {
            if (message.Term > Term) BecomeFollower(message.Term, "");
            granted = (VotedFor.Length == 0 || VotedFor == message.From) && IsLogCurrent(message);
            if (granted && VotedFor.Length == 0) SetTerm(Term, message.From);
            if (granted) ResetElectionDeadline();
        }
        Send(new RaftMessage { Kind = RaftMessageKind.VoteReply, To = message.From, Term = Term, RequestId = message.RequestId, Success = granted }, afterFlush: true);
    }

    // The question changes nothing here. A granted answer carries the asked term, a refusal our own.
    private void OnPreVote(in RaftMessage message)
    {
        bool granted = message.Term > Term && MayVoteFor(message) && !LeaderIsFresh && IsLogCurrent(message);
        Send(new RaftMessage { Kind = RaftMessageKind.PreVoteReply, To = message.From, Term = granted ? message.Term : Term, RequestId = message.RequestId, Success = granted }, afterFlush: true);
    }

    // Before the first configuration nobody is known: then anyone may ask, as long as the group is as new as this server. Once it has a longer log, a server without any
    // may have lost one that it vouched for, and must not help to elect somebody who lacks those entries too.
    // A candidate that is no voter as far as we know may have become one in entries that we lack: if it is not heard, a server that lagged when the voters changed can keep the others from ever electing anybody.
    private bool MayVoteFor(in RaftMessage candidate) =>
        Configuration.Servers.Length == 0 ? candidate.LogIndex.Value <= 1 : Configuration.IsVoter(candidate.From) || HasMoreThanWe(candidate);

    private bool HasMoreThanWe(in RaftMessage candidate) =>
        candidate.LogTerm > _log.LastTerm || (candidate.LogTerm == _log.LastTerm && candidate.LogIndex > _log.LastIndex);

    private bool IsLogCurrent(in RaftMessage candidate) =>
        candidate.LogTerm > _log.LastTerm || (candidate.LogTerm == _log.LastTerm && candidate.LogIndex >= _log.LastIndex);

    private void OnPreVoteReply(in RaftMessage message)
    {
        if (!message.Success && message.Term > Term)
        {
            BecomeFollower(message.Term, "");
            return;
        }
        if (Role != RaftRole.PreCandidate || (message.Success && message.Term != Term.Next)) return;
        _votes!.Add(message.From, message.Success);
        if (_votes.IsWon) Campaign(transfer: false);
    }

    private void OnVoteReply(in RaftMessage message)
    {
        if (message.Term > Term)
        {
            BecomeFollower(message.Term, "");
            return;
        }
        if (Role != RaftRole.Candidate || message.Term < Term) return;
        _votes!.Add(message.From, message.Success);
        if (_votes.IsWon) BecomeLeader();
    }

    // Always campaign when told to: a leader of the peers' make that asked refuses all writes from then on.
    private void OnTimeoutNow(in RaftMessage message)
    {
        // On the wire the order carries no term.
        if ((message.Term < Term && message.Term.Value > 0) || Role == RaftRole.Leader || !MayCampaign) return;
        if (message.Term > Term) BecomeFollower(message.Term, message.From);
        Campaign(transfer: true);
    }
}
