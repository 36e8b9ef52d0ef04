namespace Conclave.Rpc.Raft;

/// <summary>Bounds of what a peer may send on a Raft connection. Constants: they protect the process, so nobody has a reason to lift them.</summary>
public static class RaftWireLimits
{
    /// <summary>Entries in one AppendEntries. Peers send at most 64 by default and can be set to at most 1,024.</summary>
    public const int EntriesMax = 1024;

    /// <summary>Longest AppendEntries in bytes: 64 entries of the longest usual command, 512 KiB, twice over; peers bound the count only.</summary>
    public const int AppendBytesMax = 64 * 1024 * 1024;

    /// <summary>Longest other request in bytes, without the body that follows InstallSnapshot: room for a configuration of thousands of servers.</summary>
    public const int RequestBytesMax = 1024 * 1024;

    /// <summary>Longest error text of a reply in bytes, and longest result of one: both hold a line of text and a few numbers.</summary>
    public const int ReplyPartBytesMax = 64 * 1024;
}
