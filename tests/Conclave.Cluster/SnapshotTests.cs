using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Conclave.Tests;

namespace Conclave.Cluster;

/// <summary>Archives of other servers put into a cluster of three, at whatever server the operator talks to.</summary>
public sealed class SnapshotTests
{
    // What the recorded server answered there describes how it broke down, or its own connections.
    private static readonly string[] OtherText = ["plain-tar", "unknown-record-type", "state-cut", "empty-state"];

    // It ended the recorded server. The flag says that whoever does not know the record may pass over it.
    private const string Ignorable = "ignorable-flag-record";

    [Fact]
    public async Task Recorded_archives_are_restored_with_all_they_hold_or_refused_and_change_nothing()
    {
        await using var cluster = await ServerCluster.StartAsync();
        var follower = cluster.Others(await cluster.LeaderAsync()).First();
        foreach (string name in (string[])["kv-sessions-tombstones", "catalog-queries-config", "acl-connect", "kv-900-keys", "three-servers", "fresh-single-server"])
            await RestoreAsync(cluster, follower, name);
        using var cases = JsonDocument.Parse(await File.ReadAllBytesAsync(Vectors.Path("vectors", "snapshot", "cases.json"), TestContext.Current.CancellationToken));
        foreach (var recorded in cases.RootElement.EnumerateObject()) await JudgeAsync(cluster, follower, recorded);
        for (int i = 0; i < 3; i++) Assert.True(cluster[i].IsRunning);
        await cluster.PutAsync(cluster[0], "after", "1");
    }

    [Fact]
    public async Task A_server_without_a_leader_saves_what_it_has_when_stale_is_enough_and_an_operator_restores_it()
    {
        await using var cluster = await ServerCluster.StartAsync();
        await cluster.PutAsync(cluster[0], "saved", "1");
        var last = cluster[2];
        await cluster.WaitForValueAsync(last, "saved", "1", "&stale");
        await Task.WhenAll(cluster[0].KillAsync(), cluster[1].KillAsync());
        await cluster.WaitAsync("the leader to be lost", async () => await cluster.LeaderAsync(last) is null);
        string file = Path.Combine(last.DataFolder, "saved.snap");
        Assert.NotEqual(0, (await last.CommandAsync("snapshot", "save", file)).Exit);
        var (exit, output, error) = await last.CommandAsync("snapshot", "save", "-stale", file);
        Assert.True(exit == 0, output + error);
        Assert.Contains("Saved and verified snapshot", output);

        cluster[0].Start(cluster.Join);
        cluster[1].Start(cluster.Join);
        await cluster.PutAsync(last, "saved", "2");
        (exit, output, error) = await last.CommandAsync("snapshot", "restore", file);
        Assert.True(exit == 0, output + error);
        for (int i = 0; i < 3; i++) await cluster.WaitForValueAsync(cluster[i], "saved", "1");
    }

    private static async Task RestoreAsync(ServerCluster cluster, ServerProcess server, string name)
    {
        var (exit, output, error) = await server.CommandAsync("snapshot", "restore", Vectors.Path("vectors", "snapshot", name + ".snap"));
        Assert.True(exit == 0, name + output + error);
        using var recorded = JsonDocument.Parse(await File.ReadAllBytesAsync(Vectors.Path("vectors", "snapshot", name + ".json"), TestContext.Current.CancellationToken));
        string keys = Lines(JsonNode.Parse(recorded.RootElement.GetProperty("kv").GetRawText()));
        foreach (var each in (ServerProcess[])[cluster[0], cluster[1], cluster[2]])
            await cluster.WaitAsync($"the keys of {name} at {each.Name}", async () => Lines(await cluster.JsonAsync(each, "/v1/kv/?recurse")) == keys);
        Assert.Equal(Kept(recorded.RootElement.GetProperty("inspect_text").GetString()!), Kept(await InspectAsync(server)));
    }

    private static async Task JudgeAsync(ServerCluster cluster, ServerProcess server, JsonProperty recorded)
    {
        await cluster.PutAsync(server, "before", recorded.Name);
        byte[] archive = await File.ReadAllBytesAsync(Vectors.Path("vectors", "snapshot", $"case-{recorded.Name}.snap"), TestContext.Current.CancellationToken);
        var (status, text) = await cluster.SendAsync(server, HttpMethod.Put, "/v1/snapshot", archive);
        if (recorded.Value.GetProperty("restore_status").GetInt32() == 200 || (recorded.Name == Ignorable && status == HttpStatusCode.OK))
        {
            Assert.True(status == HttpStatusCode.OK, $"{recorded.Name}: {text}");
            bool hasKeys = recorded.Name == Ignorable || recorded.Value.GetProperty("keys_after").GetInt32() == 9;
            string keys = hasKeys ? "a, a b/sp%20ace, a/b, big, bin, empty, unicode/ключ" : "";
            await cluster.WaitAsync($"the keys of {recorded.Name}", async () => Unlocked(await cluster.JsonAsync(server, "/v1/kv/?keys") as JsonArray) == keys);
            return;
        }
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        if (recorded.Name != Ignorable && !OtherText.Contains(recorded.Name)) Assert.Equal((recorded.Name, recorded.Value.GetProperty("restore_body").GetString()), (recorded.Name, text));
        Assert.NotEmpty(text);
        await cluster.WaitForValueAsync(server, "before", recorded.Name);
    }

    // The nodes of an archive are not in this pool: the leader takes them out of the catalog, and with them their sessions and what these hold.
    private static string Unlocked(JsonArray? keys) => string.Join(", ", (keys ?? []).Select(static key => key!.GetValue<string>()).Where(static key => !key.StartsWith("locked", StringComparison.Ordinal)));

    private static string Lines(JsonNode? entries)
    {
        var lines = new StringBuilder();
        foreach (var entry in entries as JsonArray ?? [])
        {
            if (entry!["Key"]!.GetValue<string>().StartsWith("locked", StringComparison.Ordinal)) continue;
            lines.Append($"{entry["Key"]} {entry["Value"]} {entry["Flags"]} {entry["CreateIndex"]} {entry["ModifyIndex"]} {entry["LockIndex"]} {entry["Session"]}\n");
        }
        return lines.ToString();
    }

    // An archive saved at the same server, as the operator sees it.
    private static async Task<string> InspectAsync(ServerProcess server)
    {
        string file = Path.Combine(server.DataFolder, "again.snap");
        var (exit, output, error) = await server.CommandAsync("snapshot", "save", file);
        Assert.True(exit == 0, output + error);
        (exit, output, error) = await server.CommandAsync("snapshot", "inspect", file);
        Assert.True(exit == 0, output + error);
        return output;
    }

    // Kinds of records that the cluster itself does not write, with their number and size.
    private static string[] Kept(string inspected) =>
        [.. inspected.Split('\n').Where(static line => line.TrimStart() is ['A', 'C', 'L', ..] or ['C', 'o', 'n', 'n', 'e', 'c', 't', ..] or ['C', 'o', 'n', 'f', 'i', 'g', ..] or ['P', 'r', 'e', 'p', ..])
            .Select(static line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Order(StringComparer.Ordinal)];
}
