using System.Diagnostics;
using System.Net;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>What replication costs: writes to one server alone, then to the leader of three and to a follower; and what a follower that stands still costs the leader.</summary>
internal static class QuorumScenario
{
    private const int Connections = 64, KeysPerConnection = 256, Rounds = 8;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var single = ServerProcess.Start(options, Path.Combine(folder.Path, "single"));
        await single.UntilLeaderAsync();
        using var cluster = await ServerCluster.StartAsync(options, folder.Path);
        int leader = await cluster.LeaderAsync(), follower = (leader + 1) % ServerCluster.Size;
        ServerProcess[] servers = [cluster.Servers[leader]!, cluster.Servers[follower]!, cluster.Servers[(leader + 2) % ServerCluster.Size]!];
        WriteSeries[] all = [new("one server alone", [single], 0), new("leader of three", servers, 0), new("follower of three", servers, 1)];
        foreach (var series in all) await WriteAsync(series.Asked.Http, Connections, options.Seconds);
        // The machine is faster at one time than at another: short turns side by side see the same one.
        for (int round = 0; round < Rounds; round++)
            foreach (var series in all) await series.MeasureAsync(server => WriteAsync(server.Http, Connections, options.Seconds / Rounds * 2));
        foreach (var series in all) series.Report(report, all[0]);
        await StandStillAsync(cluster, leader, follower, options, report);
    }

    // The follower's process is stopped: its connections stay open and take nothing.
    private static async Task StandStillAsync(ServerCluster cluster, int leader, int follower, LoadOptions options, Report report)
    {
        var (leading, lagging) = (cluster.Servers[leader]!, cluster.Servers[follower]!);
        var before = leading.Usage.ResidentMiB;
        lagging.Pause();
        LoopResult result;
        try
        {
            result = await WriteAsync(leading.Http, Connections, options.Seconds * 4);
        }
        finally
        {
            lagging.Resume();
        }
        var after = leading.Usage.ResidentMiB;
        var begun = Stopwatch.GetTimestamp();
        while (await AppliedAsync(lagging.Http) < await AppliedAsync(leading.Http)) await Task.Delay(10);
        report.Add("quorum", "a follower stands still", ("put_per_s", result.PerSecond), ("leader_before_MiB", before), ("leader_after_MiB", after),
            ("written", result.Requests), ("caught_up_after_s", Stopwatch.GetElapsedTime(begun).TotalSeconds));
    }

    private static async Task<long> AppliedAsync(IPEndPoint server)
    {
        if (await ServerCluster.TryGetAsync(server, "/v1/agent/self") is not { } text) return -1;
        return long.Parse(System.Text.Json.Nodes.JsonNode.Parse(text)!["Stats"]!["raft"]!["applied_index"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Task<LoopResult> WriteAsync(IPEndPoint server, int connections, double seconds)
    {
        // Values alternate: writing the same one again would change nothing.
        string[] values = [new('v', 128), new('w', 128)];
        byte[][] RequestsOf(int connection) =>
            [.. Enumerable.Range(0, KeysPerConnection * 2).Select(i => Request.Of("PUT", $"/v1/kv/load/{connection:000}/{i % KeysPerConnection:000}", values[i / KeysPerConnection]))];
        return ClosedLoop.RunAsync(server, connections, seconds, RequestsOf);
    }
}
