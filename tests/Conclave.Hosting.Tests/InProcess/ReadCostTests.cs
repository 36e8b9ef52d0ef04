using Conclave.Hosting;
using Conclave.Node;

namespace Conclave.Tests;

/// <summary>Reads in process are what embedding is for: they complete at once and leave nothing to collect.</summary>
public sealed class ReadCostTests
{
    [Theory]
    [InlineData(ReadMode.Stale)]
    [InlineData(ReadMode.Default)]
    [InlineData(ReadMode.Consistent)]
    public async Task A_read_of_the_leader_completes_at_once_and_allocates_nothing(ReadMode mode)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var node = await ClusterNode.StartAsync(new ClusterNodeOptions { NodeName = "solo" }, stop.Token);
        await node.WaitUntilReadyAsync(stop.Token);
        await node.Kv.PutAsync("app/config", "value", stop: stop.Token);
        byte[] key = "app/config"u8.ToArray();
        Read(node, key, mode, rounds: 100);

        Assert.Equal(0, Conclave.Tests.Allocation.Least(() => Read(node, key, mode, rounds: 200)));
    }

    private static void Read(ClusterNode node, byte[] key, ReadMode mode, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            var byBytes = node.Kv.GetAsync(key, mode);
            var byText = node.Kv.GetAsync("app/config", mode);
            var grant = node.Gateway.ReadAsync(mode, CancellationToken.None);
            if (!byBytes.IsCompletedSuccessfully || !byText.IsCompletedSuccessfully || !grant.IsCompletedSuccessfully) throw new InvalidOperationException("The read did not complete at once.");
            if (byBytes.Result.Bytes.Length != 5 || byText.Result.Bytes.Length != 5 || node.Kv.GetLocal(key).Bytes.Length != 5 || grant.Result.Root is null) throw new InvalidOperationException("The value was not read.");
        }
    }
}
