using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>Announces a snapshot: <see cref="Size"/> bytes of it follow the request on the connection, without framing.</summary>
public readonly struct InstallSnapshotRequest : IRaftRequest<InstallSnapshotRequest>
{
    /// <summary>The version of the snapshot's form that is written; 0 and 1 are understood.</summary>
    public const int CurrentSnapshotVersion = 1;

    private const int FieldCount = 10;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "SnapshotVersion", "Term", "Leader", "LastLogIndex", "LastLogTerm", "Peers", "Configuration",
        "ConfigurationIndex", "Size", "ID", "Addr");

    /// <inheritdoc/>
    public static RaftRpc Rpc => RaftRpc.InstallSnapshot;

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>Version of the snapshot's form.</summary>
    public int SnapshotVersion { get; init; }

    /// <summary>The leader's term.</summary>
    public ulong Term { get; init; }

    /// <summary>The leader's <c>ip:port</c> as text.</summary>
    public WireBytes Leader { get; init; }

    /// <summary>Last index that the snapshot covers.</summary>
    public ulong LastLogIndex { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong LastLogTerm { get; init; }

    /// <summary>Addresses of the voters, for former versions; nobody who knows <see cref="Configuration"/> reads it.</summary>
    public WireBytes Peers { get; init; }

    /// <summary>The servers, in the form of a configuration entry's data.</summary>
    public WireBytes Configuration { get; init; }

    /// <summary>Index of the entry that made it so.</summary>
    public ulong ConfigurationIndex { get; init; }

    /// <summary>Bytes of the snapshot, from 0. A claim: whoever receives them counts and takes no memory for it.</summary>
    public long Size { get; init; }

    /// <inheritdoc/>
    public static InstallSnapshotRequest Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        int snapshotVersion = 0;
        ulong term = 0, lastLogIndex = 0, lastLogTerm = 0, configurationIndex = 0;
        WireBytes leader = default, peers = default, configuration = default;
        long size = 0;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: snapshotVersion = reader.ReadInt32(); break;
                case 2: term = reader.ReadUInt64(); break;
                case 3: leader = WireBytes.Read(ref reader); break;
                case 4: lastLogIndex = reader.ReadUInt64(); break;
                case 5: lastLogTerm = reader.ReadUInt64(); break;
                case 6: peers = WireBytes.Read(ref reader); break;
                case 7: configuration = WireBytes.Read(ref reader); break;
                case 8: configurationIndex = reader.ReadUInt64(); break;
                case 9: size = reader.ReadInt64(); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        if (size < 0) MsgPackException.Throw($"a snapshot of {size} bytes", reader.Offset);
        return new()
        {
            Header = header.Header, SnapshotVersion = snapshotVersion, Term = term, Leader = leader, LastLogIndex = lastLogIndex, LastLogTerm = lastLogTerm,
            Peers = peers, Configuration = configuration, ConfigurationIndex = configurationIndex, Size = size,
        };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        Configuration.WriteField(ref writer, "Configuration"u8);
        writer.WriteField("ConfigurationIndex"u8, ConfigurationIndex);
        Header.WriteId(ref writer);
        writer.WriteField("LastLogIndex"u8, LastLogIndex);
        writer.WriteField("LastLogTerm"u8, LastLogTerm);
        Leader.WriteField(ref writer, "Leader"u8);
        Peers.WriteField(ref writer, "Peers"u8);
        Header.WriteVersion(ref writer);
        writer.WriteField("Size"u8, Size);
        writer.WriteField("SnapshotVersion"u8, (long)SnapshotVersion);
        writer.WriteField("Term"u8, Term);
    }
}

/// <summary>Answers <see cref="InstallSnapshotRequest"/>, after all bytes of the snapshot.</summary>
public readonly struct InstallSnapshotResult : IRaftMessage<InstallSnapshotResult>
{
    private const int FieldCount = 3;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "Term", "Success", "ID", "Addr");

    /// <summary>Version and sender; peers of version 1.10 leave the version 0 here.</summary>
    public RaftHeader Header { get; init; }

    /// <summary>The answering server's term.</summary>
    public ulong Term { get; init; }

    /// <summary>Whether the snapshot is in place.</summary>
    public bool Success { get; init; }

    /// <inheritdoc/>
    public static InstallSnapshotResult Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        ulong term = 0;
        bool success = false;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 1: term = reader.ReadUInt64(); break;
                case 2: success = WireValues.ReadBool(ref reader); break;
                default: header.TryRead(ref reader, field, FieldCount); break;
            }
        return new() { Header = header.Header, Term = term, Success = success };
    }

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(FieldCount - 1 + Header.FieldCount);
        Header.WriteAddress(ref writer);
        Header.WriteId(ref writer);
        Header.WriteVersion(ref writer);
        writer.WriteField("Success"u8, Success);
        writer.WriteField("Term"u8, Term);
    }
}
