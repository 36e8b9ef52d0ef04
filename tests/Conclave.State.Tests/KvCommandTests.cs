using System.Text;
using Conclave.Core.Model;
using Conclave.State;

namespace Conclave.Tests.State;

public sealed class KvCommandTests
{
    private readonly StateFixture _state = new();

    [Fact]
    public void An_unchanged_write_keeps_its_index()
    {
        _state.Kv(KvOps.Set, "a", "1");
        var first = _state.Get("a", out _);
        _state.Kv(KvOps.Set, "a", "1");
        Assert.Equal(first, _state.Get("a", out var entry));
        Assert.Equal(first, entry!.ModifyIndex);
    }

    [Fact]
    public void A_missing_key_answers_with_the_index_of_the_table()
    {
        _state.Kv(KvOps.Set, "x", "1");
        Assert.Equal(_state.Index, _state.Get("none", out _));
        _state.Kv(KvOps.Set, "x", "2");
        Assert.Equal(_state.Index, _state.Get("none", out _));
        Assert.Equal(_state.Index, _state.List("none", out _));
    }

    [Fact]
    public void A_write_elsewhere_leaves_the_index_of_key_and_prefix_alone()
    {
        _state.Kv(KvOps.Set, "a", "1");
        var a = _state.Index;
        _state.Kv(KvOps.Set, "p/x", "1");
        var p = _state.Index;
        _state.Kv(KvOps.Set, "other", "1");
        Assert.Equal(a, _state.Get("a", out _));
        Assert.Equal(p, _state.List("p/", out _));
        Assert.Equal(p, _state.Keys("p/", "", out var names));
        Assert.Equal(["p/x"], names);
    }

    [Fact]
    public void A_delete_raises_the_index_of_the_prefix_above_it()
    {
        _state.Kv(KvOps.Set, "p/a", "1");
        _state.Kv(KvOps.Set, "p/b", "1");
        _state.Kv(KvOps.Delete, "p/b");
        Assert.Equal(_state.Index, _state.Keys("p/", "", out var names));
        Assert.Equal(["p/a"], names);
        var deleted = _state.Index;
        _state.Kv(KvOps.Set, "q", "1");
        Assert.Equal(deleted, _state.List("p/", out _));
    }

    [Fact]
    public void Deleting_a_missing_key_moves_no_index()
    {
        _state.Kv(KvOps.Set, "a", "1");
        var before = _state.Index;
        _state.Kv(KvOps.Delete, "none");
        Assert.Equal(before, _state.Get("none", out _));
    }

    [Fact]
    public void A_recursive_delete_leaves_one_tombstone_for_the_prefix()
    {
        _state.Kv(KvOps.Set, "t/a", "1");
        _state.Kv(KvOps.Set, "t/b", "1");
        _state.Kv(KvOps.Set, "u", "1");
        _state.Kv(KvOps.DeleteTree, "t/");
        var deleted = _state.Index;
        _state.Kv(KvOps.Set, "u", "2");
        Assert.Equal(deleted, _state.List("t/", out var entries));
        Assert.Empty(entries);
        Assert.Equal(1, _state.Root.Tables.Tombstones.Count);
        Assert.Equal(deleted, _state.Applier.TakeNewestTombstone());
    }

    [Fact]
    public void Reaping_forgets_tombstones_up_to_an_index()
    {
        _state.Kv(KvOps.Set, "a", "1");
        _state.Kv(KvOps.Delete, "a");
        _state.Applier.ApplyTombstone(new TombstoneRequest("", "reap", _state.Index));
        _state.Publish();
        Assert.Equal(0, _state.Root.Tables.Tombstones.Count);
    }

    [Fact]
    public void Cas_writes_only_at_exactly_the_index_given()
    {
        Assert.False(_state.Kv(KvOps.Cas, "a", "1", cas: 1).Flag);
        Assert.True(_state.Kv(KvOps.Cas, "a", "1", cas: 0).Flag);
        var index = _state.Get("a", out _);
        Assert.False(_state.Kv(KvOps.Cas, "a", "2", cas: 0).Flag);
        Assert.True(_state.Kv(KvOps.Cas, "a", "2", cas: index).Flag);
        Assert.False(_state.Kv(KvOps.Cas, "a", "3", cas: index).Flag);
        Assert.True(_state.Kv(KvOps.DeleteCas, "none", cas: 5).Flag);
        Assert.False(_state.Kv(KvOps.DeleteCas, "a", cas: index).Flag);
        Assert.True(_state.Kv(KvOps.DeleteCas, "a", cas: _state.Get("a", out _)).Flag);
    }

    [Fact]
    public void Names_are_cut_behind_the_first_separator()
    {
        foreach (var key in (string[])["k/a-1", "k/a-2", "k/a::x", "k/b::y"]) _state.Kv(KvOps.Set, key, "1");
        _state.Keys("k/", "-", out var dash);
        Assert.Equal(["k/a-", "k/a::x", "k/b::y"], dash);
        _state.Keys("k/", "::", out var colons);
        Assert.Equal(["k/a-1", "k/a-2", "k/a::", "k/b::"], colons);
        _state.Keys("k", "/", out var top);
        Assert.Equal(["k/"], top);
    }

    [Fact]
    public void Locks_count_acquisitions_and_refuse_others()
    {
        _state.Node("n");
        var (one, two) = (_state.Session("n"), _state.Session("n"));
        Assert.True(_state.Kv(KvOps.Lock, "a", "1", session: one).Flag);
        Assert.True(_state.Kv(KvOps.Lock, "a", "2", session: one).Flag);
        _state.Get("a", out var held);
        Assert.Equal(1UL, held!.LockIndex);
        Assert.False(_state.Kv(KvOps.Lock, "a", "3", session: two).Flag);
        Assert.False(_state.Kv(KvOps.Unlock, "a", "3", session: two).Flag);
        Assert.True(_state.Kv(KvOps.Unlock, "a", "4", session: one).Flag);
        Assert.True(_state.Kv(KvOps.Lock, "a", "5", session: two).Flag);
        _state.Get("a", out held);
        Assert.Equal((2UL, two), (held!.LockIndex, held.Session));
    }

    [Fact]
    public void A_plain_write_keeps_the_holder_and_resets_the_lock_index()
    {
        _state.Node("n");
        var id = _state.Session("n");
        _state.Kv(KvOps.Lock, "a", "1", session: id);
        _state.Kv(KvOps.Set, "a", "intruder");
        _state.Get("a", out var entry);
        Assert.Equal((0UL, id), (entry!.LockIndex, entry.Session));
    }

    [Fact]
    public void Locking_needs_a_session_that_exists()
    {
        Assert.Equal("missing session", _state.Kv(KvOps.Lock, "a").Text);
        Assert.Equal("failed session lookup: UUID must be 36 characters", _state.Kv(KvOps.Lock, "a", session: "nonsense").Text);
        Assert.Equal("invalid session \"11111111-2222-3333-4444-555555555555\"", _state.Kv(KvOps.Lock, "a", session: "11111111-2222-3333-4444-555555555555").Text);
        Assert.Equal("missing session", _state.Kv(KvOps.Unlock, "a").Text);
        Assert.False(_state.Kv(KvOps.Unlock, "a", session: "nonsense").Flag);
        Assert.Equal("Invalid KVS operation 'frob'", _state.Kv("frob", "a").Text);
    }

    [Theory]
    [InlineData("release")]
    [InlineData("delete")]
    public void Ending_a_session_releases_or_deletes_its_keys(string behavior)
    {
        _state.Node("n");
        var id = _state.Session("n", behavior, lockDelay: 2_000_000_000);
        _state.Kv(KvOps.Lock, "a", "1", session: id);
        _state.Kv(KvOps.Set, "free", "1");
        _state.Destroy(id);
        Assert.Equal(_state.Index, _state.Get("a", out var entry));
        if (behavior == "delete") Assert.Null(entry);
        else Assert.Equal(("", 1UL, _state.Index), (entry!.Session, entry.LockIndex, entry.ModifyIndex));
        var ended = Assert.Single(_state.Applier.TakeEndedSessions());
        Assert.Equal(id, ended.Session.Id);
        Assert.Equal("a", Encoding.UTF8.GetString(Assert.Single(ended.Keys)));
        Assert.Empty(_state.Applier.TakeEndedSessions());
    }

    [Fact]
    public void A_small_value_does_not_keep_a_large_command_alive()
    {
        var command = new byte[1000];
        _state.Set("small", command.AsMemory(10, 100));
        _state.Get("small", out var small);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(small!.Value, out var copy));
        Assert.Equal(100, copy.Array!.Length);
        _state.Set("large", command.AsMemory(10, 900));
        _state.Get("large", out var large);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(large!.Value, out var slice));
        Assert.Same(command, slice.Array);
    }
}
