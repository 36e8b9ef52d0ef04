using System.Text;
using Conclave.Core.Codec;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Tests;

/// <summary>Forms that we do not write and peers do, or did, or might.</summary>
public sealed class AcceptedFormsTests
{
    private static readonly byte[] s_nack = Hex("0b 81 a55365714e6f 01");

    [Theory]
    [InlineData("82 a55365714e6f 07 a44e6f6465 a2 6e31")]            // a map in another order
    [InlineData("de0002 a44e6f6465 a2 6e31 a55365714e6f 07")]        // wider headers
    [InlineData("df00000002 a44e6f6465 d902 6e31 a55365714e6f cf0000000000000007")]
    [InlineData("82 a44e6f6465 da0002 6e31 a55365714e6f d00 7")]     // signed numbers
    [InlineData("82 a44e6f6465 db00000002 6e31 a55365714e6f d30000000000000007")]
    [InlineData("92 07 a2 6e31")]                                    // an array in declared order
    [InlineData("96 07 a2 6e31 c0 c0 c0 d4 01 02")]                  // one with more fields than we know
    [InlineData("83 a44e6f6465 a2 6e31 a55365714e6f 07 a3 6e6577 c7 03 05 010203")]
    [InlineData("84 a44e6f6465 a2 6e31 a55365714e6f 07 a3 6e6577 81 a161 93 c0 d8 01 00000000000000000000000000000000 ca00000000 a5 7365714e6f 09")]
    [InlineData("82 a44e6f6465 a2 6e31 a55365714e6f 07 ffff c1")]    // bytes after the message
    [InlineData("83 a55365714e6f 09 a44e6f6465 a2 6e31 a55365714e6f 07")]
    public void A_ping_is_understood_in_any_form(string hex)
    {
        var ping = GossipCodec.Decode<Ping>(Hex(hex));
        Assert.Equal(7u, ping.SeqNo);
        Assert.Equal("n1", Encoding.UTF8.GetString(ping.Node));
    }

    [Theory]
    [InlineData("82 a44e6f6465 c402 6e31 a55365714e6f 07")]          // bin for text
    [InlineData("82 c404 4e6f6465 a2 6e31 a55365714e6f 07")]         // bin for a name
    [InlineData("81 a55365714e6f ff")]                               // negative
    [InlineData("81 a55365714e6f cf0000000100000000")]               // too large
    [InlineData("81 a55365714e6f cb401c000000000000")]               // a float
    [InlineData("81 a55365714e6f a1 37")]                            // a text
    [InlineData("07")]
    public void A_ping_that_peers_drop_is_malformed(string hex)
    {
        var body = Hex(hex);
        Assert.Throws<MsgPackException>(() => { GossipCodec.Decode<Ping>(body); });
    }

    [Fact]
    public void Nil_stands_for_any_zero_value()
    {
        var alive = GossipCodec.Decode<Alive>(Hex("86 a441646472 c0 ab496e6361726e6174696f6e c0 a44d657461 c0 a44e6f6465 c0 a4506f7274 c0 a356736e c0"));
        Assert.True(alive.Addr.IsNil && alive.Meta.IsNil && alive.Vsn.IsNil && alive.Node.IsEmpty && alive.Port == 0 && alive.Incarnation == 0);
        Assert.Equal(0u, GossipCodec.Decode<Nack>(Hex("c0")).SeqNo);
        var state = GossipCodec.Decode<SerfState>(Hex("81 a64576656e7473 c0"));
        Assert.True(state.Events.IsNil && state.LeftMembers.IsNil && state.StatusLTimes.IsNil);
    }

    [Theory]
    [InlineData("81 a441646472 94 7f 00 cc80 01")]
    [InlineData("81 a441646472 c404 7f008001")]
    [InlineData("81 a441646472 a4 7f008001")]
    public void Bytes_may_be_a_list_of_numbers_or_bin(string hex) => Assert.Equal([127, 0, 128, 1], GossipCodec.Decode<Alive>(Hex(hex)).Addr.Span.ToArray());

    [Theory]
    [InlineData("c3", true)]
    [InlineData("01", true)]
    [InlineData("d001", true)]
    [InlineData("00", false)]
    [InlineData("c0", false)]
    public void A_truth_value_may_be_a_number(string value, bool expected) => Assert.Equal(expected, GossipCodec.Decode<LeaveIntent>(Hex("81 a55072756e65" + value)).Prune);

    [Fact]
    public void Other_numbers_are_no_truth_value() => Assert.Throws<GossipFormatException>(() => { GossipCodec.Decode<LeaveIntent>(Hex("81 a55072756e65 02")); });

    [Fact]
    public void What_newer_senders_write_leaves_in_our_form_and_means_the_same()
    {
        foreach (var vector in GossipVectors.Streams.Where(vector => vector.IsForeignForm))
        {
            Assert.True(new Streams.StreamDecoder().TryRead(new(vector.Bytes), out var message));
            if (message.Type != MessageType.PushPull) continue;
            var ours = MessageRecoder.RecodePushPull(message.Body.Span);
            var again = MessageRecoder.RecodePushPull(ours.AsSpan(1));
            Assert.Equal(ours, again);
            var before = GossipCodec.DecodePushPull(message.Body.Span);
            var after = GossipCodec.DecodePushPull(ours.AsSpan(1));
            Assert.Equal((before.Join, before.Nodes.Count), (after.Join, after.Nodes.Count));
            Assert.True(before.UserState.SequenceEqual(after.UserState));
            Assert.True(ours.Length == message.Body.Length + 1 && !ours.AsSpan(1).SequenceEqual(message.Body.Span), vector.Name);
        }
    }

    /// <summary>The nestings that were tried on the peers, and whether they answered a ping in them.</summary>
    [Fact]
    public void Packets_nest_as_peers_have_it()
    {
        byte[] compressed = HostileInputTests.Compressed(s_nack), compound = HostileInputTests.Compound(s_nack, s_nack);
        var reader = new PacketReader();
        Assert.Equal((1, 0), HostileInputTests.ReadAll(reader, Crc(s_nack)));
        Assert.Equal((1, 0), HostileInputTests.ReadAll(reader, compressed));
        Assert.Equal((2, 0), HostileInputTests.ReadAll(reader, Crc(compound)));
        Assert.Equal((4, 0), HostileInputTests.ReadAll(reader, HostileInputTests.Compound(compound, compound)));
        Assert.Equal((2, 0), HostileInputTests.ReadAll(reader, HostileInputTests.Compound(compressed, compressed)));
        Assert.Equal((2, 0), HostileInputTests.ReadAll(reader, HostileInputTests.Compressed(compound)));
        Assert.Equal((1, 0), HostileInputTests.ReadAll(reader, HostileInputTests.Compressed(compressed)));
        Assert.Equal((2, 0), HostileInputTests.ReadAll(reader, [.. compound, 1, 2, 3]));
        Assert.Equal((1, 1), HostileInputTests.ReadAll(reader, compound[..^1]));
        Assert.Equal((0, 1), HostileInputTests.ReadAll(reader, compound[..5]));
    }

    [Fact]
    public void A_checksum_counts_outermost_only()
    {
        var reader = new PacketReader();
        foreach (var packet in (byte[][])[Crc(Crc(s_nack)), HostileInputTests.Compressed(Crc(s_nack)), HostileInputTests.Compound(Crc(s_nack))])
        {
            Assert.Equal(PacketFault.None, reader.Open(packet));
            Assert.True(reader.TryNext(out var type, out _));
            Assert.Equal(MessageType.HasCrc, type);                  // which no receiver has a use for
            Assert.False(reader.TryNext(out _, out _));
        }
        var wrong = Crc(s_nack);
        wrong[^1] ^= 1;
        Assert.Equal(PacketFault.WrongChecksum, reader.Open(wrong));
    }

    [Theory]
    [InlineData("f4 04 626c7565 0b81a55365714e6f01", "blue", (int)PacketFault.None)]
    [InlineData("f4 04 626c7565 0b81a55365714e6f01", "", (int)PacketFault.WrongLabel)]
    [InlineData("f4 04 626c7565 0b81a55365714e6f01", "red", (int)PacketFault.WrongLabel)]
    [InlineData("0b81a55365714e6f01", "blue", (int)PacketFault.WrongLabel)]
    [InlineData("f4 00 0b81a55365714e6f01", "", (int)PacketFault.WrongLabel)]
    [InlineData("f4 40 626c7565", "", (int)PacketFault.WrongLabel)]
    [InlineData("f4", "", (int)PacketFault.WrongLabel)]
    [InlineData("f4 04 626c7565", "blue", (int)PacketFault.Empty)]
    [InlineData("", "", (int)PacketFault.Empty)]
    public void Packets_of_another_pool_are_dropped(string hex, string label, int fault) =>
        Assert.Equal((PacketFault)fault, new PacketReader().Open(Hex(hex), Encoding.UTF8.GetBytes(label)));

    private static byte[] Crc(byte[] message)
    {
        using var writer = new PacketWriter();
        using var output = new Core.PooledBuffer();
        writer.WritePacket(message, new(Compress: false, Checksum: true, Key: null), default, default, output);
        return output.ToArray();
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", ""));
}
