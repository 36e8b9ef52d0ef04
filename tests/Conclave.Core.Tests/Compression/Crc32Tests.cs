using System.Text;
using Conclave.Core.Compression;

namespace Conclave.Core.Tests.Compression;

/// <summary>The checksum of gzip members and gossip packets.</summary>
public sealed class Crc32Tests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("a", 0xe8b7be43u)]
    [InlineData("123456789", 0xcbf43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414fa339u)]
    public void Known_texts_have_their_known_checksums(string text, uint checksum) => Assert.Equal(checksum, Crc32.Append(0, Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Any_length_in_any_pieces_gives_what_bit_by_bit_gives()
    {
        byte[] bytes = new byte[100];
        new Random(7).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
            for (int cut = 0; cut <= length; cut++)
                Assert.Equal(BitByBit(bytes.AsSpan(0, length)), Crc32.Append(Crc32.Append(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut, length - cut)));
    }

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte b in bytes)
        {
            state ^= b;
            for (int bit = 0; bit < 8; bit++) state = (state & 1) != 0 ? 0xedb88320 ^ state >> 1 : state >> 1;
        }
        return ~state;
    }
}
