using System.Diagnostics;
using System.Globalization;

namespace Conclave.Cluster;

/// <summary>What a server promises of the age of its answers, while and after it was away.</summary>
public sealed class FreshnessTests
{
    [Fact]
    public async Task A_follower_that_stood_still_promises_nothing_that_it_does_not_have()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Others(leader).First();
        follower.Pause();
        // What the leader sent until now waits in the follower's buffers, and must not pass for news later.
        await cluster.WaitAsync("the pool to miss the follower", async () => await cluster.TextAsync(leader, "/v1/operator/autopilot/health") is { } health && health.Contains("\"failed\"", StringComparison.Ordinal));
        await cluster.PutAsync(leader, "news", "new");
        long acknowledged = Stopwatch.GetTimestamp();
        follower.Resume();
        await HoldToPromiseAsync(cluster, follower, "new", acknowledged);
    }

    [Fact]
    public async Task A_server_that_was_started_again_promises_nothing_that_it_does_not_have()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Others(leader).First();
        await cluster.PutAsync(leader, "news", "old");
        await cluster.WaitForValueAsync(follower, "news", "old", "&stale");
        await follower.KillAsync();
        await cluster.PutAsync(leader, "news", "new");
        long acknowledged = Stopwatch.GetTimestamp();
        follower.Start(cluster.Join);
        await HoldToPromiseAsync(cluster, follower, "new", acknowledged);
    }

    [Fact]
    public async Task Reads_with_a_bound_on_their_age_are_answered_within_it_with_and_without_a_leader()
    {
        await using var cluster = await ServerCluster.StartAsync(3, static config => config["discovery_max_stale"] = "24h");
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Others(leader).First();
        await cluster.PutAsync(leader, "known", "1");
        await cluster.WaitForValueAsync(follower, "known", "1", "&stale&max_stale=24h");
        await Task.WhenAll(cluster.Others(follower).ToArray().Select(static server => server.KillAsync()));
        await cluster.WaitAsync("the leader to be lost", async () => await cluster.LeaderAsync(follower) is null);
        // Without a leader a default read of services falls back to what is here, as the setting says; one of a key does not.
        await cluster.WaitAsync("services without a leader", async () => (await cluster.TextAsync(follower, "/v1/catalog/services"))?.Contains("consul", StringComparison.Ordinal) == true);
        Assert.Equal("1", await cluster.GetAsync(follower, "known", "&stale"));
        Assert.Null(await cluster.GetAsync(follower, "known"));
    }

    // As long as the answer lacks what was acknowledged, it must not claim to be younger than that.
    private static async Task HoldToPromiseAsync(ServerCluster cluster, ServerProcess server, string value, long acknowledged) => await cluster.WaitAsync($"news = {value} at {server.Name}", async () =>
    {
        long asked = Stopwatch.GetTimestamp();
        if (await cluster.FreshnessAsync(server, "/v1/kv/news?raw&stale") is not { } answer) return false;
        if (answer.Text == value) return true;
        double age = Stopwatch.GetElapsedTime(acknowledged, asked).TotalMilliseconds;
        // The header is in whole milliseconds.
        Assert.True(!answer.KnownLeader || answer.LastContact + 1 >= age, string.Create(CultureInfo.InvariantCulture, $"claims contact {answer.LastContact} ms ago and lacks what was written {age} ms ago"));
        return false;
    });
}
