using Conclave.Hosting;

namespace Conclave.Tests;

public sealed class SessionClientTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
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
    public async Task One_session_holds_a_lock_until_it_gives_it_back()
    {
        string first = await _node.Sessions.CreateAsync(new SessionOptions { Name = "first" }, _stop.Token);
        string second = await _node.Sessions.CreateAsync(new SessionOptions { Name = "second" }, _stop.Token);

        Assert.True(await _node.Kv.AcquireAsync("lock", "1"u8.ToArray(), first, stop: _stop.Token));
        Assert.False(await _node.Kv.AcquireAsync("lock", "2"u8.ToArray(), second, stop: _stop.Token));
        Assert.Equal(first, (await _node.Kv.GetAsync("lock", stop: _stop.Token)).Session);

        Assert.True(await _node.Kv.ReleaseAsync("lock", "1"u8.ToArray(), first, stop: _stop.Token));
        Assert.True(await _node.Kv.AcquireAsync("lock", "2"u8.ToArray(), second, stop: _stop.Token));
    }

    [Fact]
    public async Task A_session_is_renewed_until_it_is_destroyed()
    {
        string id = await _node.Sessions.CreateAsync(new SessionOptions { Ttl = TimeSpan.FromSeconds(15), LockDelay = TimeSpan.Zero, Behavior = SessionBehavior.Delete }, _stop.Token);

        var renewed = await _node.Sessions.RenewAsync(id, _stop.Token);
        Assert.Equal(("15s", 0L, "delete", "solo"), (renewed!.Ttl, renewed.LockDelayNanoseconds, renewed.Behavior, renewed.Node));
        Assert.Single(await _node.Sessions.ListAsync(stop: _stop.Token));

        await _node.Sessions.DestroyAsync(id, _stop.Token);
        Assert.Null(await _node.Sessions.RenewAsync(id, _stop.Token));
        Assert.Null(await _node.Sessions.GetAsync(id, stop: _stop.Token));
    }

    [Fact]
    public async Task A_session_with_too_short_a_ttl_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<ConclaveRequestException>(async () => await _node.Sessions.CreateAsync(new SessionOptions { Ttl = TimeSpan.FromSeconds(1) }, _stop.Token));

        Assert.Equal("Invalid Session TTL '1000000000', must be between [10s=24h0m0s]", refusal.Message);
    }
}
