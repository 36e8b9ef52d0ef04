using System.Text;

namespace Conclave.Core.Tests;

public class StableHashTests
{
    // Published values of XXH64.
    [Theory]
    [InlineData("", 0xef46db3751d8e999)]
    [InlineData("a", 0xd24ec4f1a98c6e5b)]
    [InlineData("abc", 0x44bc2cf5ad770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1)]
    public void Values_are_those_of_the_published_algorithm(string text, ulong hash)
    {
        Assert.Equal(hash, StableHash.Of(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(hash, StableHash.Of(text));
    }

    [Fact]
    public void Long_texts_hash_as_their_bytes()
    {
        string text = new('é', 1000);
        Assert.Equal(StableHash.Of(Encoding.UTF8.GetBytes(text)), StableHash.Of(text));
    }

    [Fact]
    public void Every_byte_of_every_length_counts()
    {
        var seen = new HashSet<ulong>();
        for (int length = 0; length < 100; length++)
        {
            var bytes = new byte[length];
            Assert.True(seen.Add(StableHash.Of(bytes)));
            for (int i = 0; i < length; i++)
            {
                bytes[i] = 1;
                Assert.True(seen.Add(StableHash.Of(bytes)));
                bytes[i] = 0;
            }
        }
    }

    [Fact]
    public void Combining_depends_on_the_order()
    {
        Assert.NotEqual(StableHash.Combine(1, 2), StableHash.Combine(2, 1));
        Assert.NotEqual(StableHash.Combine(0, 0), StableHash.Combine(0, 1));
        Assert.NotEqual(StableHash.Of(1UL), StableHash.Of(2UL));
    }
}
