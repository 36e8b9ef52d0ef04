using Conclave.Core;

namespace Conclave.Storage;

/// <summary>What the log held when it was opened.</summary>
/// <param name="Term">Newest term that was recorded.</param>
/// <param name="VotedFor">Server id that got this server's vote in that term, or empty.</param>
/// <param name="BaseIndex">The entry before the first one in <paramref name="Entries"/>; 0 for a complete log.</param>
/// <param name="BaseTerm">Term of that entry; 0 for a complete log.</param>
/// <param name="Entries">Entries at <c>BaseIndex + 1</c> and up, without a gap.</param>
/// <param name="CutBytes">Bytes of an unfinished last write that were cut off; 0 after a clean stop.</param>
/// <param name="IsNew">No log existed.</param>
public sealed record RecoveredLog(Term Term, string VotedFor, LogIndex BaseIndex, Term BaseTerm, List<LogEntry> Entries, long CutBytes, bool IsNew);

/// <summary>
/// The log is damaged where it must not be: entries that were acknowledged may be gone. The server must not start with it.
/// The message names the file, the place, the entries and what the operator can do.
/// </summary>
public sealed class WalDamagedException(string file, long offset, string what, string also = "")
    : Exception($"The Raft log is damaged: {file} at byte {offset}: {what}{also} {Advice}")
{
    private const string Advice = "Nothing was changed. Restore this server's data folder from a copy, or, when the other servers of the cluster are healthy, empty the data folder and let it join them again.";

    /// <summary>Segment file, relative to the data folder.</summary>
    public string File { get; } = file;

    /// <summary>Where in that file.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong there.</summary>
    public string What { get; } = what;
}
