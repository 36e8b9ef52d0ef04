using Conclave.Core;
using Conclave.Gossip.Codec;
using Conclave.Gossip.Messages;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests;

/// <summary>The path of a packet, in and out, allocates nothing once it is warm.</summary>
[Collection(Swim.CostTests.Alone)]
public sealed class AllocationTests
{
    private const int Rounds = 500;

    [Theory]
    [InlineData("ping /")]
    [InlineData("ack with coordinate")]
    [InlineData("nack")]
    [InlineData("indirect ping")]
    [InlineData("compound of 3 or more")]
    [InlineData("compressed packet with crc header")]
    [InlineData("version 1 with crc and compression inside")]
    public void Taking_a_packet_apart_allocates_nothing(string name)
    {
        var vector = GossipVectors.Packets.First(v => v.Name.StartsWith(name, StringComparison.Ordinal));
        using var keyring = vector.OpenKeyring();
        var reader = new PacketReader();
        var (packet, label) = (vector.Bytes, vector.Label);
        AssertFree(() => Consume(reader, packet, label, keyring));
    }

    [Fact]
    public void Putting_a_packet_together_allocates_nothing()
    {
        using var key = new GossipKey(new byte[32]);
        using var writer = new PacketWriter();
        using var message = new PooledBuffer();
        using var packet = new PooledBuffer();
        var compound = new CompoundWriter(1400);
        byte[] nonce = new byte[PacketSeal.NonceBytes];
        AssertFree(() =>
        {
            packet.Clear();
            compound.Clear();
            for (uint i = 0; i < 4; i++)
            {
                message.Clear();
                GossipCodec.Encode(message, new Ping { SeqNo = i, Node = "a-node-with-a-long-name"u8, SourceAddr = (ReadOnlySpan<byte>)[127, 0, 0, 1], SourcePort = 8301, SourceNode = "n2"u8 });
                compound.TryAdd(message.WrittenSpan);
            }
            writer.WritePacket(compound.Build(), new(Compress: true, Checksum: true, key), default, nonce, packet);
        });
        Assert.True(packet.WrittenCount > 0);
    }

    private static void AssertFree(Action action)
    {
        for (int i = 0; i < 20; i++) action();
        long allocated = Conclave.Tests.Allocation.Least(() =>
        {
            for (int i = 0; i < Rounds; i++) action();
        });
        Assert.Equal(0, allocated);
    }

    private static int Consume(PacketReader reader, byte[] packet, byte[] label, Keyring? keyring)
    {
        int sum = (int)reader.Open(packet, label, keyring);
        while (reader.TryNext(out var type, out var body))
            sum += type switch
            {
                MessageType.Ping => (int)GossipCodec.Decode<Ping>(body).SeqNo,
                MessageType.IndirectPing => (int)GossipCodec.Decode<IndirectPing>(body).SeqNo,
                MessageType.Ack => SumOf(GossipCodec.Decode<Ack>(body)),
                MessageType.Nack => (int)GossipCodec.Decode<Nack>(body).SeqNo,
                MessageType.Alive => (int)GossipCodec.Decode<Alive>(body).Incarnation,
                MessageType.Suspect or MessageType.Dead => (int)GossipCodec.Decode<Accusation>(body).Incarnation,
                MessageType.User when body[0] == (byte)SerfMessageType.Join => (int)GossipCodec.Decode<JoinIntent>(body[1..]).LTime,
                _ => body.Length,
            };
        return sum;
    }

    private static int SumOf(in Ack ack)
    {
        double sum = ack.SeqNo;
        if (GossipCodec.TryDecodeCoordinate(ack.Payload.Span, out var coordinate))
            foreach (var element in coordinate.Vec) sum += element.Value;
        return (int)sum;
    }
}
