using Conclave.Core;
using Conclave.Gossip.Packets;
using Conclave.Gossip.Security;
using Conclave.Gossip.Streams;

namespace Conclave.Gossip.Tests;

public sealed class EncryptionTests
{
    private static readonly byte[] s_message = Convert.FromHexString("0b81a55365714e6f01"), s_nonce = new byte[PacketSeal.NonceBytes];

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public void Both_versions_open_with_any_key_of_the_ring(int keyBytes)
    {
        using var keyring = Ring(1);
        Assert.True(keyring.TryInstall(KeyBytes(2, keyBytes)));
        using var other = new GossipKey(KeyBytes(2, keyBytes));
        foreach (var version in (SealVersion[])[SealVersion.Plain, SealVersion.Padded])
            for (int length = 1; length < 40; length++)
            {
                var plain = new byte[length];
                using var block = new PooledBuffer();
                PacketSeal.Seal(other, version, s_nonce, "label"u8, plain, block);
                Assert.Equal(PacketSeal.SizeOf(length, version), block.WrittenCount);
                var opened = new byte[PacketSeal.PlainBytesMax(block.WrittenCount)];
                Assert.True(PacketSeal.TryOpen(keyring, block.WrittenSpan, "label"u8, opened, out int openedBytes));
                Assert.Equal(length, openedBytes);
                Assert.False(PacketSeal.TryOpen(keyring, block.WrittenSpan, "other"u8, opened, out _));
            }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public void Padding_that_lies_is_refused(byte padding)
    {
        using var keyring = Ring(1);
        using var block = new PooledBuffer();
        var plain = new byte[16];
        plain[^1] = padding;
        PacketSeal.Seal(keyring.Primary, SealVersion.Plain, s_nonce, default, plain, block);
        var padded = block.ToArray();
        padded[0] = (byte)SealVersion.Padded;                        // the version byte is not authenticated
        Assert.False(PacketSeal.TryOpen(keyring, padded, default, new byte[16], out _));
    }

    [Fact]
    public void A_packet_that_does_not_decrypt_is_dropped_unless_plain_ones_are_allowed()
    {
        using var keyring = Ring(1);
        using var stranger = new GossipKey(KeyBytes(9, 16));
        using var writer = new PacketWriter();
        using var packet = new PooledBuffer();
        writer.WritePacket(s_message, new(Compress: false, Checksum: true, stranger), default, s_nonce, packet);
        var reader = new PacketReader();
        Assert.Equal(PacketFault.NotDecrypted, reader.Open(packet.WrittenSpan, keyring: keyring));
        Assert.Equal(PacketFault.NotDecrypted, reader.Open(s_message, keyring: keyring));
        Assert.Equal(PacketFault.None, reader.Open(s_message, keyring: keyring, mayBePlain: true));
        Assert.True(keyring.TryInstall(KeyBytes(9, 16)));
        Assert.Equal(PacketFault.None, reader.Open(packet.WrittenSpan, keyring: keyring));
        Assert.True(reader.TryNext(out _, out _));
    }

    [Fact]
    public void A_stream_that_does_not_fit_the_settings_is_refused_with_the_words_of_the_peers()
    {
        using var keyring = Ring(1);
        using var writer = new PacketWriter();
        using var stream = new PooledBuffer();
        byte[] ping = Convert.FromHexString("0081a55365714e6f01");
        writer.WriteStream(ping, new(Compress: true, Checksum: false, keyring.Primary), default, isAnswer: false, s_nonce, stream);
        var encrypted = stream.ToArray();
        Assert.Equal(StreamDecoder.NotEncrypted, Assert.Throws<GossipFormatException>(() => new StreamDecoder(keyring: keyring).TryRead(new(ping), out _)).Message);
        Assert.Equal(StreamDecoder.NoKeys, Assert.Throws<GossipFormatException>(() => new StreamDecoder().TryRead(new(encrypted), out _)).Message);
        Assert.True(new StreamDecoder(keyring: keyring, mayBePlain: true).TryRead(new(ping), out _));
        Assert.True(new StreamDecoder(keyring: keyring).TryRead(new(encrypted), out var message));
        Assert.Equal(ping[1..], message.Body.ToArray());
    }

    [Fact]
    public void Keys_are_installed_used_and_removed_in_the_order_of_a_rotation()
    {
        using var keyring = Ring(1);
        byte[] first = KeyBytes(1, 16), second = KeyBytes(2, 32);
        Assert.False(keyring.TryUse(second));
        Assert.True(keyring.TryInstall(second));
        Assert.True(keyring.TryInstall(second));
        Assert.Equal(2, keyring.Keys.Count);
        Assert.False(keyring.TryRemove(first));                      // still the primary one
        Assert.True(keyring.TryUse(second));
        Assert.True(keyring.Primary.Matches(second));
        Assert.True(keyring.TryRemove(first));
        Assert.True(keyring.TryRemove(first));
        Assert.Single(keyring.Keys);
        Assert.Throws<GossipFormatException>(() => keyring.TryInstall(new byte[17]));
        for (byte i = 0; keyring.Keys.Count < GossipLimits.KeysMax; i++) keyring.TryInstall(KeyBytes((byte)(100 + i), 16));
        Assert.False(keyring.TryInstall(KeyBytes(99, 16)));
    }

    private static Keyring Ring(byte seed) => new(new GossipKey(KeyBytes(seed, 16)));

    private static byte[] KeyBytes(byte seed, int bytes)
    {
        var key = new byte[bytes];
        Array.Fill(key, seed);
        return key;
    }
}
