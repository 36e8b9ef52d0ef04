using System.Text.Json;
using Conclave.Core;
using Conclave.Gossip.Compression;
using Conclave.Tests;

namespace Conclave.Gossip.Tests;

public sealed class LzwTests
{
    [Fact]
    public void Recorded_inputs_pack_to_the_recorded_bytes_and_unpack_again()
    {
        var encoder = new LzwEncoder();
        var decoder = new LzwDecoder();
        foreach (var item in GossipVectors.Load("lzw").GetProperty("cases").EnumerateArray())
        {
            string name = item.GetProperty("name").GetString()!;
            byte[] plain = PlainOf(item), compressed = Convert.FromHexString(item.GetProperty("compressed").GetString()!);
            using var output = new PooledBuffer();
            encoder.Encode(plain, output);
            Assert.True(compressed.AsSpan().SequenceEqual(output.WrittenSpan), name);
            Assert.Equal(plain.Length, decoder.Measure(compressed, plain.Length));
            Assert.Equal(plain, Decode(decoder, compressed, plain.Length));
        }
    }

    [Fact]
    public void What_was_packed_unpacks_to_the_same() =>
        Property.Check<byte[]>(plain =>
        {
            // Repeated, so that there is something to find.
            byte[] longer = [.. plain, .. plain, .. plain.Reverse(), .. plain];
            using var output = new PooledBuffer();
            new LzwEncoder().Encode(longer, output);
            return Decode(new LzwDecoder(), output.ToArray(), longer.Length).AsSpan().SequenceEqual(longer);
        });

    [Fact]
    public void More_than_the_bound_is_refused_before_it_is_written()
    {
        using var output = new PooledBuffer();
        new LzwEncoder().Encode(new byte[100_000], output);
        var decoder = new LzwDecoder();
        Assert.Equal(100_000, decoder.Measure(output.WrittenSpan, 100_000));
        var compressed = output.ToArray();
        Assert.Throws<GossipFormatException>(() => decoder.Measure(compressed, 99_999));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0001")]
    [InlineData("00ff")]
    [InlineData("0083ffff")]
    [InlineData("ffffffff")]
    public void Nonsense_is_malformed(string hex) => Assert.Throws<GossipFormatException>(() => new LzwDecoder().Measure(Convert.FromHexString(hex), 1000));

    private static byte[] Decode(LzwDecoder decoder, byte[] compressed, int bytes)
    {
        var output = new byte[bytes];
        decoder.Decode(compressed, output);
        return output;
    }

    private static byte[] PlainOf(JsonElement item)
    {
        if (item.TryGetProperty("plain", out var plain)) return Convert.FromHexString(plain.GetString()!);
        var generator = item.GetProperty("plain_generator").GetString()!.Split(':');
        var bytes = new byte[int.Parse(generator[1])];
        uint x = 1;
        for (int i = 0; i < bytes.Length && generator[0] == "lcg"; i++)
        {
            x = unchecked(x * 1664525 + 1013904223);
            bytes[i] = (byte)(x >> 24);
        }
        return bytes;
    }
}
