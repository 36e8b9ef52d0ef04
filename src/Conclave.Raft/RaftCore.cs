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
public sealed record RecoveredRaft(Term Term, string VotedFor, LogIndex SnapshotIndex, Term SnapshotTerm, Configuration Configuration, LogIndex ConfigurationIndex, IReadOnlyList<LogEntry> Entries);

/// <summary>
/// Raft for one server as a state machine: inputs are method calls, what it wants is in <see cref="Effects"/>. No I/O, no clock, no chance of its own, no thread; owned by one loop.
/// </summary>
public sealed class RaftCore
{
    /// <summary>Starts as a follower.</summary>
    public RaftCore(RaftConfig config, RecoveredRaft recovered, Prng random, Instant now) => throw new NotImplementedException();

    /// <summary>What is to be done.</summary>
    public RaftEffects Effects => throw new NotImplementedException();

    /// <summary>Role in the current term.</summary>
    public RaftRole Role => throw new NotImplementedException();

    /// <summary>Current term.</summary>
    public Term Term => throw new NotImplementedException();

    /// <summary>Server id that got this server's vote in <see cref="Term"/>, or empty.</summary>
    public string VotedFor => throw new NotImplementedException();

    /// <summary>Server id of the leader of the current term, or empty when none is known.</summary>
    public string LeaderId => throw new NotImplementedException();

    /// <summary>Last entry known to be committed.</summary>
    public LogIndex CommitIndex => throw new NotImplementedException();

    /// <summary>Last entry of the log, durable or not.</summary>
    public LogIndex LastIndex => throw new NotImplementedException();

    /// <summary>Latest configuration, committed or not: the one in force.</summary>
    public Configuration Configuration => throw new NotImplementedException();

    /// <summary>Where <see cref="Configuration"/> stands in the log.</summary>
    public LogIndex ConfigurationIndex => throw new NotImplementedException();

    /// <summary>When <see cref="Tick"/> must be called at the latest.</summary>
    public Instant NextWake => throw new NotImplementedException();

    /// <summary>Sets the time. Called at the start of each turn of the loop, before other inputs; runs what is due.</summary>
    public void Tick(Instant now) => throw new NotImplementedException();

    /// <summary>Takes a message that has arrived.</summary>
    public void Step(in RaftMessage message) => throw new NotImplementedException();

    /// <summary>Appends an entry of the leader's. The memory belongs to the log from now on. The type must not be <see cref="EntryType.Configuration"/>.</summary>
    public ProposeResult Propose(EntryType type, ReadOnlyMemory<byte> data, out LogIndex index) => throw new NotImplementedException();

    /// <summary>Everything up to this entry is durable here, provided that the entry at <paramref name="index"/> still has this term.</summary>
    public void OnFlushed(LogIndex index, Term term) => throw new NotImplementedException();

    /// <summary>Asks for an index from which a read is linearizable; answered in <see cref="RaftEffects.Reads"/> with <paramref name="context"/>, after one round with a majority (at once with one voter).</summary>
    public void RequestRead(ulong context) => throw new NotImplementedException();

    /// <summary>Whether this leader may answer linearizable reads at <paramref name="now"/> without asking anyone, from state that has applied <see cref="CommitIndex"/>.</summary>
    public bool HoldsLease(Instant now) => throw new NotImplementedException();

    /// <summary>An entry of the log; it must lie above the compacted part and not above <see cref="LastIndex"/>.</summary>
    public LogEntry Entry(LogIndex index) => throw new NotImplementedException();

    /// <summary>A snapshot at <paramref name="index"/> is durable. Entries before it are forgotten, except <see cref="RaftConfig.TrailingEntries"/>; the result is the last forgotten one, up to which the log on disk may be cut.</summary>
    public LogIndex OnSnapshotSaved(LogIndex index, Term term) => throw new NotImplementedException();
}
