using System.Diagnostics;
using System.Net;
using Conclave.Hosting.Logging;
using Conclave.Load.Datacenter;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Three servers and 50 client agents in this process with 5,000 services and 15,000 checks: steady cost, heartbeats that never miss, who is woken when one check flaps.</summary>
internal static class DatacenterScenario
{
    private const int Agents = 50, ServicesPerAgent = 100, WatchedServices = 200, Flaps = 20, WatchersOfOne = 1_000;

    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(5), s_patience = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var cluster = await ServerCluster.StartAsync(options, folder.Path);
        using var log = new AgentLog(new Conclave.Agent.Configuration.LogConfig { Level = Conclave.Agent.Configuration.LogLevels.Error }, null, TimeProvider.System);
        var agents = new List<LoadedAgent>();
        using var end = new CancellationTokenSource();
        var beating = Task.CompletedTask;
        try
        {
            int perAgent = options.Count(ServicesPerAgent, least: 4);
            int[] ports = FreePorts.Take(Agents * 2);
            for (int i = 0; i < Agents; i++) agents.Add(await LoadedAgent.StartAsync(i, perAgent, folder.Path, cluster.Join, (ports[i * 2], ports[i * 2 + 1]), log));
            await RegisterAsync(report, cluster, agents, perAgent);
            beating = BeatAsync(agents, end.Token);
            await SteadyAsync(options, report, cluster, agents.Count, perAgent);
            await FlapAsync(report, cluster, agents, perAgent);
            await CrowdAsync(options, report, cluster, agents);
        }
        finally
        {
            await end.CancelAsync();
            await beating;
            foreach (var agent in agents) await agent.DisposeAsync();
        }
    }

    private static async Task RegisterAsync(Report report, ServerCluster cluster, List<LoadedAgent> agents, int perAgent)
    {
        long begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(agents.Select(static agent => agent.RegisterAsync()));
        double registered = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        int expected = agents.Count * perAgent;
        while (await CountAsync(cluster, "/v1/catalog/services", "\"svc-"u8.ToArray()) < expected)
        {
            if (Stopwatch.GetElapsedTime(begun) > s_patience) throw new TimeoutException("not all services have reached the catalog");
            await Task.Delay(100);
        }
        report.Add("datacenter", $"{expected:N0} services, {expected * LoadedAgent.ChecksPerService:N0} checks, {agents.Count} agents", ("registered_s", registered), ("in_catalog_s", Stopwatch.GetElapsedTime(begun).TotalSeconds));
    }

    // Every agent's beats at a time of its own, as those of programs that started whenever.
    private static Task BeatAsync(List<LoadedAgent> agents, CancellationToken stop) => Task.WhenAll(agents.Select(async (agent, number) =>
    {
        try
        {
            await Task.Delay(s_beat * number / agents.Count, stop);
            using var timer = new PeriodicTimer(s_beat);
            do agent.Beat();
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }));

    private static async Task SteadyAsync(LoadOptions options, Report report, ServerCluster cluster, int agents, int perAgent)
    {
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds * 2));
        var length = TimeSpan.FromSeconds(options.Seconds * 12);
        int leader = await cluster.LeaderAsync();
        var before = cluster.Servers.Select(static server => server!.Usage).ToArray();
        var self = Process.GetCurrentProcess();
        var (cpu, traffic, index) = (self.TotalProcessorTime, LoopbackTraffic.Read(), await IndexAsync(cluster, "/v1/health/state/critical"));
        long begun = Stopwatch.GetTimestamp();
        await Task.Delay(length);
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        self.Refresh();
        var crossed = LoopbackTraffic.Read() - traffic;
        var usage = cluster.Servers.Select(static server => server!.Usage).ToArray();
        double[] percent = [.. usage.Select((after, i) => (after.Cpu - before[i].Cpu).TotalSeconds / seconds * 100)];
        int critical = await CountAsync(cluster, "/v1/health/state/critical", "\"CheckID\""u8.ToArray());
        report.Add("datacenter", "steady state", ("seconds", seconds), ("beats_per_s", agents * perAgent * LoadedAgent.BeatingPerService / s_beat.TotalSeconds),
            ("agent_cpu_percent_each", (self.TotalProcessorTime - cpu).TotalSeconds / seconds * 100 / agents), ("agents_MiB_each", self.WorkingSet64 / 1024.0 / 1024 / agents),
            ("leader_cpu_percent", percent[leader]), ("follower_cpu_percent", percent.Where((_, i) => i != leader).Average()),
            ("leader_MiB", usage[leader].ResidentMiB), ("follower_MiB", usage.Where((_, i) => i != leader).Average(static one => one.ResidentMiB)),
            ("network_kB_per_s", crossed.Bytes / seconds / 1000), ("packets_per_s", crossed.Packets / seconds), ("checks_critical", critical));
        if (critical > 0 || index != await IndexAsync(cluster, "/v1/health/state/critical")) report.Fail("datacenter", "a check went critical although its heartbeats came");
    }

    // Watchers of many services at a client agent and at a follower; one check flaps.
    private static async Task FlapAsync(Report report, ServerCluster cluster, List<LoadedAgent> agents, int perAgent)
    {
        int leader = await cluster.LeaderAsync();
        var follower = cluster.Servers[(leader + 1) % ServerCluster.Size]!.Http;
        var client = Endpoint(agents[1]);
        using var end = new CancellationTokenSource();
        var watched = Enumerable.Range(0, WatchedServices).Select(i => agents[i % agents.Count].ServiceName(i / agents.Count % perAgent)).Distinct().ToArray();
        var watchers = watched.SelectMany(name => (ServiceWatcher[])[new(follower, name), new(client, name)]).ToArray();
        foreach (var watcher in watchers) await watcher.StartAsync(end.Token);
        await Task.Delay(1000);

        int wakesBefore = watchers.Sum(static watcher => watcher.Wakes);
        var seen = new Latencies();
        var flapping = watchers.Where(watcher => watcher.Service == agents[0].ServiceName(0)).ToArray();
        for (int i = 0; i < Flaps; i++)
        {
            int[] counts = [.. flapping.Select(static watcher => watcher.Wakes)];
            long begun = Stopwatch.GetTimestamp();
            agents[0].Flap(0, passing: i % 2 == 1);
            while (flapping.Where((watcher, w) => watcher.Wakes == counts[w]).Any())
            {
                if (Stopwatch.GetElapsedTime(begun) > s_patience) throw new TimeoutException("a watcher did not hear of the flapping check");
                await Task.Delay(1);
            }
            seen.Add(begun);
        }
        int others = watchers.Sum(static watcher => watcher.Wakes) - wakesBefore - flapping.Sum(static watcher => watcher.Wakes);
        await end.CancelAsync();
        foreach (var watcher in watchers) await watcher.EndAsync();
        report.Add("datacenter", $"one check flaps, {watchers.Length} watchers", ("flaps", Flaps), ("seen_by_both_p50_ms", seen.Percentile(0.5) / 1000), ("seen_by_both_max_ms", seen.Percentile(1) / 1000), ("wakes_of_other_services", others));
        if (others > 0) report.Fail("datacenter", "watchers of other services were woken");
    }

    // Many watchers of one service, a third of them at each server and the rest behind one client agent.
    private static async Task CrowdAsync(LoadOptions options, Report report, ServerCluster cluster, List<LoadedAgent> agents)
    {
        string target = $"/v1/health/service/{agents[0].ServiceName(0)}";
        int leader = await cluster.LeaderAsync();
        foreach (var (where, server) in ((string, IPEndPoint)[])[("a follower", cluster.Servers[(leader + 1) % ServerCluster.Size]!.Http), ("a client agent", Endpoint(agents[1]))])
        {
            using var asking = await Connection.OpenAsync(server);
            ulong index = (await asking.AskAsync(Request.Get(target))).Index;
            var clients = await WaitingClients.OpenAsync(server, options.Count(WatchersOfOne), _ => $"{target}?index={index}&wait=5m");
            await Task.Delay(1000);
            var before = cluster.Servers.Select(static one => one!.Usage.Cpu).ToArray();
            long begun = Stopwatch.GetTimestamp();
            agents[0].Flap(0, passing: false);
            foreach (var waiting in clients.Connections) (await waiting.ReceiveAsync()).MustBe(200);
            double took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            double cpu = cluster.Servers.Select((one, i) => (one!.Usage.Cpu - before[i]).TotalMilliseconds).Sum();
            int count = clients.Connections.Count;
            clients.Vanish();
            agents[0].Flap(0, passing: true);
            report.Add("datacenter", $"{count:N0} watchers of one service at {where}", ("all_answered_ms", took), ("servers_cpu_ms", cpu));
            await Task.Delay(1000);
        }
    }

    private static IPEndPoint Endpoint(LoadedAgent agent) => IPEndPoint.Parse(new Uri(agent.Http).Authority);

    private static async Task<int> CountAsync(ServerCluster cluster, string target, byte[] what)
    {
        using var connection = await Connection.OpenAsync(cluster.Servers[0]!.Http);
        var body = (await connection.AskAsync(Request.Get(target))).Body;
        return body.Span.Count(what);
    }

    private static async Task<ulong> IndexAsync(ServerCluster cluster, string target)
    {
        using var connection = await Connection.OpenAsync(cluster.Servers[0]!.Http);
        return (await connection.AskAsync(Request.Get(target))).Index;
    }
}
