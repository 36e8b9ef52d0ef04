using System.Buffers;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;
using Conclave.Gossip.Streams;
using Fields = System.Collections.Generic.Dictionary<string, object?>;

namespace Conclave.Gossip.Tests;

/// <summary>Every recorded side of a stream: decoded as recorded, however it is cut, and written again with the same bytes.</summary>
public sealed class StreamVectorTests
{
    [Fact]
    public void Every_stream_decodes_to_what_is_recorded()
    {
        int streams = 0;
        foreach (var vector in GossipVectors.Streams)
        {
            using var keyring = vector.OpenKeyring();
            Assert.True(new StreamDecoder(vector.Label, vector.IsAnswer, keyring).TryRead(new(vector.Bytes), out var message), vector.Name);
            AssertDecoded(vector, message);
            streams++;
        }
        Assert.True(streams > 40);
    }

    [Fact]
    public void Every_stream_is_written_again_byte_for_byte()
    {
        using var writer = new PacketWriter();
        foreach (var vector in GossipVectors.Streams)
        {
            using var keyring = vector.OpenKeyring();
            Assert.True(new StreamDecoder(vector.Label, vector.IsAnswer, keyring).TryRead(new(vector.Bytes), out var message));
            bool isCompressed = vector.Decoded.TryGetProperty("compress", out _);
            bool isEncrypted = vector.Decoded.TryGetProperty("encrypt", out var encrypt);
            var version = isEncrypted ? (SealVersion)encrypt.GetProperty("version").GetInt32() : SealVersion.Plain;
            byte[] nonce = isEncrypted ? Convert.FromHexString(encrypt.GetProperty("nonce").GetString()!) : [];
            using var output = new PooledBuffer();
            writer.WriteStream(Recode(message), new(isCompressed, Checksum: false, keyring?.Primary, version), vector.Label, vector.IsAnswer, nonce, output);
            if (!vector.IsForeignForm) Assert.True(vector.Bytes.AsSpan().SequenceEqual(output.WrittenSpan), $"{vector.Name}: became {Convert.ToHexString(output.WrittenSpan)}");
        }
    }

    [Fact]
    public void A_stream_decodes_the_same_however_it_is_cut()
    {
        foreach (var vector in GossipVectors.Streams)
        {
            using var keyring = vector.OpenKeyring();
            var bytes = vector.Bytes;
            var decoder = new StreamDecoder(vector.Label, vector.IsAnswer, keyring);
            for (int length = 0; length < bytes.Length; length++) Assert.False(decoder.TryRead(InPieces(bytes[..length], 7), out _), $"{vector.Name} at {length}");
            Assert.True(decoder.TryRead(InPieces(bytes, 7), out var message), vector.Name);
            AssertDecoded(vector, message);
        }
    }

    internal static ReadOnlySequence<byte> InPieces(byte[] bytes, int pieceBytes)
    {
        if (bytes.Length <= pieceBytes) return new(bytes);
        var first = new Piece(bytes.AsMemory(0, pieceBytes), null);
        var last = first;
        for (int at = pieceBytes; at < bytes.Length; at += pieceBytes) last = new(bytes.AsMemory(at, Math.Min(pieceBytes, bytes.Length - at)), last);
        return new(first, 0, last, last.Memory.Length);
    }

    private static void AssertDecoded(GossipVector vector, StreamMessage message)
    {
        var decoded = vector.Decoded;
        Assert.Equal(decoded.GetProperty("type").GetInt32(), (int)message.Type);
        if (message.Type == MessageType.PushPull)
        {
            var pushPull = GossipCodec.DecodePushPull(message.Body.Span);
            GossipVectors.AssertSame(decoded.GetProperty("header"), new Fields { ["Nodes"] = pushPull.Nodes.Count, ["UserStateLen"] = pushPull.UserState.Length, ["Join"] = pushPull.Join }, vector.Name);
            var nodes = new List<Fields>();
            foreach (var node in pushPull.Nodes) nodes.Add(MessageView.OfNode(node));
            GossipVectors.AssertSame(decoded.GetProperty("nodes"), nodes, vector.Name);
            if (decoded.TryGetProperty("userState", out var state)) GossipVectors.AssertSame(state, MessageView.OfSerf(pushPull.UserState, state), vector.Name);
            else Assert.True(pushPull.UserState.IsEmpty);
        }
        else if (message.Type == MessageType.User)
            Assert.Equal(decoded.GetProperty("userMsg").GetProperty("opaque").GetString(), MessageView.Text(GossipCodec.DecodeUserMessage(message.Body.Span)));
        else
            GossipVectors.AssertSame(decoded.GetProperty("body"), MessageView.Of(message.Type, message.Body.Span, decoded)["body"], vector.Name);
    }

    private static byte[] Recode(StreamMessage message)
    {
        var body = message.Body.Span;
        if (message.Type == MessageType.PushPull) return MessageRecoder.RecodePushPull(body);
        if (message.Type != MessageType.User) return MessageRecoder.Recode(message.Type, body);
        using var output = new PooledBuffer();
        GossipCodec.EncodeUserMessage(output, GossipCodec.DecodeUserMessage(body));
        return output.ToArray();
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? previous)
        {
            Memory = memory;
            if (previous is null) return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
