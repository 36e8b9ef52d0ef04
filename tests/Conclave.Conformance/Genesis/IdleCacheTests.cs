using System.Diagnostics;
using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance.Genesis;

/// <summary>The client pauses for nothing between two requests of a cache: only the server keeps it from running hot. Nobody else writes to this one.</summary>
public sealed class IdleCacheTests(DevServer server) : IClassFixture<DevServer>
{
    private CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/kv/idle?recurse=true")]
    [InlineData("/v1/health/service/idle?passing=true")]
    [InlineData("/v1/catalog/service/idle")]
    [InlineData("/v1/catalog/nodes?near=_agent")]
    [InlineData("/v1/health/state/warning")]
    public async Task Idle_caches_ask_once_per_wait(string target)
    {
        // wait=2s with up to a sixteenth on top: in three rounds of that nobody may have been answered more often than three times.
        const int Watches = 20, Rounds = 3;
        var separator = target.Contains('?') ? '&' : '?';
        var first = await server.Client.SendAsync(RawRequest.Get(target), Stop);
        var begun = Stopwatch.GetTimestamp();
        var indexes = await Task.WhenAll(Enumerable.Range(0, Watches).Select(async _ =>
        {
            var index = first.Header("X-Consul-Index")!;
            for (var round = 0; round < Rounds; round++)
            {
                var answer = await server.Client.SendAsync(RawRequest.Get($"{target}{separator}wait=2s&index={index}"), Stop);
                Assert.True(answer.Status is 200 or 404, answer.Text);
                index = answer.Header("X-Consul-Index")!;
            }
            return index;
        }));
        Assert.True(Stopwatch.GetElapsedTime(begun) >= TimeSpan.FromSeconds(2 * Rounds), "A watch was answered before its wait was over although nothing changed.");
        Assert.All(indexes, index => Assert.Equal(first.Header("X-Consul-Index"), index));
    }
}
