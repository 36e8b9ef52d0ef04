using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>Asks for a vote.</summary>
public readonly struct RequestVoteRequest : IRaftRequest<RequestVoteRequest>
{
    private const int FieldCount = 6;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "Candidate", "LastLogIndex", "LastLogTerm", "LeadershipTransfer", "ID", "Addr");

    /// <inheritdoc/>
    public static RaftRpc Rpc => RaftRpc.RequestVote;

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The term campaigned for.</summary>
    public ulong Term { get; init; }

    /// <summary>The candidate's <c>ip:port</c> as text.</summary>
    public WireBytes Candidate { get; init; }

    /// <summary>Last index of the candidate's log.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong LastLogTerm { get; init; }

    /// <summary>Whether the leader itself asked for the campaign, so that voters ignore that they know one.</summary>
    public bool LeadershipTransfer { get; init; }

    /// <inheritdoc/>
    public static RequestVoteRequest Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0, lastLogIndex = 0, lastLogTerm = 0;
        WireBytes candidate = default;
        bool leadershipTransfer = false;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: candidate = WireBytes.Read(ref reader); break;
                case 3: lastLogIndex = reader.ReadUInt64(); break;
                case 4: lastLogTerm = reader.ReadUInt64(); break;
                case 5: leadershipTransfer = WireValues.ReadBool(ref reader); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new()
        {
            Header = header.Header, Term = term, Candidate = candidate, LastLogIndex = lastLogIndex, LastLogTerm = lastLogTerm, LeadershipTransfer = leadershipTransfer,
        };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        Candidate.WriteField(ref writer, "Candidate"u8);
        Header.WriteId(ref writer);
        writer.WriteField("LastLogIndex"u8, LastLogIndex);
        writer.WriteField("LastLogTerm"u8, LastLogTerm);
        writer.WriteField("LeadershipTransfer"u8, LeadershipTransfer);
        Header.WriteVersion(ref writer);
        writer.WriteField("Term"u8, Term);
    }
}

/// <summary>Answers <see cref="RequestVoteRequest"/>.</summary>
public readonly struct RequestVoteResult : IRaftMessage<RequestVoteResult>
{
    private const int FieldCount = 4;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "Peers", "Granted", "ID", "Addr");

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The answering server's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Of former versions; nil.</summary>
    public WireBytes Peers { get; init; }

    /// <summary>Whether the vote is given.</summary>
    public bool Granted { get; init; }

    /// <inheritdoc/>
    public static RequestVoteResult Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0;
        WireBytes peers = default;
        bool granted = false;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: peers = WireBytes.Read(ref reader); break;
                case 3: granted = WireValues.ReadBool(ref reader); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new() { Header = header.Header, Term = term, Peers = peers, Granted = granted };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        writer.WriteField("Granted"u8, Granted);
        Header.WriteId(ref writer);
        Peers.WriteField(ref writer, "Peers"u8);
        Header.WriteVersion(ref writer);
        writer.WriteField("Term"u8, Term);
    }
}

/// <summary>Asks whether a vote would be granted; binds nobody.</summary>
public readonly struct RequestPreVoteRequest : IRaftRequest<RequestPreVoteRequest>
{
    private const int FieldCount = 4;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "LastLogIndex", "LastLogTerm", "ID", "Addr");

    /// <inheritdoc/>
    public static RaftRpc Rpc => RaftRpc.RequestPreVote;

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The term that would be campaigned for.</summary>
    public ulong Term { get; init; }

    /// <summary>Last index of the asking server's log.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong LastLogTerm { get; init; }

    /// <inheritdoc/>
    public static RequestPreVoteRequest Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0, lastLogIndex = 0, lastLogTerm = 0;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: lastLogIndex = reader.ReadUInt64(); break;
                case 3: lastLogTerm = reader.ReadUInt64(); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new() { Header = header.Header, Term = term, LastLogIndex = lastLogIndex, LastLogTerm = lastLogTerm };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        Header.WriteId(ref writer);
        writer.WriteField("LastLogIndex"u8, LastLogIndex);
        writer.WriteField("LastLogTerm"u8, LastLogTerm);
        Header.WriteVersion(ref writer);
        writer.WriteField("Term"u8, Term);
    }
}

/// <summary>Answers <see cref="RequestPreVoteRequest"/>.</summary>
public readonly struct RequestPreVoteResult : IRaftMessage<RequestPreVoteResult>
{
    private const int FieldCount = 3;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "Granted", "ID", "Addr");

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The answering server's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Whether the vote would be given.</summary>
    public bool Granted { get; init; }

    /// <inheritdoc/>
    public static RequestPreVoteResult Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0;
        bool granted = false;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: granted = WireValues.ReadBool(ref reader); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new() { Header = header.Header, Term = term, Granted = granted };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        writer.WriteField("Granted"u8, Granted);
        Header.WriteId(ref writer);
        Header.WriteVersion(ref writer);
        writer.WriteField("Term"u8, Term);
    }
}
