using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Conclave.Agent;
using Conclave.Core;
using Conclave.Gossip;
using Conclave.Hosting.Gossip;
using Conclave.Hosting.Pools;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>The blocks of numbers that <c>agent/self</c> and <c>info</c> show: names and order are Consul's.</summary>
internal static class AgentStats
{
    /// <summary>All blocks, ordered by name.</summary>
    public static List<StatsSection> Build(AgentIdentity identity, INodeGateway gateway, (int Services, int Checks, int Ttls, int Monitors) counts, AgentPools? pools = null)
    {
        var sections = new List<StatsSection>
        {
            Section("agent", ("check_monitors", Number(counts.Monitors)), ("check_ttls", Number(counts.Ttls)), ("checks", Number(counts.Checks)), ("services", Number(counts.Services))),
            Section("build", ("prerelease", ""), ("revision", identity.Revision), ("version", identity.Version)),
        };
        if (identity.IsServer)
        {
            sections.Add(Server(identity, gateway.Status, pools));
            sections.Add(Raft(gateway.Raft, gateway.Status, LastContact(gateway)));
        }
        else sections.Add(Section("consul", ("acl", "disabled"), ("known_servers", Number(gateway.Status.PeerAddresses.Count)), ("server", "false")));
        sections.Add(Runtime());
        sections.Add(Serf("serf_lan", pools?.Lan));
        if (identity.IsServer && identity.SerfWanPort > 0) sections.Add(Serf("serf_wan", pools?.Wan));
        return sections;
    }

    private static StatsSection Server(AgentIdentity identity, ClusterStatus status, AgentPools? pools) => Section(
        "consul",
        ("acl", "disabled"),
        ("bootstrap", Flag(identity.Bootstrap)),
        ("known_datacenters", Number(KnownDatacenters(pools))),
        ("leader", Flag(status.IsLeader)),
        ("leader_addr", status.LeaderAddress),
        ("server", "true"));

    private static StatsSection Raft(RaftStatus raft, ClusterStatus status, string lastContact) => Section(
        "raft",
        ("applied_index", Number(raft.AppliedIndex)),
        ("commit_index", Number(raft.CommitIndex)),
        ("fsm_pending", Number(raft.PendingProposals)),
        ("last_contact", lastContact),
        ("last_log_index", Number(raft.LastLogIndex)),
        ("last_log_term", Number(raft.LastLogTerm)),
        ("last_snapshot_index", Number(raft.SnapshotIndex)),
        ("last_snapshot_term", Number(raft.SnapshotTerm)),
        ("latest_configuration", Servers(status)),
        ("latest_configuration_index", Number(status.ConfigurationIndex)),
        ("num_peers", Number(Math.Max(0, status.PeerAddresses.Count - 1))),
        ("protocol_version", "3"),
        ("protocol_version_max", "3"),
        ("protocol_version_min", "0"),
        ("snapshot_version_max", "1"),
        ("snapshot_version_min", "0"),
        ("state", raft.State),
        ("term", Number(raft.Term)));

    // A stale read tells at once how old this server's knowledge is, unless it has never been up to date: then it would wait.
    private static string LastContact(INodeGateway gateway)
    {
        if (gateway.Status.IsLeader) return "0";
        using var noWait = new CancellationTokenSource();
        var read = gateway.ReadAsync(ReadMode.Stale, noWait.Token);
        if (read.IsCompletedSuccessfully) return GoDuration.From(TimeSpan.FromMilliseconds(read.Result.LastContactMilliseconds)).ToString();
        _ = read.AsTask().ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        noWait.Cancel();
        return "never";
    }

    private static StatsSection Runtime() => Section(
        "runtime",
        ("arch", RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => "amd64", Architecture.Arm64 => "arm64", var other => other.ToString().ToLowerInvariant() }),
        ("cpu_count", Number(Environment.ProcessorCount)),
        ("goroutines", Number(ThreadPool.ThreadCount)),
        ("max_procs", Number(Environment.ProcessorCount)),
        ("os", OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : "windows"),
        ("version", ".NET " + Environment.Version));

    // Without a pool: one member, nothing in flight.
    private static StatsSection Serf(string name, GossipRuntime? pool)
    {
        var numbers = pool?.Numbers ?? new GossipNumbers { MemberTime = 1, EventTime = 1, QueryTime = 1 };
        var (members, failed, left) = Count(pool);
        return Section(
            name,
            ("coordinate_resets", Number(numbers.CoordinateResets)),
            ("encrypted", Flag(pool is { IsEncrypted: true })),
            ("event_queue", Number(numbers.EventQueue)),
            ("event_time", Number(numbers.EventTime)),
            ("failed", Number(failed)),
            ("health_score", Number(numbers.HealthScore)),
            ("intent_queue", Number(numbers.IntentQueue)),
            ("left", Number(left)),
            ("member_time", Number(numbers.MemberTime)),
            ("members", Number(members)),
            ("query_queue", Number(numbers.QueryQueue)),
            ("query_time", Number(numbers.QueryTime)));
    }

    private static (int Members, int Failed, int Left) Count(GossipRuntime? pool)
    {
        if (pool is null) return (1, 0, 0);
        int failed = 0, left = 0;
        foreach (var member in pool.Members)
        {
            if (member.Status == MemberStatus.Failed) failed++;
            else if (member.Status == MemberStatus.Left) left++;
        }
        return (pool.Members.Count, failed, left);
    }

    private static int KnownDatacenters(AgentPools? pools)
    {
        if (pools?.Wan is null) return 1;
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in pools.WanMembers)
            if (member.Tag("dc") is { } datacenter) known.Add(datacenter);
        return known.Count;
    }

    private static string Servers(ClusterStatus status)
    {
        var text = new StringBuilder("[");
        foreach (var server in status.Servers)
        {
            if (text.Length > 1) text.Append(' ');
            text.Append(CultureInfo.InvariantCulture, $"{{Suffrage:{(server.IsVoter ? "Voter" : "Nonvoter")} ID:{server.Id} Address:{server.Address}}}");
        }
        return text.Append(']').ToString();
    }

    private static StatsSection Section(string name, params (string Key, string Value)[] values) =>
        new(name, Array.ConvertAll(values, static pair => new KeyValuePair<string, string>(pair.Key, pair.Value)));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Flag(bool value) => value ? "true" : "false";
}
