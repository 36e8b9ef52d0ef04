using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>Tells a server to campaign at once: the leader hands over.</summary>
public readonly struct TimeoutNowRequest : IRaftRequest<TimeoutNowRequest>
{
    /// <inheritdoc/>
    public static RaftRpc Rpc => RaftRpc.TimeoutNow;

    /// <summary>Version and sender.</summary>
    public RaftHeader Header { get; init; }

    /// <inheritdoc/>
    public static TimeoutNowRequest Read(ref MsgPackReader reader) => new() { Header = HeaderOnly.Read(ref reader) };

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer) => HeaderOnly.Write(ref writer, Header);
}

/// <summary>Answers <see cref="TimeoutNowRequest"/>.</summary>
public readonly struct TimeoutNowResult : IRaftMessage<TimeoutNowResult>
{
    /// <summary>Version and sender; peers of version 1.10 leave the version 0 here.</summary>
    public RaftHeader Header { get; init; }

    /// <inheritdoc/>
    public static TimeoutNowResult Read(ref MsgPackReader reader) => new() { Header = HeaderOnly.Read(ref reader) };

    /// <inheritdoc/>
    public void Write(ref MsgPackWriter writer) => HeaderOnly.Write(ref writer, Header);
}

/// <summary>A message that has nothing but its header.</summary>
internal static class HeaderOnly
{
    private const int FieldCount = 1;
    private static readonly FieldNames s_fields = new("ProtocolVersion", "ID", "Addr");

    public static RaftHeader Read(ref MsgPackReader reader)
    {
        var header = new RaftHeader.Builder();
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field)) header.TryRead(ref reader, field, FieldCount);
        return header.Header;
    }

    public static void Write(ref MsgPackWriter writer, in RaftHeader header)
    {
        writer.WriteMapHeader(header.FieldCount);
        header.WriteAddress(ref writer);
        header.WriteId(ref writer);
        header.WriteVersion(ref writer);
    }
}
