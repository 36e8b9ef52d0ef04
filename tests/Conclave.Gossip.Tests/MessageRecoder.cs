using System.Buffers;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Consul;
using Conclave.Gossip.Messages;

namespace Conclave.Gossip.Tests;

/// <summary>Reads a message and writes it again, with everything inside it that has a form of its own. What has none that is known stays as it is.</summary>
internal static class MessageRecoder
{
    public static byte[] Recode(MessageType type, ReadOnlySpan<byte> body)
    {
        using var output = new PooledBuffer();
        switch (type)
        {
            case MessageType.Ping: GossipCodec.Encode(output, GossipCodec.Decode<Ping>(body)); break;
            case MessageType.IndirectPing: GossipCodec.Encode(output, GossipCodec.Decode<IndirectPing>(body)); break;
            case MessageType.Ack: RecodeAck(body, output); break;
            case MessageType.Nack: GossipCodec.Encode(output, GossipCodec.Decode<Nack>(body)); break;
            case MessageType.Error: GossipCodec.Encode(output, GossipCodec.Decode<ErrorAnswer>(body)); break;
            case MessageType.Suspect: GossipCodec.EncodeSuspect(output, GossipCodec.Decode<Accusation>(body)); break;
            case MessageType.Dead: GossipCodec.EncodeDead(output, GossipCodec.Decode<Accusation>(body)); break;
            case MessageType.Alive:
                var alive = GossipCodec.Decode<Alive>(body);
                if (!alive.Meta.IsNil) alive.Meta = RecodeMeta(alive.Meta.Span);
                GossipCodec.Encode(output, alive);
                break;
            default:
                output.Write([(byte)type]);
                output.Write(body);
                break;
        }
        return output.ToArray();
    }

    public static byte[] RecodeSerf(ReadOnlySpan<byte> message) => message.IsEmpty ? [] : RecodeSerf(message, isRelayed: false);

    private static byte[] RecodeSerf(ReadOnlySpan<byte> message, bool isRelayed)
    {
        using var output = new PooledBuffer();
        var body = message[1..];
        switch ((SerfMessageType)message[0])
        {
            case SerfMessageType.Leave: GossipCodec.Encode(output, GossipCodec.Decode<LeaveIntent>(body)); break;
            case SerfMessageType.Join: GossipCodec.Encode(output, GossipCodec.Decode<JoinIntent>(body)); break;
            case SerfMessageType.PushPull: GossipCodec.Encode(output, GossipCodec.Decode<SerfState>(body)); break;
            case SerfMessageType.UserEvent: RecodeUserEvent(body, output); break;
            case SerfMessageType.Query: RecodeQuery(body, output); break;
            case SerfMessageType.QueryResponse:
                var response = GossipCodec.Decode<QueryResponse>(body);
                if (IsAnswer(response.Payload.Span)) response.Payload = RecodeSerf(response.Payload.Span, isRelayed: true).AsSpan();
                GossipCodec.Encode(output, response);
                break;
            case SerfMessageType.ConflictResponse: GossipCodec.Encode(output, GossipCodec.Decode<SerfMember>(body)); break;
            case SerfMessageType.KeyRequest: GossipCodec.Encode(output, GossipCodec.Decode<KeyRequest>(body)); break;
            case SerfMessageType.KeyResponse: GossipCodec.Encode(output, GossipCodec.Decode<KeyResponse>(body)); break;
            case SerfMessageType.Relay when !isRelayed:
                GossipCodec.Encode(output, GossipCodec.DecodeRelay(body, out var inner));
                if (!inner.IsEmpty) output.Write(RecodeSerf(inner, isRelayed: true));
                break;
            default: output.Write(message); break;
        }
        return output.ToArray();
    }

    public static byte[] RecodePushPull(ReadOnlySpan<byte> body)
    {
        using var nodes = new EncodedListBuilder<NodeState>(GossipLimits.StreamMessageBytesMax);
        using var output = new PooledBuffer();
        var pushPull = GossipCodec.DecodePushPull(body);
        foreach (var node in pushPull.Nodes)
        {
            var copy = node;
            if (!copy.Meta.IsNil) copy.Meta = RecodeMeta(copy.Meta.Span);
            nodes.Add(copy);
        }
        pushPull.Nodes = nodes.List;
        if (!pushPull.UserState.IsEmpty) pushPull.UserState = RecodeSerf(pushPull.UserState);
        GossipCodec.Encode(output, pushPull);
        return output.ToArray();
    }

    private static GossipBytes RecodeMeta(ReadOnlySpan<byte> meta)
    {
        if (!GossipCodec.TryDecodeTags(meta, out var tags)) return meta;
        using var output = new PooledBuffer();
        GossipCodec.EncodeTags(output, tags);
        return output.ToArray().AsSpan();
    }

    private static void RecodeAck(ReadOnlySpan<byte> body, PooledBuffer output)
    {
        var ack = GossipCodec.Decode<Ack>(body);
        using var payload = new PooledBuffer();
        if (GossipCodec.TryDecodeCoordinate(ack.Payload.Span, out var coordinate))
        {
            GossipCodec.Encode(payload, coordinate);
            ack.Payload = payload.WrittenSpan;
        }
        GossipCodec.Encode(output, ack);
    }

    private static void RecodeUserEvent(ReadOnlySpan<byte> body, PooledBuffer output)
    {
        var userEvent = GossipCodec.Decode<UserEvent>(body);
        using var payload = new PooledBuffer();
        if (userEvent.Name.StartsWith("consul:event:"u8) && userEvent.Payload.Span is [>= 0x80 and < 0x90, ..])
        {
            ConsulEvent.Decode(userEvent.Payload.Span).EncodeTo(payload);
            userEvent.Payload = payload.WrittenSpan;
        }
        GossipCodec.Encode(output, userEvent);
    }

    private static void RecodeQuery(ReadOnlySpan<byte> body, PooledBuffer output)
    {
        var query = GossipCodec.Decode<Query>(body);
        using var filters = new EncodedListBuilder<BytesElement>(GossipLimits.StreamMessageBytesMax);
        foreach (var encoded in query.Filters)
        {
            using var filter = new PooledBuffer();
            if (GossipCodec.TryDecodeFilter(encoded.Bytes.Span, out var decoded)) GossipCodec.Encode(filter, decoded);
            filters.Add(filter.WrittenCount > 0 ? new(filter.WrittenSpan) : encoded);
        }
        if (!query.Filters.IsNil) query.Filters = filters.List;
        GossipCodec.Encode(output, query);
    }

    private static bool IsAnswer(ReadOnlySpan<byte> payload) => payload is [6 or 8, >= 0x80 and < 0x90 or 0xc0, ..];
}
