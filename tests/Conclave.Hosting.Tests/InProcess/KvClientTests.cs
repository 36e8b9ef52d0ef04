using Conclave.Hosting;
using Conclave.Node;

namespace Conclave.Tests;

public sealed class KvClientTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _stop = new(Patience);
    private ClusterNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo" }, _stop.Token);
        await _node.WaitUntilReadyAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_value_that_was_put_is_read()
    {
        await _node.Kv.PutAsync("app/name", "conclave", flags: 42, _stop.Token);

        var value = await _node.Kv.GetAsync("app/name", ReadMode.Default, _stop.Token);

        Assert.True(value.Exists);
        Assert.Equal(("app/name", "conclave", 42UL), (value.KeyText, value.Text, value.Flags));
        Assert.Equal(value.CreateIndex, value.ModifyIndex);
    }

    [Fact]
    public async Task A_missing_key_does_not_exist()
    {
        var value = await _node.Kv.GetAsync("nothing", ReadMode.Consistent, _stop.Token);

        Assert.False(value.Exists);
        Assert.Equal(0UL, value.ModifyIndex);
    }

    [Fact]
    public async Task Cas_stores_only_on_the_expected_index()
    {
        Assert.True(await _node.Kv.CasAsync("cas", "1"u8.ToArray(), modifyIndex: 0, stop: _stop.Token));
        Assert.False(await _node.Kv.CasAsync("cas", "2"u8.ToArray(), modifyIndex: 0, stop: _stop.Token));

        var stored = await _node.Kv.GetAsync("cas", stop: _stop.Token);
        Assert.True(await _node.Kv.CasAsync("cas", "3"u8.ToArray(), stored.ModifyIndex, stop: _stop.Token));
        Assert.Equal("3", (await _node.Kv.GetAsync("cas", stop: _stop.Token)).Text);
    }

    [Fact]
    public async Task A_tree_is_deleted_and_its_neighbours_stay()
    {
        foreach (string key in (string[])["tree/a", "tree/b/c", "treetop"]) await _node.Kv.PutAsync(key, "x", stop: _stop.Token);

        await _node.Kv.DeleteTreeAsync("tree/", _stop.Token);

        Assert.Equal(["treetop"], await _node.Kv.KeysAsync("tree", stop: _stop.Token));
    }

    [Fact]
    public async Task Keys_are_cut_at_the_separator()
    {
        foreach (string key in (string[])["k/a/1", "k/a/2", "k/b"]) await _node.Kv.PutAsync(key, "x", stop: _stop.Token);

        Assert.Equal(["k/a/", "k/b"], await _node.Kv.KeysAsync("k/", "/", stop: _stop.Token));
        Assert.Equal(3, (await _node.Kv.ListAsync("k/", stop: _stop.Token)).Count);
    }

    [Fact]
    public async Task A_key_without_name_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<ConclaveRequestException>(async () => await _node.Kv.PutAsync("", "x", stop: _stop.Token));

        Assert.Equal("Must provide key", refusal.Message);
    }

    [Fact]
    public async Task A_watch_sees_what_exists_then_each_change()
    {
        await _node.Kv.PutAsync("w/old", "1", stop: _stop.Token);
        await using var changes = _node.Kv.WatchAsync("w/", _stop.Token).GetAsyncEnumerator(_stop.Token);

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(("w/old", "1"), (changes.Current.KeyText, changes.Current.Value.Text));

        var next = changes.MoveNextAsync();
        await _node.Kv.PutAsync("elsewhere", "x", stop: _stop.Token);
        await _node.Kv.PutAsync("w/new", "2", stop: _stop.Token);
        Assert.True(await next);
        Assert.Equal(("w/new", "2"), (changes.Current.KeyText, changes.Current.Value.Text));

        next = changes.MoveNextAsync();
        await _node.Kv.DeleteAsync("w/old", _stop.Token);
        Assert.True(await next);
        Assert.True(changes.Current.IsDelete);
        Assert.Equal("w/old", changes.Current.KeyText);
    }

    [Fact]
    public async Task A_cancelled_watch_ends()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await using var changes = _node.Kv.WatchAsync("none/", enough.Token).GetAsyncEnumerator(enough.Token);
        var next = changes.MoveNextAsync();

        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }
}
