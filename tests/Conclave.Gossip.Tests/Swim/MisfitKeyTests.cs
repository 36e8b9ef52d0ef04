using Conclave.Core;
using Conclave.Gossip.Security;

namespace Conclave.Gossip.Tests.Swim;

/// <summary>Keys that do not fit: they must cost little, and change nothing about those that do.</summary>
public sealed class MisfitKeyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1371)]
    [InlineData(65_000)]
    public void What_a_key_decrypts_does_not_depend_on_whether_it_lately_did_not_fit(int bytes)
    {
        using var keyring = KeyringOf(3);
        var plain = RandomBytes(new Prng(5), bytes);
        for (int i = 0; i < 200; i++)
        {
            var block = Seal(keyring.Keys[i % 3], plain, (ulong)i);
            Assert.True(TryOpen(keyring, block, out var opened));
            Assert.Equal(plain, opened);
            block[^1] ^= 1;
            if (i % 7 == 0) Assert.False(TryOpen(keyring, block, out _));
        }
    }

    [Fact]
    public void Every_flipped_bit_is_noticed_by_a_key_that_lately_did_not_fit()
    {
        using var keyring = KeyringOf(1);
        var block = Seal(keyring.Primary, RandomBytes(new Prng(5), 40), 1);
        Assert.False(TryOpen(keyring, new byte[PacketSeal.OverheadBytes], out _));
        for (int bit = 8; bit < block.Length * 8; bit++)
        {
            block[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(TryOpen(keyring, block, out _), $"bit {bit}");
            block[bit / 8] ^= (byte)(1 << bit % 8);
        }
        Assert.True(TryOpen(keyring, block, out _));
    }

    [Fact]
    public void A_flood_of_packets_that_fit_no_key_throws_no_more_than_once_for_each_key()
    {
        using var keyring = KeyringOf(8);
        var flood = new byte[1400];
        flood[0] = 1;
        int thrown = 0;
        int thread = Environment.CurrentManagedThreadId;
        void Count(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs e)
        {
            if (Environment.CurrentManagedThreadId == thread) thrown++;
        }
        AppDomain.CurrentDomain.FirstChanceException += Count;
        for (int i = 0; i < 1000; i++) TryOpen(keyring, flood, out _);
        AppDomain.CurrentDomain.FirstChanceException -= Count;
        Assert.Equal(8, thrown);
    }

    private static Keyring KeyringOf(int keys)
    {
        var keyring = new Keyring(new GossipKey(RandomBytes(new Prng(100), 32)));
        for (int i = 1; i < keys; i++) keyring.TryInstall(RandomBytes(new Prng(100 + (ulong)i), 16));
        return keyring;
    }

    private static byte[] Seal(GossipKey key, byte[] plain, ulong seed)
    {
        using var output = new PooledBuffer();
        PacketSeal.Seal(key, SealVersion.Plain, RandomBytes(new Prng(seed), PacketSeal.NonceBytes), "label"u8, plain, output);
        return output.ToArray();
    }

    private static bool TryOpen(Keyring keyring, byte[] block, out byte[] plain)
    {
        var buffer = new byte[PacketSeal.PlainBytesMax(block.Length)];
        bool isOpen = PacketSeal.TryOpen(keyring, block, "label"u8, buffer, out int bytes);
        plain = buffer[..bytes];
        return isOpen;
    }

    private static byte[] RandomBytes(Prng random, int count)
    {
        var bytes = new byte[count];
        for (int i = 0; i < count; i++) bytes[i] = (byte)random.Next(256);
        return bytes;
    }
}
