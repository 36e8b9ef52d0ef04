namespace Conclave.Core;

/// <summary>What an entry of the Raft log means. The numbers are those of the wire.</summary>
public enum EntryType : byte
{
    /// <summary>A command for the state; never empty.</summary>
    Command = 0,
    /// <summary>The first entry of every new leader; no data.</summary>
    Noop = 1,
    /// <summary>Completes when everything before it is applied; no data.</summary>
    Barrier = 4,
    /// <summary>The complete list of servers.</summary>
    Configuration = 5,
}

/// <summary>One entry of the Raft log. Its bytes are allocated once and shared by log, network and store: nobody may change them.</summary>
/// <param name="Index">Position in the log.</param>
/// <param name="Term">Term of the leader that created it.</param>
/// <param name="Type">What it means.</param>
/// <param name="Data">Command (type byte + body), configuration, or empty.</param>
/// <param name="Extensions">Chunking information of the wire; empty for nearly every entry; at most 255 bytes.</param>
public readonly record struct LogEntry(LogIndex Index, Term Term, EntryType Type, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Extensions = default);
