using Conclave.Node.Integrity;
using Conclave.Tests;
using Xunit;

namespace Conclave.Node.Tests.Integrity;

public sealed class DigestTrailTests
{
    [Fact]
    public void Servers_that_agree_have_no_difference_but_entries_in_common()
    {
        var one = Trail(200_000, static index => index * 31);
        var other = Trail(300_000, static index => index * 31);
        Assert.Null(one.FirstDifference(Copy(other), out int compared));
        Assert.True(compared > 10, $"{compared} compared");
    }

    [Fact]
    public void The_first_entry_that_differs_and_is_still_noted_is_told()
    {
        var one = Trail(10_000, static index => index);
        var other = Trail(10_000, static index => index >= 8_000 ? index + 1 : index);
        Assert.Equal(8_000UL, one.FirstDifference(Copy(other), out _));
    }

    [Fact]
    public void Servers_that_are_millions_of_entries_apart_still_find_one_in_common()
    {
        var one = Trail(10_000_000, static index => index);
        var other = Trail(12_000_000, static index => index);
        Assert.Null(one.FirstDifference(Copy(other), out int compared));
        Assert.True(compared > 0);
    }

    [Fact]
    public void Two_servers_with_the_same_commands_have_the_same_trail_and_others_have_not()
    {
        var one = Put("v");
        var same = Put("v");
        var other = Put("w");
        Assert.Null(one.Node.Digests.FirstDifference(Copy(same.Node.Digests), out int compared));
        Assert.True(compared > 0);
        Assert.NotNull(one.Node.Digests.FirstDifference(Copy(other.Node.Digests), out _));
    }

    private static TestNode Put(string value)
    {
        var node = new TestNode().Lead();
        for (int i = 0; i < 70; i++) node.Put("key" + i, i < 30 ? "same" : value);
        return node;
    }

    private static DigestTrail Trail(ulong end, Func<ulong, ulong> digest)
    {
        var trail = new DigestTrail();
        for (ulong index = DigestTrail.Step; index <= end; index += DigestTrail.Step) trail.Note(index, digest(index));
        return trail;
    }

    private static List<(ulong Index, ulong Digest)> Copy(DigestTrail trail)
    {
        var noted = new List<(ulong Index, ulong Digest)>();
        trail.CopyTo(noted);
        return noted;
    }
}
