using Conclave.Core;

namespace Conclave.Raft;

/// <summary>A read index that was asked for.</summary>
/// <param name="Context">The number given with the request.</param>
/// <param name="Index">State that has applied this entry may answer. Meaningless when not granted.</param>
/// <param name="Granted">False: this server does not lead (any more).</param>
public readonly record struct ReadGranted(ulong Context, LogIndex Index, bool Granted);

/// <summary>The end of the log is taken back.</summary>
/// <param name="From">First entry to go.</param>
/// <param name="LastTerm">Term of the entry before it.</param>
public readonly record struct Truncation(LogIndex From, Term LastTerm);

/// <summary>The log continues behind a snapshot.</summary>
/// <param name="Index">Last entry in the snapshot.</param>
/// <param name="Term">Its term.</param>
public readonly record struct LogReset(LogIndex Index, Term Term);

/// <summary>Entries that are on disk only are wanted for a follower that lags; answered by <see cref="RaftCore.OnFetched"/>.</summary>
/// <param name="PeerId">For whom.</param>
/// <param name="From">First one.</param>
/// <param name="To">Last one that may be given.</param>
/// <param name="EntriesMax">No more than so many.</param>
/// <param name="BytesMax">No further one after so many data bytes.</param>
/// <param name="Terms">Where terms begin in that part of the log, oldest first; the first one covers <paramref name="From"/>.</param>
public readonly record struct LogFetch(string PeerId, LogIndex From, LogIndex To, int EntriesMax, long BytesMax, IReadOnlyList<TermStart> Terms);

/// <summary>
/// What the core wants done, collected since the last <see cref="Clear"/>. The owner works through it in this order: record term and vote, truncate or reset, append, start the flush,
/// send (what is marked waits for the flush), apply up to the commit index, answer reads; then clears it.
/// </summary>
public sealed class RaftEffects
{
    /// <summary>Term and vote changed and must be recorded before the entries.</summary>
    public bool HardStateChanged { get; internal set; }

    /// <summary>Entries to be taken back, before anything is appended; null when none are.</summary>
    public Truncation? Truncation { get; internal set; }

    /// <summary>The log is dropped and goes on behind this entry, which is in a durable snapshot; before anything is appended. Null when not.</summary>
    public LogReset? Reset { get; internal set; }

    /// <summary>Entries to record, consecutive.</summary>
    public List<LogEntry> Appends { get; } = [];

    /// <summary>Messages in the order they were made.</summary>
    public List<OutboundMessage> Messages { get; } = [];

    /// <summary>Entries to be read from disk.</summary>
    public List<LogFetch> Fetches { get; } = [];

    /// <summary>Answers to <see cref="RaftCore.RequestRead"/>.</summary>
    public List<ReadGranted> Reads { get; } = [];

    /// <summary>Role, term or known leader changed.</summary>
    public bool LeadershipChanged { get; internal set; }

    /// <summary>The latest or the committed configuration changed.</summary>
    public bool ConfigurationChanged { get; internal set; }

    /// <summary>The commit index moved: entries up to <see cref="RaftCore.CommitIndex"/> may be applied.</summary>
    public bool Committed { get; internal set; }

    /// <summary>Nothing to do.</summary>
    public bool IsEmpty => !HardStateChanged && Truncation is null && Reset is null && Appends.Count == 0 && Messages.Count == 0 && Fetches.Count == 0 && Reads.Count == 0 && !LeadershipChanged && !ConfigurationChanged && !Committed;

    /// <summary>Forgets everything; the lists keep their room.</summary>
    public void Clear()
    {
        HardStateChanged = LeadershipChanged = ConfigurationChanged = Committed = false;
        Truncation = null;
        Reset = null;
        Appends.Clear();
        Messages.Clear();
        Fetches.Clear();
        Reads.Clear();
    }
}
