using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>Log entries, the commit index, or a heartbeat.</summary>
public readonly struct AppendEntriesRequest : IRaftRequest<AppendEntriesRequest>
{
    private const int FieldCount = 7;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "Leader", "PrevLogEntry", "PrevLogTerm", "Entries", "LeaderCommitIndex", "ID", "Addr");

    /// <inheritdoc/>
    public static RaftRpc Rpc => RaftRpc.AppendEntries;

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The leader's term.</summary>
    public ulong Term { get; init; }

    /// <summary>The leader's <c>ip:port</c> as text.</summary>
    public WireBytes Leader { get; init; }

    /// <summary>Index of the entry before the first one; 0 at the start of the log and in heartbeats.</summary>
    public ulong PrevLogEntry { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong PrevLogTerm { get; init; }

    /// <summary>The entries, at most <see cref="RaftWireLimits.EntriesMax"/>; null in heartbeats, which differs from none on the wire.</summary>
    public RaftEntry[]? Entries { get; init; }

    /// <summary>Last index the leader knows as committed.</summary>
    public ulong LeaderCommitIndex { get; init; }

    /// <summary>
    /// Whether this is a heartbeat: a term, a leader and nothing else. It is answered without waiting for the disk and whatever its version, and says nothing
    /// about the log: in it index 0 does not mean the start.
    /// </summary>
    public bool IsHeartbeat =>
        Term != 0 && (Leader.Length > 0 || Header.Address.Length > 0) && PrevLogEntry == 0 && PrevLogTerm == 0 && LeaderCommitIndex == 0 && Entries is not { Length: > 0 };

    /// <inheritdoc/>
    public static AppendEntriesRequest Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0, prevLogEntry = 0, prevLogTerm = 0, commitIndex = 0;
        WireBytes leader = default;
        RaftEntry[]? entries = null;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: leader = WireBytes.Read(ref reader); break;
                case 3: prevLogEntry = reader.ReadUInt64(); break;
                case 4: prevLogTerm = reader.ReadUInt64(); break;
                case 5: entries = ReadEntries(ref reader); break;
                case 6: commitIndex = reader.ReadUInt64(); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new()
        {
            Header = header.Header, Term = term, Leader = leader, PrevLogEntry = prevLogEntry, PrevLogTerm = prevLogTerm, Entries = entries, LeaderCommitIndex = commitIndex,
        };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        writer.WriteKey("Entries"u8);
        WriteEntries(ref writer);
        Header.WriteId(ref writer);
        Leader.WriteField(ref writer, "Leader"u8);
        writer.WriteField("LeaderCommitIndex"u8, LeaderCommitIndex);
        writer.WriteField("PrevLogEntry"u8, PrevLogEntry);
        writer.WriteField("PrevLogTerm"u8, PrevLogTerm);
        Header.WriteVersion(ref writer);
        writer.WriteField("Term"u8, Term);
    }

    private static RaftEntry[]? ReadEntries(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        int count = reader.ReadArrayHeader();
        if (count > RaftWireLimits.EntriesMax) MsgPackException.Throw($"{count} log entries in one request", reader.Offset);
        if (count == 0) return [];
        var entries = new RaftEntry[count];
        for (int i = 0; i < count; i++) entries[i] = RaftEntry.Read(ref reader);
        return entries;
    }

    private void WriteEntries(ref MsgPackWriter writer)
    {
        if (Entries is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(Entries.Length);
        foreach (ref readonly var entry in Entries.AsSpan()) entry.Write(ref writer);
    }
}

/// <summary>Answers <see cref="AppendEntriesRequest"/>.</summary>
public readonly struct AppendEntriesResult : IRaftMessage<AppendEntriesResult>
{
    private const int FieldCount = 5;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "LastLog", "Success", "NoRetryBackoff", "ID", "Addr");

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The answering server's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Last index before the request was processed: a hint after refusals, not what was stored.</summary>
    public ulong LastLog { get; init; }

    /// <summary>Whether the entries are stored. Must be false beside an error text: pipelining peers ignore the text.</summary>
    public bool Success { get; init; }

    /// <summary>Whether the leader may try again at once, with an earlier entry.</summary>
    public bool NoRetryBackoff { get; init; }

    /// <inheritdoc/>
    public static AppendEntriesResult Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0, lastLog = 0;
        bool success = false, noRetryBackoff = false;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: lastLog = reader.ReadUInt64(); break;
                case 3: success = WireValues.ReadBool(ref reader); break;
                case 4: noRetryBackoff = WireValues.ReadBool(ref reader); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new() { Header = header.Header, Term = term, LastLog = lastLog, Success = success, NoRetryBackoff = noRetryBackoff };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        Header.WriteId(ref writer);
        writer.WriteField("LastLog"u8, LastLog);
        writer.WriteField("NoRetryBackoff"u8, NoRetryBackoff);
        Header.WriteVersion(ref writer);
        writer.WriteField("Success"u8, Success);
        writer.WriteField("Term"u8, Term);
    }
}
