using Conclave.Core;

namespace Conclave.Raft;

// Leading: proposals, replication, commit, reads, lease, transfer.
public sealed partial class RaftCore
{
    private readonly List<Peer> _peers = [];                   // in the order of the configuration; empty unless leading
    private readonly ReadIndexQueue _reads = new();
    private ulong _lastRequest;
    private LogIndex _termStart;                               // first entry of this leader's term
    private long _uncommittedBytes;
    private string? _transferTo;
    private Instant _transferDeadline;
    private bool _hasUnsent;
    private bool _leaseGivenUp;                                // TimeoutNow was sent in this term: another may be elected at any time

    // The first entry of the term stands behind the record of term and vote.
    private bool MustWait => _votedAlone && _log.StableIndex < _termStart;

    private bool HasCommittedInTerm => CommitIndex >= _termStart || _config.Flaw == RaftFlaw.ReadsBeforeOwnTerm;

    /// <summary>
    /// Until when this leader may answer linearizable reads without asking anyone, from state that has applied <see cref="CommitIndex"/>; default when it may not at all,
    /// <see cref="Instant.Never"/> for the only voter. May be published to readers on other threads: they compare it with their own clock reading.
    /// </summary>
    public Instant LeaseUntil
    {
        get
        {
            if (Role != RaftRole.Leader || !HasCommittedInTerm || _leaseGivenUp) return default;
            if (IsSoleVoter) return Instant.Never;
            if (_config.Flaw == RaftFlaw.LeaseNeverEnds) return Instant.Never;
            return QuorumConfirmedAt() is { } confirmed ? LeaderLease.End(confirmed, _config) : default;
        }
    }

    /// <summary>Whether this leader may answer linearizable reads at <paramref name="now"/> without asking anyone.</summary>
    public bool HoldsLease(Instant now) => now < LeaseUntil;

    /// <summary>Appends an entry of the leader's. The memory belongs to the log from now on. Not for <see cref="EntryType.Configuration"/>.</summary>
    /// <param name="type">What it means.</param>
    /// <param name="data">Its data.</param>
    /// <param name="index">Where it stands.</param>
    /// <param name="extensions">For pieces of a large command.</param>
    /// <param name="more">Others may follow in this turn: nothing is sent before <see cref="SendProposals"/>, and then all of them together.</param>
    public ProposeResult Propose(EntryType type, ReadOnlyMemory<byte> data, out LogIndex index, ReadOnlyMemory<byte> extensions = default, bool more = false)
    {
        Invariant.Require(type != EntryType.Configuration, "configurations have a method of their own");
        index = default;
        if (Role != RaftRole.Leader) return ProposeResult.NotLeader;
        if (_transferTo is not null) return ProposeResult.TransferInProgress;
        ulong uncommitted = _log.LastIndex.Value - CommitIndex.Value;
        bool fits = _uncommittedBytes == 0 || _uncommittedBytes + data.Length <= _config.UncommittedBytesMax;
        if (uncommitted >= (ulong)_config.UncommittedEntriesMax || !fits) return ProposeResult.Overloaded;
        index = AppendOwn(type, data, extensions);
        if (more) _hasUnsent = true;
        else Replicate();
        return ProposeResult.Accepted;
    }

    /// <summary>Sends what was proposed with <c>more</c>.</summary>
    public void SendProposals()
    {
        if (!_hasUnsent) return;
        _hasUnsent = false;
        if (Role == RaftRole.Leader) Replicate();
    }

    /// <summary>Appends a configuration, in force at once. One voter more or fewer at a time.</summary>
    /// <exception cref="ArgumentException">More than one voter changes, or no voter is left.</exception>
    public ProposeResult ProposeConfiguration(Configuration next, out LogIndex index)
    {
        index = default;
        if (Role != RaftRole.Leader) return ProposeResult.NotLeader;
        if (_transferTo is not null) return ProposeResult.TransferInProgress;
        bool isCareless = _config.Flaw == RaftFlaw.ChangesManyVoters;
        if ((_configurations.IsPending || !HasCommittedInTerm) && !isCareless) return ProposeResult.ConfigurationPending;
        if (next.VoterCount == 0) throw new ArgumentException("need at least one voter in configuration");
        if (VotersChanged(next) > 1 && !isCareless) throw new ArgumentException("only one voter may be added or removed at a time");
        index = AppendOwn(EntryType.Configuration, ConfigurationCodec.Encode(next), default);
        _configurations.Append(index, next);
        Effects.ConfigurationChanged = true;
        Replicate();                                           // a server that is removed should learn of it if it can
        SyncPeers();
        Replicate();
        return ProposeResult.Accepted;
    }

    /// <summary>Asks for an index from which a read is linearizable; answered in <see cref="RaftEffects.Reads"/> with <paramref name="context"/>, after one round with a majority (at once with one voter).</summary>
    public void RequestRead(ulong context)
    {
        if (Role != RaftRole.Leader)
        {
            Effects.Reads.Add(new ReadGranted(context, default, false));
            return;
        }
        _reads.Add(context);
        ServeReads();
    }

    /// <summary>Hands leadership to another voter, the most current one unless it is named. Proposals are refused meanwhile; if it does not work within an election timeout, they are taken again.</summary>
    /// <returns>False when this server does not lead, is handing over already, or knows no such voter.</returns>
    public bool TransferLeadership(string? targetId = null)
    {
        if (Role != RaftRole.Leader || _transferTo is not null) return false;
        Peer? target = null;
        foreach (var peer in _peers)
            if (peer.IsVoter && (targetId is null ? target is null || peer.Match > target.Match : peer.Id == targetId)) target = peer;
        if (target is null) return false;
        _transferTo = target.Id;
        _transferDeadline = _now + _config.ElectionTimeout;
        TryHandOver(target);
        return true;
    }

    /// <summary>
    /// Where an operator's snapshot is to be installed: above everything in the log, so that followers cannot but take it too. The host restores it, saves it durably under this index and the current term,
    /// and calls <see cref="OnRestored"/> in the same turn as it publishes the new state.
    /// </summary>
    public LogIndex RestoreIndex(LogIndex snapshotIndex) => (snapshotIndex > _log.LastIndex ? snapshotIndex : _log.LastIndex).Next;

    /// <summary>The operator's snapshot is in force. No entry is written at its index: the log has a hole there, as the peers have it. What was not committed is lost.</summary>
    /// <returns>False when this server does not lead (any more) or the log has grown past <paramref name="index"/>; then nothing has changed.</returns>
    public bool OnRestored(LogIndex index)
    {
        if (Role != RaftRole.Leader || _log.LastIndex >= index) return false;
        ResetLog(new LogReset(index, Term), Configuration, index);
        _uncommittedBytes = 0;
        Effects.Committed = true;
        foreach (var peer in _peers)
        {
            peer.Next = index.Next;
            peer.Become(new Probing());
        }
        _termStart = AppendOwn(EntryType.Noop, default, default);
        Replicate();
        return true;
    }

    /// <summary>How far another server is: the time since its last answer and the last entry it is known to have. Null when it never answered this leader, or this server does not lead.</summary>
    public (TimeSpan Silence, LogIndex Match)? ProgressOf(string serverId) =>
        Role == RaftRole.Leader && FindPeer(serverId) is { HasAnswered: true } peer ? (_now - peer.LastReply, peer.Match) : null;

    /// <summary>The host cannot reach a server: nothing is streamed to it until it answers again.</summary>
    public void OnUnreachable(string serverId)
    {
        if (FindPeer(serverId) is not { } peer || peer.State is Probing) return;
        peer.Next = peer.Match.Next;
        peer.Become(new Probing());
    }

    private LogIndex AppendOwn(EntryType type, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> extensions)
    {
        AppendLocal(new LogEntry(_log.LastIndex.Next, Term, type, data, extensions));
        _uncommittedBytes += data.Length;
        return _log.LastIndex;
    }

    private int VotersChanged(Configuration next)
    {
        int changed = 0;
        foreach (var server in next.Servers)
            if (server.Suffrage == Suffrage.Voter && !Configuration.IsVoter(server.Id)) changed++;
        foreach (var server in Configuration.Servers)
            if (server.Suffrage == Suffrage.Voter && !next.IsVoter(server.Id)) changed++;
        return changed;
    }

    private void BecomeLeader()
    {
        Role = RaftRole.Leader;
        LeaderId = _config.ServerId;
        Effects.LeadershipChanged = true;
        _votes = null;
        _transferTo = null;
        _leaseGivenUp = false;
        _uncommittedBytes = 0;
        for (var i = CommitIndex.Next; i <= _log.LastIndex; i = i.Next) _uncommittedBytes += _log[i].Data.Length;
        _peers.Clear();
        SyncPeers();
        _termStart = AppendOwn(EntryType.Noop, default, default);
        AdvanceCommit();
        TickLeader();
    }

    private void StopLeading()
    {
        _reads.Refuse(Effects.Reads);
        _peers.Clear();
        _transferTo = null;
        _uncommittedBytes = 0;
    }

    /// <summary>Makes the peers those of the configuration in force; what is known of those that stay is kept.</summary>
    private void SyncPeers()
    {
        Peer[] before = [.. _peers];
        _peers.Clear();
        foreach (var server in Configuration.Servers)
        {
            if (server.Id == _config.ServerId) continue;
            var peer = Array.Find(before, p => p.Id == server.Id) ?? new Peer(server.Id, _log.LastIndex.Next, _now);
            peer.IsVoter = server.Suffrage == Suffrage.Voter;
            _peers.Add(peer);
        }
    }

    private Peer? FindPeer(string id)
    {
        foreach (var peer in _peers)
            if (peer.Id == id) return peer;
        return null;
    }

    private void TickLeader()
    {
        if (!HearsQuorum())
        {
            BecomeFollower(Term, "");
            return;
        }
        if (_transferTo is not null && _now >= _transferDeadline) _transferTo = null;
        foreach (var peer in _peers)
        {
            if (_now >= peer.HeartbeatAt) SendHeartbeat(peer);
            if (_now >= peer.State.Deadline) peer.State.OnDeadline(peer, _now);
        }
        Replicate();
    }

    private Instant LeaderWake()
    {
        var wake = Instant.Never;
        foreach (var peer in _peers)
        {
            Earliest(ref wake, peer.HeartbeatAt);
            if (peer.FetchFrom is null && peer.State.MaySend(_now)) Earliest(ref wake, peer.CommitAt);   // else an answer or a deadline comes first
            if (peer.State.Deadline > _now) Earliest(ref wake, peer.State.Deadline);
        }
        if (_transferTo is not null) Earliest(ref wake, _transferDeadline);
        return wake;
    }

    private static void Earliest(ref Instant wake, Instant deadline)
    {
        if (deadline < wake) wake = deadline;
    }

    private bool HearsQuorum()
    {
        int heard = IsVoter ? 1 : 0;
        foreach (var peer in _peers)
            if (peer.IsVoter && _now - peer.LastReply <= _config.LeaderLease) heard++;
        return heard >= Configuration.QuorumSize;
    }

    private void SendHeartbeat(Peer peer)
    {
        var least = _config.HeartbeatTimeout / 10;
        peer.HeartbeatAt = _now + RandomWait(least < _config.LeaderLease / 4 ? least : _config.LeaderLease / 4);
        peer.NoteHeartbeat(new Inflight(++_lastRequest, default, 0, _now));
        Send(new RaftMessage { Kind = RaftMessageKind.Append, To = peer.Id, Term = Term, RequestId = _lastRequest, Heartbeat = true }, afterFlush: MustWait);
    }

    /// <summary>Sends to every peer what it lacks and may get now.</summary>
    private void Replicate()
    {
        foreach (var peer in _peers) Replicate(peer);
    }

    private void Replicate(Peer peer)
    {
        while (peer.State.MaySend(_now))
        {
            bool hasEntries = peer.Next <= _log.LastIndex, probes = peer.State is Probing;
            if (!hasEntries && !probes && !CommitIsDue(peer)) break;
            if (!_log.TryAnyTermAt(new LogIndex(peer.Next.Value - 1), out var previousTerm))
            {
                BeginSnapshot(peer);
                break;
            }
            if (hasEntries && !probes && peer.Next <= _log.BaseIndex)
            {
                Fetch(peer);
                break;
            }
            // A probe looks for the meeting point: entries would mostly be sent in vain.
            int entriesMax = probes && (peer.Match.Value == 0 || peer.Next <= _log.BaseIndex) ? 0 : _config.AppendEntriesMax;
            SendAppend(peer, previousTerm, _log.Slice(peer.Next, entriesMax, _config.AppendBytesMax, out long bytes), bytes);
        }
    }

    // Idle followers learn the commit index a little later, so that a busy leader tells it along with the next entries;
    // and again from time to time, because one that has restarted forgets it.
    private bool CommitIsDue(Peer peer)
    {
        if (peer.CommitTold < CommitIndex && !peer.CommitIsNews)
        {
            peer.CommitIsNews = true;
            var soon = _now + RandomWait(_config.CommitSpread);
            if (soon < peer.CommitAt) peer.CommitAt = soon;
        }
        return _now >= peer.CommitAt;
    }

    private void Fetch(Peer peer)
    {
        if (peer.FetchFrom is not null) return;                // one reading at a time; what has become useless meanwhile is thrown away
        peer.FetchFrom = peer.Next;
        Effects.Fetches.Add(new LogFetch(peer.Id, peer.Next, _log.BaseIndex, _config.AppendEntriesMax, _config.AppendBytesMax, _log.OlderTermsFrom(peer.Next)));
    }

    /// <summary>What a <see cref="LogFetch"/> found: consecutive entries from its first one on. None when they cannot be read: the follower gets a snapshot then.</summary>
    public void OnFetched(string peerId, ReadOnlyMemory<LogEntry> entries)
    {
        if (Role != RaftRole.Leader || FindPeer(peerId) is not { FetchFrom: { } from } peer) return;
        if (!entries.IsEmpty && entries.Span[0].Index != from) return;         // asked for when this server led before: the newer reading is still to come
        peer.FetchFrom = null;
        if (peer.State is Streaming && peer.Next == from && peer.State.MaySend(_now)) SendFetched(peer, entries);
        if (peer.State is not Snapshotting) Replicate(peer);
    }

    private void SendFetched(Peer peer, ReadOnlyMemory<LogEntry> entries)
    {
        // What cannot be read is taken to be gone: only a snapshot that reaches to what is in memory helps the follower, and every other that lags.
        if (entries.IsEmpty) _log.ForgetTo(_log.BaseIndex);
        if (entries.IsEmpty || !_log.TryAnyTermAt(new LogIndex(peer.Next.Value - 1), out var previousTerm))
        {
            BeginSnapshot(peer);
            return;
        }
        Invariant.Require(entries.Span[0].Index == peer.Next, "the entries that were asked for are given");
        long bytes = 0;
        foreach (ref readonly var entry in entries.Span) bytes += entry.Data.Length;
        SendAppend(peer, previousTerm, entries, bytes);
    }

    private void SendAppend(Peer peer, Term previousTerm, ReadOnlyMemory<LogEntry> entries, long bytes)
    {
        var previous = new LogIndex(peer.Next.Value - 1);
        var last = new LogIndex(previous.Value + (ulong)entries.Length);
        var commit = CommitToTell;
        peer.CommitTold = commit < last ? commit : last;
        peer.CommitIsNews = false;
        peer.CommitAt = _now + _config.HeartbeatTimeout / 5;   // with it the follower knows how fresh its state is
        Send(new RaftMessage
        {
            Kind = RaftMessageKind.Append, To = peer.Id, Term = Term, RequestId = ++_lastRequest,
            LogIndex = previous, LogTerm = previousTerm, Entries = entries, Commit = commit,
        }, afterFlush: MustWait);
        peer.State.OnSent(peer, new Inflight(_lastRequest, last, bytes, _now));
    }

    private void BeginSnapshot(Peer peer)
    {
        peer.Become(new Snapshotting(++_lastRequest, _log.StartIndex));
        _log.TryAnyTermAt(_log.StartIndex, out var term);
        Send(new RaftMessage { Kind = RaftMessageKind.Snapshot, To = peer.Id, Term = Term, RequestId = _lastRequest, LogIndex = _log.StartIndex, LogTerm = term }, afterFlush: MustWait);
    }

    private void OnAppendReply(in RaftMessage message)
    {
        if (message.Term > Term)
        {
            BecomeFollower(message.Term, "");
            return;
        }
        if (Role != RaftRole.Leader || message.Term < Term || FindPeer(message.From) is not { } peer) return;
        if (message.Heartbeat)
        {
            peer.OnHeartbeatReply(message.RequestId, _now);
            peer.State.OnAlive(_now);
        }
        else if (peer.State.TryTake(message.RequestId, out var request))
        {
            peer.Confirm(request, _now);
            if (message.Success) OnAppended(peer, request);
            else OnRefused(peer, request, message);
        }
        ServeReads();
        if (Role == RaftRole.Leader) Replicate(peer);
    }

    private void OnAppended(Peer peer, in Inflight request)
    {
        bool grew = peer.RaiseMatch(request.LastIndex);
        if (peer.State is not Streaming)
        {
            peer.Next = peer.Match.Next;
            peer.Become(new Streaming(_config.InflightAppendsMax, _config.InflightBytesMax, _config.LeaderLease));
        }
        if (grew) AdvanceCommit();
        if (_transferTo == peer.Id) TryHandOver(peer);
    }

    private void OnRefused(Peer peer, in Inflight request, in RaftMessage message)
    {
        if (message.LogIndex < peer.Match) peer.LowerMatch(message.LogIndex);      // its disk was replaced by an empty one: nothing it once had counts
        // One step back, or to the end of the peer's log; never before what it is known to have.
        ulong next = Math.Min(request.LastIndex.Value, message.LogIndex.Value + 1);
        peer.Next = new LogIndex(Math.Max(Math.Max(Math.Min(next, peer.Next.Value - 1), peer.Match.Value + 1), 1));
        var probing = peer.State as Probing ?? new Probing();
        if (peer.State != probing) peer.Become(probing);
        if (!message.NoRetryBackoff) probing.Delay(_now);
    }

    private void OnSnapshotReply(in RaftMessage message)
    {
        if (message.Term > Term)
        {
            BecomeFollower(message.Term, "");
            return;
        }
        if (Role != RaftRole.Leader || message.Term < Term || FindPeer(message.From) is not { } peer) return;
        if (peer.State is not Snapshotting || !peer.State.TryTake(message.RequestId, out var request)) return;
        if (message.Success) peer.RaiseMatch(message.LogIndex > request.LastIndex && message.LogIndex <= _log.LastIndex ? message.LogIndex : request.LastIndex);
        var probing = new Probing();
        if (!message.Success) probing.Delay(_now);
        peer.Become(probing);
        if (message.Success) AdvanceCommit();
        if (Role == RaftRole.Leader) Replicate(peer);
    }

    /// <summary>Commits what a majority holds durably, if it is of this term (Raft paper, section 5.4.2). Our own part counts when our own flush is done.</summary>
    private void AdvanceCommit()
    {
        Span<long> matches = stackalloc long[MaxVotersOnStack];
        if (Configuration.VoterCount > matches.Length) matches = new long[Configuration.VoterCount];
        int count = 0;
        if (IsVoter) matches[count++] = (long)_log.StableIndex.Value;
        foreach (var peer in _peers)
            if (peer.IsVoter || (_config.Flaw == RaftFlaw.CountsNonvoters && count < matches.Length)) matches[count++] = (long)peer.Match.Value;
        if (count == 0) return;
        var reached = new LogIndex((ulong)Quorum.Reached(matches[..count]));
        if (reached <= CommitIndex || (reached < _termStart && _config.Flaw != RaftFlaw.CommitsOldTerms)) return;
        Commit(reached);
        if (Role == RaftRole.Leader) ServeReads();
    }

    private const int MaxVotersOnStack = 16;

    private Instant? QuorumConfirmedAt()
    {
        Span<long> confirmed = stackalloc long[MaxVotersOnStack];
        if (Configuration.VoterCount > confirmed.Length) confirmed = new long[Configuration.VoterCount];
        int count = 0;
        if (IsVoter) confirmed[count++] = _now.Nanoseconds;
        foreach (var peer in _peers)
            if (peer.IsVoter) confirmed[count++] = peer.ConfirmedAt?.Nanoseconds ?? long.MinValue;
        long reached = Quorum.Reached(confirmed[..count]);
        return reached == long.MinValue ? null : new Instant(reached);
    }

    private void ServeReads()
    {
        // Before the first entry of its own term is committed a leader does not know what is.
        if (!HasCommittedInTerm) return;
        if (_reads.RoundRuns && ConfirmedBy(_reads.RoundStart)) _reads.Finish(Effects.Reads);
        if (_reads.RoundRuns || !_reads.HasWaiting) return;
        _reads.Begin(_lastRequest + 1, CommitIndex);
        if (IsSoleVoter || _config.Flaw == RaftFlaw.ReadsWithoutRound)
        {
            _reads.Finish(Effects.Reads);
            return;
        }
        foreach (var peer in _peers)
            if (peer.IsVoter) SendHeartbeat(peer);
    }

    private bool ConfirmedBy(ulong firstRequest)
    {
        int confirmed = IsVoter ? 1 : 0;
        foreach (var peer in _peers)
            if (peer.IsVoter && peer.ConfirmedRequest >= firstRequest) confirmed++;
        return confirmed >= Configuration.QuorumSize;
    }

    private void TryHandOver(Peer target)
    {
        if (target.Match < _log.LastIndex) return;
        _leaseGivenUp = true;
        Send(new RaftMessage { Kind = RaftMessageKind.TimeoutNow, To = target.Id, Term = Term, RequestId = ++_lastRequest }, afterFlush: MustWait);
    }
}
