using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>Bits of queries and their answers.</summary>
[Flags]
internal enum QueryFlags : uint
{
    None = 0,

    /// <summary>In a query: acknowledge it. In an answer: this is the acknowledgement.</summary>
    Ack = 1,

    /// <summary>Do not pass the query on.</summary>
    NoBroadcast = 2,
}

/// <summary>Serf: a question to all members, or to those that pass its filters.</summary>
internal ref struct Query : IGossipValue<Query>
{
    private static readonly FieldNames Fields =
        new("LTime", "ID", "Addr", "Port", "SourceNode", "Filters", "Flags", "RelayFactor", "Timeout", "Name", "Payload");

    public ulong LTime { get; set; }
    public uint Id { get; set; }

    /// <summary>Where answers go, with <see cref="Port"/>.</summary>
    public GossipBytes Addr { get; set; }
    public ushort Port { get; set; }
    public ReadOnlySpan<byte> SourceNode { get; set; }

    /// <summary>See <see cref="QueryFilter"/>.</summary>
    public EncodedList<BytesElement> Filters { get; set; }
    public QueryFlags Flags { get; set; }

    /// <summary>Members through which each answer is sent once more.</summary>
    public byte RelayFactor { get; set; }
    public long TimeoutNanoseconds { get; set; }
    public ReadOnlySpan<byte> Name { get; set; }
    public GossipBytes Payload { get; set; }

    public static Query Read(scoped ref MsgPackReader reader)
    {
        var query = new Query();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: query.LTime = reader.ReadUInt64(); break;
                case 1: query.Id = reader.ReadUInt32(); break;
                case 2: query.Addr = GossipValues.ReadBytes(ref reader); break;
                case 3: query.Port = GossipValues.ReadUInt16(ref reader); break;
                case 4: query.SourceNode = reader.ReadTextSpan(); break;
                case 5: query.Filters = EncodedList<BytesElement>.ReadArray(ref reader); break;
                case 6: query.Flags = (QueryFlags)reader.ReadUInt32(); break;
                case 7: query.RelayFactor = GossipValues.ReadByte(ref reader); break;
                case 8: query.TimeoutNanoseconds = reader.ReadInt64(); break;
                case 9: query.Name = reader.ReadTextSpan(); break;
                case 10: query.Payload = GossipValues.ReadBytes(ref reader); break;
            }
        return query;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(11);
        GossipValues.Write(ref writer, "Addr"u8, Addr);
        writer.WriteKey("Filters"u8);
        Filters.WriteArray(ref writer);
        writer.WriteField("Flags"u8, (ulong)Flags);
        writer.WriteField("ID"u8, Id);
        writer.WriteField("LTime"u8, LTime);
        writer.WriteField("Name"u8, Name);
        GossipValues.Write(ref writer, "Payload"u8, Payload);
        writer.WriteField("Port"u8, (ulong)Port);
        writer.WriteField("RelayFactor"u8, (ulong)RelayFactor);
        writer.WriteField("SourceNode"u8, SourceNode);
        writer.WriteField("Timeout"u8, TimeoutNanoseconds);
    }
}

/// <summary>Serf: answers or acknowledges a query.</summary>
internal ref struct QueryResponse : IGossipValue<QueryResponse>
{
    private static readonly FieldNames Fields = new("LTime", "ID", "From", "Flags", "Payload");

    public ulong LTime { get; set; }
    public uint Id { get; set; }
    public ReadOnlySpan<byte> From { get; set; }
    public QueryFlags Flags { get; set; }
    public GossipBytes Payload { get; set; }

    public static QueryResponse Read(scoped ref MsgPackReader reader)
    {
        var response = new QueryResponse();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: response.LTime = reader.ReadUInt64(); break;
                case 1: response.Id = reader.ReadUInt32(); break;
                case 2: response.From = reader.ReadTextSpan(); break;
                case 3: response.Flags = (QueryFlags)reader.ReadUInt32(); break;
                case 4: response.Payload = GossipValues.ReadBytes(ref reader); break;
            }
        return response;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(5);
        writer.WriteField("Flags"u8, (ulong)Flags);
        writer.WriteField("From"u8, From);
        writer.WriteField("ID"u8, Id);
        writer.WriteField("LTime"u8, LTime);
        GossipValues.Write(ref writer, "Payload"u8, Payload);
    }
}

/// <summary>An address in the header of a relayed message.</summary>
internal ref struct RelayAddress : IGossipValue<RelayAddress>
{
    private static readonly FieldNames Fields = new("IP", "Port", "Zone");

    public GossipBytes Ip { get; set; }
    public ushort Port { get; set; }
    public ReadOnlySpan<byte> Zone { get; set; }

    public static RelayAddress Read(scoped ref MsgPackReader reader)
    {
        var address = new RelayAddress();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: address.Ip = GossipValues.ReadBytes(ref reader); break;
                case 1: address.Port = GossipValues.ReadUInt16(ref reader); break;
                case 2: address.Zone = reader.ReadTextSpan(); break;
            }
        return address;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(3);
        GossipValues.Write(ref writer, "IP"u8, Ip);
        writer.WriteField("Port"u8, (ulong)Port);
        writer.WriteField("Zone"u8, Zone);
    }
}

/// <summary>Serf: asks a member to pass a message on. The message follows the header.</summary>
internal ref struct RelayHeader : IGossipValue<RelayHeader>
{
    private static readonly FieldNames Fields = new("DestAddr", "DestName");

    public RelayAddress Destination { get; set; }
    public ReadOnlySpan<byte> DestinationName { get; set; }

    public static RelayHeader Read(scoped ref MsgPackReader reader)
    {
        var header = new RelayHeader();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: header.Destination = RelayAddress.Read(ref reader); break;
                case 1: header.DestinationName = reader.ReadTextSpan(); break;
            }
        return header;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2);
        writer.WriteKey("DestAddr"u8);
        Destination.Write(ref writer);
        writer.WriteField("DestName"u8, DestinationName);
    }
}

/// <summary>Who is asked by a query: one byte of kind, then what it says.</summary>
internal ref struct QueryFilter
{
    public const byte NodesKind = 0, TagKind = 1;

    public byte Kind { get; set; }

    /// <summary>Names of the members that are asked.</summary>
    public EncodedList<TextElement> Nodes { get; set; }

    /// <summary>The tag, and the expression that its value must match somewhere.</summary>
    public TagFilter Tag { get; set; }
}

/// <summary>A filter by the value of a tag.</summary>
internal ref struct TagFilter : IGossipValue<TagFilter>
{
    private static readonly FieldNames Fields = new("Tag", "Expr");

    public ReadOnlySpan<byte> Tag { get; set; }
    public ReadOnlySpan<byte> Expression { get; set; }

    public static TagFilter Read(scoped ref MsgPackReader reader)
    {
        var filter = new TagFilter();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: filter.Tag = reader.ReadTextSpan(); break;
                case 1: filter.Expression = reader.ReadTextSpan(); break;
            }
        return filter;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(2);
        writer.WriteField("Expr"u8, Expression);
        writer.WriteField("Tag"u8, Tag);
    }
}
