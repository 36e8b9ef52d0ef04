using System.IO.Compression;
using Conclave.Core.Compression;
using Conclave.Tests;

namespace Conclave.Core.Tests.Compression;

public class InflaterTests
{
    private const int OutputBytesMax = 1 << 20;

    [Fact]
    public void Inflates_what_the_platform_deflates_and_stops_at_its_end() => Property.Check<(byte[] Content, byte Level, byte Spread)>(input =>
    {
        var content = Stretch(input.Content ?? [], input.Spread);
        var deflated = Deflate(content, (CompressionLevel)(input.Level % 4));
        var output = new InflateOutput(OutputBytesMax);
        var result = Inflater.Inflate([.. deflated, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 1, 2, 3], output, out int consumed);
        return result == InflateResult.Complete && consumed == deflated.Length && output.Written.Span.SequenceEqual(content);
    }, runs: 500);

    [Fact]
    public void Every_truncation_is_seen()
    {
        foreach (var level in Enum.GetValues<CompressionLevel>())
        {
            var deflated = Deflate(Stretch([1, 2, 3, 4, 5, 6, 7, 8, 9], 200), level);
            for (int length = 0; length < deflated.Length; length++)
                Assert.Equal(InflateResult.Truncated, Inflater.Inflate(deflated.AsSpan(0, length), new(OutputBytesMax), out _));
        }
    }

    [Fact]
    public void Random_bytes_end_in_some_way_within_the_bound() => Property.Check<byte[]>(bytes =>
    {
        var output = new InflateOutput(OutputBytesMax);
        Inflater.Inflate(bytes ?? [], output, out int consumed);
        return consumed <= (bytes?.Length ?? 0) && output.Length <= OutputBytesMax;
    }, runs: 2000);

    [Theory]
    [InlineData("07")]                                          // a kind of block that does not exist
    [InlineData("01000001ff")]                                  // stored, length and complement differ
    [InlineData("4b0a00")]                                      // fixed codes, a match before anything was written
    public void Nonsense_is_corrupt_or_cut(string hex) =>
        Assert.NotEqual(InflateResult.Complete, Inflater.Inflate(Convert.FromHexString(hex), new(OutputBytesMax), out _));

    [Fact]
    public void Output_stays_within_its_bound()
    {
        var deflated = Deflate(new byte[100_000], CompressionLevel.Optimal);
        var output = new InflateOutput(1000);
        Assert.Equal(InflateResult.TooLarge, Inflater.Inflate(deflated, output, out _));
        Assert.True(output.Length <= 1000);
    }

    [Fact]
    public void Checksums_are_the_published_ones()
    {
        Assert.Equal(0u, Crc32.Append(0, []));
        Assert.Equal(0xcbf43926u, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xcbf43926u, Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8));
    }

    // Repeats at many distances, with noise in between.
    private static byte[] Stretch(byte[] seed, int spread)
    {
        // The platform deflates nothing to nothing, which is no stream.
        if (seed.Length == 0) return [0];
        var content = new byte[seed.Length * (spread + 1)];
        uint noise = 1;
        for (int i = 0; i < content.Length; i++)
        {
            noise = noise * 1_664_525 + 1_013_904_223;
            content[i] = noise >> 28 == 0 ? (byte)(noise >> 16) : seed[i % seed.Length];
        }
        return content;
    }

    private static byte[] Deflate(byte[] content, CompressionLevel level)
    {
        var output = new MemoryStream();
        using (var deflate = new DeflateStream(output, level, leaveOpen: true)) deflate.Write(content);
        return output.ToArray();
    }
}
