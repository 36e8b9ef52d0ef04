using Conclave.Load.Scenarios;

namespace Conclave.Load;

/// <summary>The scenarios by name, in the order in which <c>all</c> runs them.</summary>
internal static class ScenarioList
{
    private static readonly (string Name, Func<LoadOptions, Report, Task> Run)[] s_all =
    [
        ("disk", DiskScenario.RunAsync),
        ("start", StartScenario.RunAsync),
        ("put", PutScenario.RunAsync),
        ("get", GetScenario.RunAsync),
        ("watch", WatchScenario.RunAsync),
        ("wake", WakeScenario.RunAsync),
        ("caches", CachesScenario.RunAsync),
        ("agent", AgentScenario.RunAsync),
        ("health", HealthScenario.RunAsync),
        ("keys", KeysScenario.RunAsync),
        ("kill", KillScenario.RunAsync),
        ("stall", StallScenario.RunAsync),
        ("quorum", QuorumScenario.RunAsync),
        ("failover", FailoverScenario.RunAsync),
        ("subscription", SubscriptionScenario.RunAsync),
        ("cut", CutScenario.RunAsync),
        ("leave", LeaveScenario.RunAsync),
        ("visible", VisibleScenario.RunAsync),
        ("datacenter", DatacenterScenario.RunAsync),
        ("gossip", GossipScenario.RunAsync),
        ("gossip-idle", GossipIdleScenario.RunAsync),
        ("harness", HarnessScenario.RunAsync),
    ];

    public static IReadOnlyList<string> Names { get; } = Array.ConvertAll(s_all, scenario => scenario.Name);

    /// <summary>0 when everything ran and nothing that must hold was found broken.</summary>
    public static async Task<int> RunAsync(LoadOptions options)
    {
        var report = new Report(options.Results);
        foreach (var (name, run) in s_all)
        {
            if (!options.Scenarios.Contains(name)) continue;
            report.Begin(name);
            try
            {
                await run(options, report);
            }
            catch (Exception problem) when (problem is IOException or TimeoutException or InvalidOperationException or System.Net.Sockets.SocketException or Microsoft.Diagnostics.NETCore.Client.DiagnosticsClientException
                or System.ComponentModel.Win32Exception)
            {
                report.Fail(name, problem.Message);
            }
        }
        return report.Failed ? 1 : 0;
    }
}
