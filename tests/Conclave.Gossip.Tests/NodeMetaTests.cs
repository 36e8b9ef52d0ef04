using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;

namespace Conclave.Gossip.Tests;

public sealed class NodeMetaTests
{
    [Fact]
    public void A_recorded_server_has_the_tags_of_one()
    {
        var vector = GossipVectors.Packets.First(v => v.Name.StartsWith("WAN alive of a server", StringComparison.Ordinal));
        var reader = new PacketReader();
        Assert.Equal(PacketFault.None, reader.Open(vector.Bytes));
        Assert.True(reader.TryNext(out var type, out var body));
        Assert.Equal(MessageType.Alive, type);
        var meta = GossipCodec.Decode<Alive>(body).Meta.Span.ToArray();
        var tags = NodeMeta.Decode(meta);
        Assert.Equal(("consul", "dc2", "8300", "3", ""), (tags["role"], tags["dc"], tags["port"], tags["raft_vsn"], tags["segment"]));
        Assert.True(NodeMeta.TryEncode(tags, out var ours));
        Assert.Equal(meta.Length, ours.Length);
        Assert.Equal(tags, NodeMeta.Decode(ours));
    }

    [Fact]
    public void Tags_keep_the_order_in_which_they_are_given()
    {
        Assert.True(NodeMeta.TryEncode([new("role", "x"), new("dc", "")], out var meta));
        Assert.Equal("FF82A4726F6C65A178A26463A0", Convert.ToHexString(meta));
    }

    [Fact]
    public void Metadata_without_the_magic_byte_is_a_role() => Assert.Equal("web", NodeMeta.Decode("web"u8)["role"]);

    [Fact]
    public void No_metadata_is_no_tags() => Assert.Empty(NodeMeta.Decode(default));

    [Fact]
    public void Tags_end_at_the_bound_both_ways()
    {
        // Magic byte, map header, name and the header of the value take ten.
        Assert.True(NodeMeta.TryEncode([new("role", new('x', 502))], out var meta));
        Assert.Equal(GossipLimits.MetaBytesMax, meta.Length);
        Assert.False(NodeMeta.TryEncode([new("role", new('x', 503))], out _));
        Assert.Throws<GossipFormatException>(() => NodeMeta.Decode(new byte[GossipLimits.MetaBytesMax + 1]));
    }
}
