using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Conclave.Cluster;

/// <summary>What commands print about a whole cluster, compared with what the real program printed; what is another machine's is masked.</summary>
public sealed partial class RecordedOutputTests
{
    // What differs from run to run, or tells of the machine and the runtime.
    private static readonly HashSet<string> s_varying =
    [
        "revision", "leader_addr", "applied_index", "commit_index", "last_contact", "last_log_index", "last_log_term", "last_snapshot_index", "last_snapshot_term",
        "latest_configuration_index", "term", "arch", "cpu_count", "goroutines", "max_procs", "version", "event_time", "health_score", "member_time", "query_time", "coordinate_resets",
    ];

    [Fact]
    public async Task Peers_and_facts_of_a_healthy_cluster_are_printed_as_recorded()
    {
        await using var cluster = await ServerCluster.StartAsync(3, ShortName);
        var client = cluster.Add("c4");
        client.Configure = static config => config["server"] = false;
        client.Start(cluster.Join, expect: 0);
        await cluster.WaitAsync("the client to know the servers", async () => await cluster.LeaderAsync(client) is not null);
        var leader = await cluster.LeaderAsync();
        var follower = cluster.Others(leader).First(server => server != client);

        await CompareAsync("operator", "main-087", client);
        await CompareAsync("operator", "main-088", follower);
        await cluster.WaitAsync("the client to have met all", async () => (await client.CommandAsync("info")).Out.Contains("members = 4", StringComparison.Ordinal));
        await CompareAsync("info", "main-105", client);
        await CompareAsync("info", "main-106", client);
    }

    [Fact]
    public async Task Without_a_leader_every_command_ends_as_recorded()
    {
        await using var cluster = await ServerCluster.StartAsync(2, static config =>
        {
            ShortName(config);
            // What is waited for here takes as long as it has to by these settings; the outputs do not tell.
            config["performance"] = new JsonObject { ["rpc_hold_timeout"] = "1s" };
            config["gossip_wan"] = new JsonObject { ["probe_interval"] = "1s", ["probe_timeout"] = "500ms", ["suspicion_mult"] = 2 };
        });
        var client = cluster.Add("c4");
        client.Configure = static config => config["server"] = false;
        client.Start(cluster.Join, expect: 0);
        var (lost, left) = (cluster[0], cluster[1]);
        await cluster.WaitAsync("the client to be known", async () => (await left.CommandAsync("members")).Out.Contains("c4", StringComparison.Ordinal));
        client.Signal("TERM");
        Assert.Equal(0, await client.EndedAsync());
        await cluster.PutAsync(left, "app/a", "1");
        await cluster.WaitForValueAsync(left, "app/a", "1", "&stale");
        await lost.KillAsync();
        await cluster.WaitAsync("the loss to be seen in both pools", async () =>
            (await left.CommandAsync("info")).Out.Split("failed = 1").Length == 3 && await cluster.LeaderAsync(left) is null);

        foreach (var recorded in Read("no-leader")) await CompareAsync(recorded, left);
    }

    private static void ShortName(JsonObject config) => config["node_name"] = config["node_name"]!.GetValue<string>().Replace("server-", "s", StringComparison.Ordinal);

    private static Task CompareAsync(string file, string id, ServerProcess at) => CompareAsync(Read(file).Single(recorded => recorded.Id == id), at);

    private static async Task CompareAsync(Recorded recorded, ServerProcess at)
    {
        var (exit, output, error) = await at.CommandAsync(recorded.Arguments);
        Assert.Equal((recorded.Name, recorded.Exit, Mask(recorded.Out), Mask(recorded.Error)), (recorded.Name, exit, Mask(output), Mask(error)));
    }

    private static IEnumerable<Recorded> Read(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Tests.Vectors.Path("vectors", "cli", file + ".json")));
        foreach (var row in json.RootElement.Clone().EnumerateArray())
            yield return new Recorded(row.GetProperty("id").GetString()!, [.. row.GetProperty("argv").EnumerateArray().Skip(1).Select(static argument => argument.GetString()!)],
                row.GetProperty("exit").GetInt32(), row.GetProperty("stdout").GetString()!, row.GetProperty("stderr").GetString()!);
    }

    private static string Mask(string text)
    {
        text = Id().Replace(Address().Replace(text, "<address>"), "<id>");
        text = Varying().Replace(text, static line => s_varying.Contains(line.Groups[2].Value) ? $"{line.Groups[1].Value}{line.Groups[2].Value} = <varying>" : line.Value);
        text = SnapshotIndex().Replace(text, "to index <index>");
        // Columns are as wide as what stands in them; rows and peers come in the order in which each server met them.
        text = Spaces().Replace(text, " ");
        bool isTable = text.StartsWith("Node ", StringComparison.Ordinal);
        if (isTable) text = string.Join('\n', text.Split('\n').Take(1).Concat(text.Split('\n').Skip(1).Select(Rank).Order(StringComparer.Ordinal)));
        return text;
    }

    // Which of the servers leads is chance.
    private static string Rank(string row) => row.Contains(" leader ", StringComparison.Ordinal) || row.Contains(" follower ", StringComparison.Ordinal) ? row[row.IndexOf(' ')..] : row;

    [GeneratedRegex(@"\d+\.\d+\.\d+\.\d+:\d+")]
    private static partial Regex Address();

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Id();

    [GeneratedRegex(@"^(\t)(\w+) = .*$", RegexOptions.Multiline)]
    private static partial Regex Varying();

    [GeneratedRegex(@"to index \d+")]
    private static partial Regex SnapshotIndex();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    private sealed record Recorded(string Id, string[] Arguments, int Exit, string Out, string Error)
    {
        public string Name => $"{Id}: {string.Join(' ', Arguments)}";
    }
}
