using System.Text;
using Conclave.State;
using FsCheck;
using FsCheck.Fluent;

namespace Conclave.Tests.State;

/// <summary>The tree against a plain sorted dictionary.</summary>
public sealed class TreeTests
{
    /// <summary>One step of a random run.</summary>
    public enum Kind { Put, Remove, RemovePrefix, Publish, Mark, Restore, Forget }

    public readonly record struct Edit(Kind Kind, string Key);

    // Few letters and short keys: prefixes of each other, shared edges and neighbours are then the rule.
    private static readonly Arbitrary<Edit[]> Edits = (
        from length in Gen.Choose(0, 4)
        from key in Gen.Elements("a", "b", "a", "\0").ArrayOf(length).Select(string.Concat)
        from kind in Gen.Frequency((10, Gen.Constant(Kind.Put)), (8, Gen.Constant(Kind.Remove)), (1, Gen.Constant(Kind.RemovePrefix)), (9, Gen.Constant(Kind.Publish)),
            (1, Gen.Constant(Kind.Mark)), (1, Gen.Constant(Kind.Restore)), (1, Gen.Constant(Kind.Forget)))
        select new Edit(kind, key)).ArrayOf().ToArbitrary();

    [Fact]
    public void It_behaves_like_a_sorted_dictionary() => Property.Check(Edits, edits => TreeRun.Of(edits).Matches(), runs: 500);

    [Fact]
    public void Earlier_versions_never_change() => Property.Check(Edits, edits => TreeRun.Of(edits).VersionsMatch(), runs: 300);

    [Fact]
    public void Watches_fire_when_their_subject_changed() => Property.Check(Edits, edits => TreeRun.Of(edits, watch: true).MissedWakeUps == 0, runs: 500);

    [Fact]
    public void Nobody_is_woken_for_an_edit_that_was_taken_back_or_far_away()
    {
        var run = TreeRun.Of([new(Kind.Put, "aa"), new(Kind.Put, "ab"), new(Kind.Put, "ba"), new(Kind.Put, "bb"), new(Kind.Publish, "")]);
        var aa = run.Arm("aa", isPrefix: false);
        var a = run.Arm("a", isPrefix: true);
        run.Apply([new(Kind.Put, "bb"), new(Kind.Put, "bc"), new(Kind.Publish, "")]);
        run.Apply([new(Kind.Mark, ""), new(Kind.Put, "aa"), new(Kind.Restore, ""), new(Kind.Put, "zz"), new(Kind.Publish, "")]);
        Assert.Equal((0, 0), (aa.Calls, a.Calls));
        run.Apply([new(Kind.Put, "ab"), new(Kind.Publish, "")]);
        Assert.Equal((0, 1), (aa.Calls, a.Calls));
        run.Apply([new(Kind.Remove, "aa"), new(Kind.Publish, "")]);
        Assert.Equal((1, 1), (aa.Calls, a.Calls));
    }

    [Theory]
    [InlineData("ax", false)]
    [InlineData("a", false)]
    [InlineData("aaa", false)]
    [InlineData("ax", true)]
    [InlineData("aaaa", true)]
    public void Waiting_for_something_absent_ends_when_it_appears(string subject, bool isPrefix)
    {
        var run = TreeRun.Of([new(Kind.Put, "aa"), new(Kind.Put, "aab"), new(Kind.Publish, "")]);
        var waiter = run.Arm(subject, isPrefix);
        run.Apply([new(Kind.Put, subject), new(Kind.Publish, "")]);
        Assert.Equal(1, waiter.Calls);
    }

    [Fact]
    public void Very_long_keys_and_very_deep_trees_need_no_stack()
    {
        var batch = new EditBatch(1);
        var edit = new TreeEdit<string>(new Tree<string>(), batch);
        var key = new byte[65536];
        for (var length = 0; length <= key.Length; length += 16) edit.Put(key[..length], "v" + length);
        Assert.Equal(4097, edit.Count);
        var tree = edit.Publish();
        var count = 0;
        foreach (var value in tree.Scan(key.AsSpan(0, 16))) Assert.Equal("v" + ++count * 16, value);
        Assert.Equal(4096, count);
        Assert.Equal("v65536", tree.Get(key));
        var removed = new List<string>();
        edit.RemovePrefix(key.AsSpan(0, 32768), removed);
        Assert.Equal((2048, 2049), (edit.Count, removed.Count));
    }

    [Fact]
    public void Looking_up_allocates_nothing()
    {
        var edit = new TreeEdit<string>(new Tree<string>(), new EditBatch(1));
        for (var i = 0; i < 1000; i++) edit.Put(Encoding.UTF8.GetBytes("key/" + i), "v");
        var tree = edit.Publish();
        Span<byte> key = stackalloc byte[7];
        "key/500"u8.CopyTo(key);
        Assert.NotNull(tree.Get(key));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) tree.Get(key);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
