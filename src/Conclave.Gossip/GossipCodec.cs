using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip;

/// <summary>
/// Writes messages with their type byte, and reads their bodies: the bytes after it. What is read borrows from the input. Bytes after a message are ignored,
/// as the peers do. Reading throws <see cref="MsgPackException"/> or <see cref="GossipFormatException"/> for malformed input, nothing else, and allocates nothing
/// unless bytes come as a list of numbers.
/// </summary>
internal static class GossipCodec
{
    /// <summary>First byte of metadata that holds tags.</summary>
    public const byte TagsMagic = 255;

    /// <summary>Reads the body of a message.</summary>
    public static T Decode<T>(ReadOnlySpan<byte> body) where T : IGossipValue<T>, allows ref struct
    {
        var reader = new MsgPackReader(body);
        return T.Read(ref reader);
    }

    public static void Encode(IBufferWriter<byte> output, in Ping message) => Encode(output, (byte)MessageType.Ping, message);

    public static void Encode(IBufferWriter<byte> output, in IndirectPing message) => Encode(output, (byte)MessageType.IndirectPing, message);

    public static void Encode(IBufferWriter<byte> output, in Ack message) => Encode(output, (byte)MessageType.Ack, message);

    public static void Encode(IBufferWriter<byte> output, in Nack message) => Encode(output, (byte)MessageType.Nack, message);

    public static void Encode(IBufferWriter<byte> output, in Alive message) => Encode(output, (byte)MessageType.Alive, message);

    public static void Encode(IBufferWriter<byte> output, in ErrorAnswer message) => Encode(output, (byte)MessageType.Error, message);

    public static void Encode(IBufferWriter<byte> output, in Compressed message) => Encode(output, (byte)MessageType.Compress, message);

    public static void EncodeSuspect(IBufferWriter<byte> output, in Accusation message) => Encode(output, (byte)MessageType.Suspect, message);

    public static void EncodeDead(IBufferWriter<byte> output, in Accusation message) => Encode(output, (byte)MessageType.Dead, message);

    public static void Encode(IBufferWriter<byte> output, in LeaveIntent message) => Encode(output, (byte)SerfMessageType.Leave, message);

    public static void Encode(IBufferWriter<byte> output, in JoinIntent message) => Encode(output, (byte)SerfMessageType.Join, message);

    public static void Encode(IBufferWriter<byte> output, in SerfState message) => Encode(output, (byte)SerfMessageType.PushPull, message);

    public static void Encode(IBufferWriter<byte> output, in UserEvent message) => Encode(output, (byte)SerfMessageType.UserEvent, message);

    public static void Encode(IBufferWriter<byte> output, in Query message) => Encode(output, (byte)SerfMessageType.Query, message);

    public static void Encode(IBufferWriter<byte> output, in QueryResponse message) => Encode(output, (byte)SerfMessageType.QueryResponse, message);

    public static void Encode(IBufferWriter<byte> output, in SerfMember message) => Encode(output, (byte)SerfMessageType.ConflictResponse, message);

    public static void Encode(IBufferWriter<byte> output, in KeyRequest message) => Encode(output, (byte)SerfMessageType.KeyRequest, message);

    public static void Encode(IBufferWriter<byte> output, in KeyResponse message) => Encode(output, (byte)SerfMessageType.KeyResponse, message);

    /// <summary>Writes the header of a relayed message; the message follows.</summary>
    public static void Encode(IBufferWriter<byte> output, in RelayHeader header) => Encode(output, (byte)SerfMessageType.Relay, header);

    /// <summary>Writes the payload of an <see cref="Ack"/>.</summary>
    public static void Encode(IBufferWriter<byte> output, in CoordinatePayload coordinate) => Encode(output, CoordinatePayload.Version, coordinate);

    /// <summary>Writes a push/pull with the header that fits it.</summary>
    public static void Encode(IBufferWriter<byte> output, in PushPull message)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)MessageType.PushPull);
        new PushPullHeader { Join = message.Join, Nodes = message.Nodes.Count, UserStateBytes = message.UserState.Length }.Write(ref writer);
        message.Nodes.WriteElements(ref writer);
        writer.WriteRaw(message.UserState);
        writer.Flush();
    }

    /// <summary>Reads the body of a push/pull. Its members have been checked one by one.</summary>
    public static PushPull DecodePushPull(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var header = PushPullHeader.Read(ref reader);
        if (header.Nodes > reader.Remaining) GossipFormatException.Throw("more members than bytes");
        var nodes = EncodedList<NodeState>.ReadElements(ref reader, header.Nodes);
        return new() { Join = header.Join, Nodes = nodes, UserState = Rest(body, reader.Offset, header.UserStateBytes) };
    }

    /// <summary>Writes a user message for a stream. In packets the type byte alone stands in front.</summary>
    public static void EncodeUserMessage(IBufferWriter<byte> output, ReadOnlySpan<byte> content)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)MessageType.User);
        new UserMessageHeader { Bytes = content.Length }.Write(ref writer);
        writer.WriteRaw(content);
        writer.Flush();
    }

    /// <summary>Reads the body of a user message on a stream.</summary>
    public static ReadOnlySpan<byte> DecodeUserMessage(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var header = UserMessageHeader.Read(ref reader);
        return Rest(body, reader.Offset, header.Bytes);
    }

    /// <summary>Reads the body of a relayed message: where it goes, and the Serf message, with its type byte, that goes there.</summary>
    public static RelayHeader DecodeRelay(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> message)
    {
        var reader = new MsgPackReader(body);
        var header = RelayHeader.Read(ref reader);
        message = body[(int)reader.Offset..];
        return header;
    }

    /// <summary>Reads the payload of an <see cref="Ack"/>; false when there is none, or one of another version.</summary>
    public static bool TryDecodeCoordinate(ReadOnlySpan<byte> payload, out CoordinatePayload coordinate)
    {
        coordinate = default;
        if (payload.IsEmpty || payload[0] != CoordinatePayload.Version) return false;
        coordinate = Decode<CoordinatePayload>(payload[1..]);
        return true;
    }

    /// <summary>Writes a filter of a query.</summary>
    public static void Encode(IBufferWriter<byte> output, in QueryFilter filter)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte(filter.Kind);
        if (filter.Kind == QueryFilter.NodesKind) filter.Nodes.WriteArray(ref writer);
        else filter.Tag.Write(ref writer);
        writer.Flush();
    }

    /// <summary>Reads a filter of a query; false for a kind that is not known, which no member passes.</summary>
    public static bool TryDecodeFilter(ReadOnlySpan<byte> encoded, out QueryFilter filter)
    {
        filter = default;
        if (encoded.IsEmpty || encoded[0] > QueryFilter.TagKind) return false;
        var reader = new MsgPackReader(encoded[1..]);
        filter.Kind = encoded[0];
        if (filter.Kind == QueryFilter.NodesKind) filter.Nodes = EncodedList<TextElement>.ReadArray(ref reader);
        else filter.Tag = TagFilter.Read(ref reader);
        return true;
    }

    /// <summary>Writes metadata that holds tags.</summary>
    public static void EncodeTags(IBufferWriter<byte> output, EncodedList<TagElement> tags)
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte(TagsMagic);
        tags.WriteMap(ref writer);
        writer.Flush();
    }

    /// <summary>Reads metadata; false when it holds no tags, but is, as from the oldest senders, the value of the tag "role" itself.</summary>
    public static bool TryDecodeTags(ReadOnlySpan<byte> meta, out EncodedList<TagElement> tags)
    {
        tags = default;
        if (meta.IsEmpty || meta[0] != TagsMagic) return false;
        var reader = new MsgPackReader(meta[1..]);
        tags = EncodedList<TagElement>.ReadMap(ref reader);
        return true;
    }

    private static void Encode<T>(IBufferWriter<byte> output, byte type, in T message) where T : IGossipValue<T>, allows ref struct
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte(type);
        message.Write(ref writer);
        writer.Flush();
    }

    private static ReadOnlySpan<byte> Rest(ReadOnlySpan<byte> body, long offset, int bytes)
    {
        if (bytes > body.Length - offset) GossipFormatException.Throw("a length beyond the end");
        return body.Slice((int)offset, bytes);
    }
}
