using System.Text.Json;
using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests;

/// <summary>Every recorded packet: decoded as recorded, and written again with the same bytes.</summary>
public sealed class PacketVectorTests
{
    [Fact]
    public void Every_packet_decodes_to_what_is_recorded()
    {
        var reader = new PacketReader();
        int packets = 0;
        foreach (var vector in GossipVectors.Packets)
        {
            using var keyring = vector.OpenKeyring();
            Assert.Equal(PacketFault.None, reader.Open(vector.Bytes, vector.Label, keyring));
            foreach (var leaf in Leaves(vector.Decoded.GetProperty("msg")))
            {
                Assert.True(reader.TryNext(out var type, out var body), vector.Name);
                GossipVectors.AssertSame(leaf, MessageView.Of(type, body, leaf), vector.Name);
            }
            Assert.False(reader.TryNext(out _, out _), vector.Name);
            Assert.Equal(0, reader.DamagedParts);
            packets++;
        }
        Assert.True(packets > 150);
    }

    [Fact]
    public void Every_packet_is_written_again_byte_for_byte()
    {
        var reader = new PacketReader();
        using var writer = new PacketWriter();
        foreach (var vector in GossipVectors.Packets)
        {
            using var keyring = vector.OpenKeyring();
            var compound = new CompoundWriter(GossipLimits.PacketBytesMax);
            Assert.Equal(PacketFault.None, reader.Open(vector.Bytes, vector.Label, keyring));
            while (reader.TryNext(out var type, out var body)) Assert.True(compound.TryAdd(Recode(vector, type, body)));

            using var packet = new PooledBuffer();
            writer.WritePacket(compound.Build(), WrappingOf(vector, keyring), vector.Label, NonceOf(vector), packet);
            if (!vector.IsForeignForm) Assert.True(vector.Bytes.AsSpan().SequenceEqual(packet.WrittenSpan), vector.Name);
        }
    }

    private static byte[] Recode(GossipVector vector, MessageType type, ReadOnlySpan<byte> body)
    {
        bool isOpaque = type == MessageType.User && vector.Decoded.GetProperty("msg").TryGetProperty("inner", out var inner) && inner.TryGetProperty("opaque", out _);
        byte[] recoded = type != MessageType.User ? MessageRecoder.Recode(type, body) : [(byte)type, .. isOpaque ? body : MessageRecoder.RecodeSerf(body)];
        if (!vector.IsForeignForm) Assert.True(body.SequenceEqual(recoded.AsSpan(1)), $"{vector.Name}: {Convert.ToHexString(body)} became {Convert.ToHexString(recoded)}");
        return recoded;
    }

    private static Wrapping WrappingOf(GossipVector vector, Keyring? keyring)
    {
        bool isCompressed = vector.Decoded.GetProperty("msg").GetProperty("ml").GetString() == "compress";
        var version = vector.Decoded.TryGetProperty("encrypt", out var encrypt) ? (SealVersion)encrypt.GetProperty("version").GetInt32() : SealVersion.Plain;
        return new(isCompressed, vector.Decoded.TryGetProperty("hasCrc", out _), keyring?.Primary, version);
    }

    private static byte[] NonceOf(GossipVector vector) =>
        vector.Decoded.TryGetProperty("encrypt", out var encrypt) ? Convert.FromHexString(encrypt.GetProperty("nonce").GetString()!) : [];

    private static IEnumerable<JsonElement> Leaves(JsonElement message) => message.GetProperty("ml").GetString() switch
    {
        "compress" => Leaves(message.GetProperty("inner")),
        "compound" => message.GetProperty("parts").EnumerateArray().SelectMany(Leaves),
        _ => [message],
    };
}
