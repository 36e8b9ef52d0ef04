using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Compression;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Streams;

namespace Conclave.Gossip.Tests;

/// <summary>What liars and broken networks send costs no more than the bytes they sent, and ends in one of the two exceptions for malformed input.</summary>
public sealed class HostileInputTests
{
    // An exception and its stack cost this much whatever the input.
    private const long AllocatedAlways = 64 * 1024, AllocatedPerByte = 64;

    private static readonly byte[] s_damage = [0x01, 0x80, 0xff];

    [Fact]
    public void Cut_or_damaged_messages_are_malformed_or_something_else_but_nothing_worse()
    {
        foreach (var (type, body) in DistinctMessages())
            foreach (var damaged in Damaged(body))
                Survive(damaged, bytes => Recode(type, bytes));
    }

    [Fact]
    public void Cut_or_damaged_packets_are_dropped_or_used_in_part()
    {
        var reader = new PacketReader();
        foreach (var vector in GossipVectors.Packets.DistinctBy(vector => vector.Bytes.Length))
        {
            using var keyring = vector.OpenKeyring();
            foreach (var damaged in Damaged(vector.Bytes)) Survive(damaged, bytes => ReadAll(reader, bytes, vector.Label, keyring));
        }
    }

    [Fact]
    public void Cut_or_damaged_streams_wait_for_more_or_are_refused()
    {
        foreach (var vector in GossipVectors.Streams.DistinctBy(vector => vector.Bytes.Length))
        {
            using var keyring = vector.OpenKeyring();
            foreach (var damaged in Damaged(vector.Bytes))
                Survive(damaged, bytes =>
                {
                    var decoder = new StreamDecoder(vector.Label, vector.IsAnswer, keyring, mayBePlain: true);
                    if (decoder.TryRead(new(bytes), out var message)) RecodeStream(message);
                });
        }
    }

    [Theory]
    [InlineData("dfffffffff00000000")]                               // a map of 2^32 - 1 pairs in nine bytes
    [InlineData("df7fffffff")]
    [InlineData("ddffffffff")]
    [InlineData("de7fff")]
    [InlineData("81a44e6f6465dbffffffff")]
    [InlineData("81a44e6f6465db7fffffff41")]
    [InlineData("81a441646472ddffffffff")]
    [InlineData("81a474616773df80000000")]
    [InlineData("81a7756e6b6e6f776edd7fffffff")]
    [InlineData("81a7756e6b6e6f776ec9ffffffff01")]
    [InlineData("81a746696c74657273dd80000000")]
    [InlineData("81a64576656e7473dd80000000")]
    public void A_lying_count_is_malformed_in_every_message(string hex)
    {
        var body = Convert.FromHexString(hex);
        for (int type = 0; type <= byte.MaxValue; type++)
        {
            Survive(body, bytes => Recode((MessageType)type, bytes));
            Survive([(byte)type, .. body], bytes => MessageRecoder.RecodeSerf(bytes));
        }
        Assert.Throws<MsgPackException>(() => GossipCodec.Decode<SerfState>(body));
    }

    [Theory]
    [InlineData("0683a44e6f646573ce80000000ac5573657253746174654c656e00a44a6f696ec3")]
    [InlineData("0683a44e6f646573d37fffffffffffffffac5573657253746174654c656e00a44a6f696ec3")]
    [InlineData("0683a44e6f646573d1ffffac5573657253746174654c656e00a44a6f696ec3")]
    [InlineData("0683a44e6f64657300ac5573657253746174654c656ece80000000a44a6f696ec3")]
    [InlineData("0881aa557365724d73674c656ece80000000")]
    [InlineData("0881aa557365724d73674c656ed2ffffffff")]
    [InlineData("0affffffff")]
    [InlineData("0a00000001")]
    [InlineData("07")]
    [InlineData("fe")]
    public void A_lying_stream_is_refused_at_once(string hex)
    {
        using var keyring = GossipVectors.Streams.First(vector => vector.Name.StartsWith("version 1", StringComparison.Ordinal)).OpenKeyring();
        var bytes = Convert.FromHexString(hex);
        Exception? refused = null;
        Survive(bytes, input =>
        {
            refused = Record.Exception(() => new StreamDecoder(keyring: keyring, mayBePlain: true).TryRead(new(input), out _));
            if (refused is not null) throw refused;
        });
        Assert.True(refused is GossipFormatException or MsgPackException, $"{refused}");
    }

    [Fact]
    public void A_stream_that_announces_a_million_members_and_sends_none_keeps_waiting_for_nothing_set_aside()
    {
        using var output = new PooledBuffer();
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)MessageType.PushPull);
        new PushPullHeader { Nodes = GossipLimits.PushPullNodesMax, UserStateBytes = GossipLimits.UserStateBytesMax }.Write(ref writer);
        writer.Flush();
        Survive(output.ToArray(), bytes => Assert.False(new StreamDecoder().TryRead(new(bytes), out _)));
    }

    [Fact]
    public void A_member_beyond_the_bound_is_refused_before_it_is_complete()
    {
        byte[] start = [(byte)MessageType.PushPull, .. Convert.FromHexString("83a44a6f696ec3a54e6f64657301ac5573657253746174654c656e00"), 0x81, 0xa4, .. "Meta"u8, 0xdb, 0x7f, 0xff, 0xff, 0xff];
        Assert.Throws<MsgPackException>(() => new StreamDecoder().TryRead(new(start), out _));
    }

    [Fact]
    public void Parts_within_parts_end_at_the_bound()
    {
        var reader = new PacketReader();
        byte[] message = [(byte)MessageType.Nack, .. Convert.FromHexString("81a55365714e6f01")];
        for (int depth = 0; depth < GossipLimits.PacketNestingMax - 1; depth++) message = Compound(message);
        Assert.Equal((1, 0), ReadAll(reader, message));
        Assert.Equal((0, 1), ReadAll(reader, Compound(message)));
        Assert.Equal((0, 1), ReadAll(reader, Compressed(message)));
    }

    [Fact]
    public void All_parts_of_a_packet_together_unpack_to_the_bound_and_no_further()
    {
        var reader = new PacketReader();
        var bomb = Compressed([(byte)MessageType.User, .. new byte[60_000]]);
        Assert.Equal((3, 0), ReadAll(reader, Compound(bomb, bomb, bomb)));
        Assert.Equal((3, 2), ReadAll(reader, Compound(bomb, bomb, bomb, bomb, bomb)));
        Survive(Compressed([(byte)MessageType.User, .. new byte[10_000_000]]), bytes => Assert.Equal((0, 1), ReadAll(reader, bytes)));
    }

    [Fact]
    public void A_stream_does_not_unpack_beyond_the_bound()
    {
        var bomb = Compressed(new byte[GossipLimits.StreamMessageBytesMax + 1]);
        Survive(bomb, bytes => Assert.Throws<GossipFormatException>(() => new StreamDecoder().TryRead(new(bytes), out _)));
    }

    internal static byte[] Compound(params byte[][] parts)
    {
        byte[] lengths = new byte[parts.Length * 2];
        for (int i = 0; i < parts.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(lengths.AsSpan(i * 2), (ushort)parts[i].Length);
        return [(byte)MessageType.Compound, (byte)parts.Length, .. lengths, .. parts.SelectMany(part => part)];
    }

    internal static byte[] Compressed(byte[] message)
    {
        using var packed = new PooledBuffer();
        using var output = new PooledBuffer();
        new LzwEncoder().Encode(message, packed);
        GossipCodec.Encode(output, new Messages.Compressed { Content = packed.WrittenSpan });
        return output.ToArray();
    }

    internal static (int Messages, int Damaged) ReadAll(PacketReader reader, byte[] packet, byte[]? label = null, Security.Keyring? keyring = null)
    {
        int messages = 0;
        if (reader.Open(packet, label, keyring) != PacketFault.None) return (0, 0);
        while (reader.TryNext(out _, out _)) messages++;
        return (messages, reader.DamagedParts);
    }

    private static void Recode(MessageType type, byte[] body)
    {
        if (type == MessageType.User) MessageRecoder.RecodeSerf(body);
        else if (type == MessageType.PushPull) MessageRecoder.RecodePushPull(body);
        else MessageRecoder.Recode(type, body);
    }

    private static void RecodeStream(StreamMessage message)
    {
        if (message.Type == MessageType.User) _ = GossipCodec.DecodeUserMessage(message.Body.Span);
        else Recode(message.Type, message.Body.ToArray());
    }

    private static void Survive(byte[] input, Action<byte[]> feed)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            feed(input);
        }
        catch (Exception e) when (e is GossipFormatException or MsgPackException)
        {
            Assert.NotEmpty(e.Message);
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= AllocatedAlways + input.Length * AllocatedPerByte, $"{allocated} bytes for {input.Length}");
    }

    private static IEnumerable<byte[]> Damaged(byte[] good)
    {
        for (int length = 0; length < good.Length; length++) yield return good[..length];
        for (int at = 0; at < good.Length; at++)
            foreach (byte mask in s_damage)
            {
                var bad = (byte[])good.Clone();
                bad[at] ^= mask;
                yield return bad;
            }
    }

    // One message of each kind and length is enough: those of one length differ in names and numbers only.
    private static IEnumerable<(MessageType Type, byte[] Body)> DistinctMessages()
    {
        var reader = new PacketReader();
        var seen = new HashSet<(MessageType, int, int)>();
        foreach (var vector in GossipVectors.Packets)
        {
            using var keyring = vector.OpenKeyring();
            var found = new List<(MessageType, byte[])>();
            reader.Open(vector.Bytes, vector.Label, keyring);
            while (reader.TryNext(out var type, out var body))
                if (seen.Add((type, type == MessageType.User ? body[0] : 0, body.Length))) found.Add((type, body.ToArray()));
            foreach (var message in found) yield return message;
        }
    }
}
