using Conclave.Core;

namespace Conclave.Storage;

/// <summary>
/// The Raft log on disk, with term and vote in the same log so that one flush covers all that happened in a turn of the loop. Owned by the node's loop, does no I/O itself:
/// records are collected in memory, <see cref="TryTakeJob"/> hands out the disk work, and the job's <see cref="DiskJob.Complete"/> moves <see cref="DurableTicket"/>.
/// While one write runs the next batch collects: group commit without a timer. A failed write or flush is final: see <see cref="Failure"/>.
/// </summary>
public sealed class Wal
{
    /// <summary>Opens the log, creating it when there is none. Blocks; for the time before the loop starts. Cuts an unfinished last write, refuses any other damage.</summary>
    /// <param name="disk">The data folder.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="keepFrom">Entries before this one are not returned: the newest snapshot's index + 1 minus the trailing entries that followers may still need.</param>
    /// <param name="random">Salts the segments.</param>
    /// <param name="log">What was found.</param>
    /// <exception cref="WalDamagedException">Something that was acknowledged may be missing.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static Wal Recover(IDisk disk, WalOptions options, LogIndex keepFrom, Prng random, out RecoveredLog log) => throw new NotImplementedException();

    /// <summary>Adds entries behind the last one; indexes must be consecutive. Their memory is kept until the flush and must not change.</summary>
    public void Append(ReadOnlySpan<LogEntry> entries) => throw new NotImplementedException();

    /// <summary>Records the term and whom this server voted for in it (empty: nobody).</summary>
    public void SaveTerm(Term term, string votedFor) => throw new NotImplementedException();

    /// <summary>Takes back the entry at <paramref name="from"/> and all behind it.</summary>
    public void TruncateSuffix(LogIndex from) => throw new NotImplementedException();

    /// <summary>A snapshot at this point is durable and the log does not contain it (installed or restored): all entries are dropped, the next one is <paramref name="index"/> + 1.</summary>
    public void Reset(LogIndex index, Term term) => throw new NotImplementedException();

    /// <summary>Entries up to <paramref name="upTo"/> are in a durable snapshot and not needed any more: segments that hold nothing else are deleted in the background.</summary>
    public void TruncatePrefix(LogIndex upTo) => throw new NotImplementedException();

    /// <summary>Notes the time; after <see cref="WalOptions.SealAfter"/> of idleness there is a job that flushes the last marker.</summary>
    public void Tick(Instant now) => throw new NotImplementedException();

    /// <summary>The next piece of disk work, if there is one now. Call until it returns false: once after each turn of the loop.</summary>
    public bool TryTakeJob(out DiskJob? job) => throw new NotImplementedException();

    /// <summary>Grows with each record added. Something recorded before now is durable when <see cref="DurableTicket"/> has reached the value that this has now.</summary>
    public ulong AppendedTicket => throw new NotImplementedException();

    /// <summary>Everything up to this ticket survives a crash.</summary>
    public ulong DurableTicket => throw new NotImplementedException();

    /// <summary>Last entry that survives a crash; with its term, the argument of the Raft core's <c>OnFlushed</c>.</summary>
    public LogIndex DurableIndex => throw new NotImplementedException();

    /// <summary>Term of the entry at <see cref="DurableIndex"/>.</summary>
    public Term DurableTerm => throw new NotImplementedException();

    /// <summary>Bytes added but not durable yet: what the node bounds.</summary>
    public long PendingBytes => throw new NotImplementedException();

    /// <summary>Set for good when a write or flush failed: what is on the disk is unknown, and the process must end. Nothing becomes durable any more.</summary>
    public DiskException? Failure => throw new NotImplementedException();
}
