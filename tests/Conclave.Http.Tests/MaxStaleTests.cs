using Conclave.Http.Tests.Support;

namespace Conclave.Http.Tests;

public sealed class MaxStaleTests
{
    [Theory]
    [InlineData("/v1/kv/a?stale", "700")]
    [InlineData("/v1/kv/a?max_stale=1s", "700")]
    [InlineData("/v1/kv/a?max_stale=500ms", "0")]
    [InlineData("/v1/kv/a?stale&max_stale=500ms", "0")]
    [InlineData("/v1/kv/a?recurse&max_stale=500ms", "0")]
    [InlineData("/v1/catalog/nodes?max_stale=500ms", "0")]
    [InlineData("/v1/catalog/nodes?max_stale=1s", "700")]
    public async Task A_stale_answer_older_than_asked_for_is_not_given(string target, string contact)
    {
        await using var server = await StateServer.StartAsync();
        server.Gateway.StaleMilliseconds = 700;
        Assert.Equal(contact, await ContactAsync(server, target));
    }

    [Theory]
    [InlineData(0, "/v1/health/state/any", "0")]
    [InlineData(1000, "/v1/health/state/any", "700")]
    [InlineData(500, "/v1/health/state/any", "0")]
    [InlineData(1000, "/v1/health/state/any?consistent", "0")]
    [InlineData(1000, "/v1/kv/a", "0")]
    public async Task Discovery_may_be_stale_by_default_within_its_bound(int boundMilliseconds, string target, string contact)
    {
        await using var server = await StateServer.StartAsync(new HttpOptions { DiscoveryMaxStale = TimeSpan.FromMilliseconds(boundMilliseconds) });
        server.Gateway.StaleMilliseconds = 700;
        Assert.Equal(contact, await ContactAsync(server, target));
    }

    private static async Task<string> ContactAsync(StateServer server, string target)
    {
        using var answer = await server.Client.GetAsync(target);
        return Assert.Single(answer.Headers.GetValues("X-Consul-LastContact"));
    }
}
