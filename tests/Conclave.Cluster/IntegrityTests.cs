using System.Text;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>Bits that a disk has turned over, found at the start and repaired from the others.</summary>
public sealed class IntegrityTests
{
    [Fact]
    public async Task A_server_whose_log_has_a_flipped_bit_comes_back_with_the_state_of_the_others()
    {
        await using var cluster = await ServerCluster.StartAsync();
        for (int i = 0; i < 30; i++) await cluster.PutAsync(cluster[0], $"key{i}", $"value-{i}-of-many");
        var damaged = cluster.Others(await cluster.LeaderAsync()).First();
        await cluster.WaitForValueAsync(damaged, "key29", "value-29-of-many", "&stale");
        string former = damaged.NodeId;
        await damaged.KillAsync();
        string segment = Directory.GetFiles(Path.Combine(damaged.DataFolder, "raft", "wal"), "*.wal").Order(StringComparer.Ordinal).First();
        Flip(segment, "value-5-of-many");
        damaged.Start(cluster.Join);
        for (int i = 0; i < 30; i++) await cluster.WaitForValueAsync(damaged, $"key{i}", $"value-{i}-of-many", "&stale");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        Assert.NotEqual(former, damaged.NodeId);
        Assert.Single(Directory.GetDirectories(damaged.DataFolder, "raft.damaged-*"));
        Assert.True(damaged.Said("This server sets its data aside"));
        await cluster.PutAsync(damaged, "after", "1");
    }

    [Fact]
    public async Task A_server_whose_newest_snapshot_has_a_flipped_bit_comes_back_with_everything()
    {
        await using var cluster = await ServerCluster.StartAsync(3, static config => (config["raft_snapshot_threshold"], config["raft_snapshot_interval"], config["raft_trailing_logs"]) = (20, "1s", 5));
        for (int i = 0; i < 30; i++) await cluster.PutAsync(cluster[0], $"key{i}", $"value-{i}-of-many");
        var damaged = cluster.Others(await cluster.LeaderAsync()).First();
        await cluster.WaitAsync("a snapshot", () => Task.FromResult(Snapshots(damaged) is [.., var newest] && Contains(newest, "value-5-of-many")));
        await damaged.KillAsync();
        Flip(Snapshots(damaged).Last(), "value-5-of-many");
        damaged.Start(cluster.Join);
        for (int i = 0; i < 30; i++) await cluster.WaitForValueAsync(damaged, $"key{i}", $"value-{i}-of-many", "&stale");
        await cluster.WaitForVotersAsync(cluster[0], cluster[1], cluster[2]);
        await cluster.PutAsync(damaged, "after", "1");
    }

    private static List<string> Snapshots(ServerProcess server)
    {
        string folder = Path.Combine(server.DataFolder, "raft", "snapshots");
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "state.bin", SearchOption.AllDirectories).Where(static file => !file.Contains(".tmp", StringComparison.Ordinal)).Order(StringComparer.Ordinal)] : [];
    }

    private static bool Contains(string file, string text)
    {
        try
        {
            return File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
        }
        catch (IOException)
        {
            return false;                                               // just replaced by the next one
        }
    }

    private static void Flip(string file, string where)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(where));
        Assert.True(at >= 0, $"{where} is in {file}");
        bytes[at + 6] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
