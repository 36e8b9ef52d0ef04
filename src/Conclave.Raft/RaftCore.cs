using Conclave.Core;

namespace Conclave.Raft;

/// <summary>What a server does in its term.</summary>
public enum RaftRole
{
    /// <summary>Follows a leader or waits for one.</summary>
    Follower,
    /// <summary>Asks whether it could win.</summary>
    PreCandidate,
    /// <summary>Campaigns.</summary>
    Candidate,
    /// <summary>Leads.</summary>
    Leader,
}

/// <summary>What became of a proposal.</summary>
public enum ProposeResult
{
    /// <summary>In the log (not yet durable, not yet committed); the index is given.</summary>
    Accepted,
    /// <summary>This server does not lead.</summary>
    NotLeader,
    /// <summary>Leadership is being handed over: try the next leader.</summary>
    TransferInProgress,
    /// <summary>Too much is waiting to be committed: try again.</summary>
    Overloaded,
    /// <summary>Configurations only: another change is not committed yet, or the leader has not yet committed an entry of its term.</summary>
    ConfigurationPending,
}

/// <summary>What Raft remembers across a restart.</summary>
/// <param name="Term">Newest term.</param>
/// <param name="VotedFor">Who got the vote in it, or empty.</param>
/// <param name="SnapshotIndex">Last entry in the newest snapshot; 0 without one.</param>
/// <param name="SnapshotTerm">Its term.</param>
/// <param name="Configuration">Configuration in the snapshot; empty without one.</param>
/// <param name="ConfigurationIndex">Where that configuration stood.</param>
/// <param name="Entries">Recovered entries, consecutive; they may begin at or before the snapshot's index + 1, or be empty.</param>
/// <param name="Recovery">Set when the configuration was given by an operator and nothing is known to be committed under it.</param>
public sealed record RecoveredRaft(Term Term, string VotedFor, LogIndex SnapshotIndex, Term SnapshotTerm, Configuration Configuration, LogIndex ConfigurationIndex, IReadOnlyList<LogEntry> Entries, Recovery? Recovery = null);

/// <summary>
/// Raft for one server as a state machine: inputs are method calls, what it wants is in <see cref="Effects"/>. No I/O, no clock, no chance of its own, no thread; owned by one loop.
/// </summary>
/// <remarks>
/// One turn of the loop: <see cref="Tick"/>, then any number of other inputs, then the effects are carried out and cleared.
/// A fault of the host (inputs out of order, entries changed) breaks an invariant and throws; nothing that a peer sends does.
/// </remarks>
public sealed partial class RaftCore
{
    // Nobody counts that far; a peer that claims it would leave no room for the terms to come.
    private const ulong TermMax = ulong.MaxValue / 2;

    private readonly RaftConfig _config;
    private readonly Prng _random;
    private readonly LogView _log;
    private readonly ConfigurationTracker _configurations;
    private Instant _now;
    private LogIndex _applied;

    /// <summary>Starts as a follower.</summary>
    /// <exception cref="ArgumentException">The settings are out of range.</exception>
    /// <exception cref="Core.Codec.MsgPackException">A recovered configuration entry cannot be read.</exception>
    public RaftCore(RaftConfig config, RecoveredRaft recovered, Prng random, Instant now)
    {
        config.Validate();
        _config = config;
        TrailingEntries = config.TrailingEntries;
        _random = random;
        _now = now;
        Term = recovered.Term;
        VotedFor = recovered.VotedFor;
        if (recovered.SnapshotTerm > Term) SetTerm(recovered.SnapshotTerm, votedFor: "");
        _configurations = new ConfigurationTracker(recovered.Configuration, recovered.ConfigurationIndex);
        CommitIndex = _applied = recovered.SnapshotIndex;
        _log = new LogView(recovered.SnapshotIndex, recovered.SnapshotTerm);
        BeginRecovery(recovered.Recovery, new LogReset(recovered.SnapshotIndex, recovered.SnapshotTerm));
        foreach (var entry in recovered.Entries) AddRecovered(entry);
        _log.TryMarkStable(_log.LastIndex, _log.LastTerm);
        // A vote given just before the restart is remembered, but not that a leader was heard: it may still rely on that.
        if (Configuration.Servers.Length > 1) _leaderHeardAt = now;
        _electionDeadline = now + RandomWait(_config.HeartbeatTimeout);
    }

    private void AddRecovered(in LogEntry entry)
    {
        if (entry.Index <= _log.BaseIndex) return;             // trailing entries: kept on disk, not in memory
        _log.Append(entry);
        if (entry.Type == EntryType.Configuration) _configurations.Append(entry.Index, ConfigurationCodec.Decode(entry.Data.Span));
        if (entry.Term > Term) SetTerm(entry.Term, votedFor: "");
    }

    /// <summary>What is to be done.</summary>
    public RaftEffects Effects { get; } = new();

    /// <summary>Id of this server.</summary>
    public string ServerId => _config.ServerId;

    /// <summary>Role in the current term.</summary>
    public RaftRole Role { get; private set; }

    /// <summary>Current term.</summary>
    public Term Term { get; private set; }

    /// <summary>Server id that got this server's vote in <see cref="Term"/>, or empty.</summary>
    public string VotedFor { get; private set; }

    /// <summary>Server id of the leader of the current term, or empty when none is known.</summary>
    public string LeaderId { get; private set; } = "";

    /// <summary>Last entry known to be committed.</summary>
    public LogIndex CommitIndex { get; private set; }

    /// <summary>Last entry of the log, durable or not.</summary>
    public LogIndex LastIndex => _log.LastIndex;

    /// <summary>Term of the last entry.</summary>
    public Term LastTerm => _log.LastTerm;

    /// <summary>Last entry that is durable on this server.</summary>
    public LogIndex DurableIndex => _log.StableIndex;

    /// <summary>Latest configuration, committed or not: the one in force.</summary>
    public Configuration Configuration => _configurations.Latest;

    /// <summary>Where <see cref="Configuration"/> stands in the log.</summary>
    public LogIndex ConfigurationIndex => _configurations.LatestIndex;

    /// <summary>Latest committed configuration: what a snapshot records.</summary>
    public Configuration CommittedConfiguration => _configurations.Committed;

    /// <summary>Where <see cref="CommittedConfiguration"/> stands in the log.</summary>
    public LogIndex CommittedConfigurationIndex => _configurations.CommittedIndex;

    /// <summary>When a follower heard its leader last (the start of the server before that), null when it never had one. For the age of stale reads.</summary>
    public Instant? LeaderHeardAt => Role == RaftRole.Leader ? _now : _leaderHeardAt;

    /// <summary>The entry before the first one in memory.</summary>
    internal LogIndex MemoryBase => _log.BaseIndex;

    /// <summary>Data bytes of the entries in memory.</summary>
    public long LogBytes => _log.Bytes;

    /// <summary>When <see cref="Tick"/> must be called at the latest.</summary>
    public Instant NextWake => Role == RaftRole.Leader ? LeaderWake() : _electionDeadline;

    private bool IsVoter => Configuration.IsVoter(_config.ServerId);

    private bool IsSoleVoter => Configuration.VoterCount == 1 && IsVoter;

    /// <summary>
    /// Forms a group of these servers, of which this one need not be one. Each of them may do so by itself, with the same list: it becomes entry 1 of term 1.
    /// </summary>
    /// <returns>False when this server has a log, a term or a snapshot already: it belongs to a group, or has heard of one.</returns>
    public bool Bootstrap(Configuration servers)
    {
        if (_log.LastIndex.Value > 0 || Term.Value > 0 || servers.VoterCount == 0) return false;
        SetTerm(new Term(1), votedFor: "");
        AppendLocal(new LogEntry(new LogIndex(1), Term, EntryType.Configuration, ConfigurationCodec.Encode(servers)));
        _configurations.Append(new LogIndex(1), servers);
        Effects.ConfigurationChanged = true;
        ResetElectionDeadline();
        return true;
    }

    /// <summary>Sets the time. Called at the start of each turn of the loop, before other inputs; runs what is due.</summary>
    public void Tick(Instant now)
    {
        Invariant.Require(now >= _now, "the clock does not go back");
        bool paused = NextWake is var due && due < now && now - due > _config.TickGapMax;
        _now = now;
        if (paused) OnPause();
        if (Role == RaftRole.Leader) TickLeader();
        else TickFollower();
    }

    /// <summary>Takes a message that has arrived. Whatever it says, this server survives it.</summary>
    public void Step(in RaftMessage message)
    {
        if (IsNonsense(message)) return;
        if (_recovery is not null) OnHeardInRecovery(message);
        switch (message.Kind)
        {
            case RaftMessageKind.Append: OnAppend(message); break;
            case RaftMessageKind.AppendReply: OnAppendReply(message); break;
            case RaftMessageKind.Vote: OnVote(message); break;
            case RaftMessageKind.VoteReply: OnVoteReply(message); break;
            case RaftMessageKind.PreVote: OnPreVote(message); break;
            case RaftMessageKind.PreVoteReply: OnPreVoteReply(message); break;
            case RaftMessageKind.TimeoutNow: OnTimeoutNow(message); break;
            case RaftMessageKind.SnapshotReply: OnSnapshotReply(message); break;
        }
    }

    private bool IsNonsense(in RaftMessage message) => string.IsNullOrEmpty(message.From) || message.From == _config.ServerId || message.Term.Value > TermMax;

    /// <summary>Everything up to this entry is durable here, provided that the entry at <paramref name="index"/> still has this term.</summary>
    public void OnFlushed(LogIndex index, Term term)
    {
        if (!_log.TryMarkStable(index, term)) return;
        if (_applied > _log.BaseIndex) Compact();
        if (Role == RaftRole.Leader) AdvanceCommit();
    }

    /// <summary>An entry of the log; it must lie above the compacted part and not above <see cref="LastIndex"/>.</summary>
    public LogEntry Entry(LogIndex index) => _log[index];

    /// <summary>Term of an entry that the log still has, on disk or in memory, or of the one before them; false when it is not known.</summary>
    public bool TryTermAt(LogIndex index, out Term term) => _log.TryAnyTermAt(index, out term);

    /// <summary>
    /// The state holds everything up to <paramref name="index"/>. Of the entries before it some stay in memory for followers, none without followers; the log on disk keeps them until a snapshot.
    /// </summary>
    public void OnApplied(LogIndex index)
    {
        Invariant.Require(index <= CommitIndex, "only committed entries are applied");
        _applied = index;
        Compact();
    }

    // What is durable and in the state. A snapshot may be newer than the state for a moment: when it came from the leader while its last entries were here already.
    private LogIndex Compactable => _applied < _log.StableIndex ? _applied : _log.StableIndex;

    private void Compact()
    {
        var index = Compactable;
        if (Configuration.Servers.Length <= 1) _log.CompactTo(index);
        else _log.CompactTo(index, _config.LogMemoryEntries, _config.LogMemoryBytes);
    }

    /// <summary>Entries kept before the newest snapshot: <see cref="RaftConfig.TrailingEntries"/> at first, with the same range.</summary>
    public int TrailingEntries { get; set; }

    /// <summary>
    /// A snapshot at <paramref name="index"/> is durable. Entries before it are forgotten, except <see cref="RaftConfig.TrailingEntries"/> and those behind <paramref name="keptAfter"/>; the
    /// result is the last forgotten one, up to which the log on disk may be cut when nothing else needs it.
    /// </summary>
    /// <param name="index">Last entry that the snapshot holds.</param>
    /// <param name="keptAfter">
    /// Entries behind this one are kept on disk in any case, for an older snapshot, and are to be told to followers that lack them; <paramref name="index"/> when there are none.
    /// </param>
    public LogIndex OnSnapshotSaved(LogIndex index, LogIndex keptAfter)
    {
        Invariant.Require(index <= CommitIndex, "a snapshot holds committed entries only");
        ulong trailing = (ulong)TrailingEntries;
        var end = new LogIndex(index.Value > trailing ? index.Value - trailing : 0);
        if (keptAfter < end) end = keptAfter;
        _log.ForgetTo(end <= Compactable ? end : Compactable);
        return end;
    }

    private TimeSpan RandomWait(TimeSpan least) => least + _random.NextTimeSpan(least);

    private void BecomeFollower(Term term, string leaderId)
    {
        if (Role == RaftRole.Leader) StopLeading();
        bool changed = Role != RaftRole.Follower || term != Term || leaderId != LeaderId;
        Role = RaftRole.Follower;
        _votes = null;
        if (term > Term)
        {
            SetTerm(term, votedFor: "");
            MustGiveWay = false;                               // another leader may not contradict
        }
        LeaderId = leaderId;
        if (changed) Effects.LeadershipChanged = true;
        ResetElectionDeadline();
    }

    private void SetTerm(Term term, string votedFor)
    {
        Term = term;
        VotedFor = votedFor;
        Effects.HardStateChanged = true;
    }

    private void ResetElectionDeadline() => _electionDeadline = _now + RandomWait(_config.HeartbeatTimeout);

    private void Commit(LogIndex index)
    {
        if (index <= CommitIndex) return;
        Invariant.Require(index <= _log.LastIndex, "only entries of the log are committed");
        for (var i = CommitIndex.Next; i <= index && _uncommittedBytes > 0; i = i.Next) _uncommittedBytes -= _log[i].Data.Length;
        CommitIndex = index;
        Effects.Committed = true;
        if (_recovery is not null && _log.TryTermAt(index, out var term)) TryEndRecovery(term);
        if (_configurations.Commit(index)) OnConfigurationCommitted();
    }

    private void OnConfigurationCommitted()
    {
        Effects.ConfigurationChanged = true;
        // A leader that removed itself leads until the removal is committed, without counting itself, and then stops.
        if (Role == RaftRole.Leader && !IsVoter) BecomeFollower(Term, "");
    }

    private void AppendLocal(in LogEntry entry)
    {
        _log.Append(entry);
        Effects.Appends.Add(entry);
    }

    private void Send(in RaftMessage message, bool afterFlush = false) =>
        Effects.Messages.Add(new OutboundMessage(message with { From = _config.ServerId }, afterFlush));
}
