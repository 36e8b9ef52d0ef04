using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Conclave.Agent;
using Conclave.Node;

namespace Conclave.Hosting;

/// <summary>The blocks of numbers that <c>agent/self</c> and <c>info</c> show: names and order are Consul's.</summary>
internal static class AgentStats
{
    /// <summary>All blocks, ordered by name.</summary>
    public static List<StatsSection> Build(AgentIdentity identity, INodeGateway gateway, (int Services, int Checks, int Ttls, int Monitors) counts)
    {
        var sections = new List<StatsSection>
        {
            Section("agent", ("check_monitors", Number(counts.Monitors)), ("check_ttls", Number(counts.Ttls)), ("checks", Number(counts.Checks)), ("services", Number(counts.Services))),
            Section("build", ("prerelease", ""), ("revision", identity.Revision), ("version", identity.Version)),
        };
        if (identity.IsServer)
        {
            sections.Add(Server(identity, gateway.Status));
            sections.Add(Raft(gateway.Raft, gateway.Status));
        }
        else sections.Add(Section("consul", ("acl", "disabled"), ("known_servers", Number(gateway.Status.PeerAddresses.Count)), ("server", "false")));
        sections.Add(Runtime());
        sections.Add(Serf("serf_lan"));
        if (identity.IsServer && identity.SerfWanPort > 0) sections.Add(Serf("serf_wan"));
        return sections;
    }

    private static StatsSection Server(AgentIdentity identity, ClusterStatus status) => Section(
        "consul",
        ("acl", "disabled"),
        ("bootstrap", Flag(identity.Bootstrap)),
        ("known_datacenters", "1"),
        ("leader", Flag(status.IsLeader)),
        ("leader_addr", status.LeaderAddress),
        ("server", "true"));

    private static StatsSection Raft(RaftStatus raft, ClusterStatus status) => Section(
        "raft",
        ("applied_index", Number(raft.AppliedIndex)),
        ("commit_index", Number(raft.CommitIndex)),
        ("fsm_pending", Number(raft.PendingProposals)),
        ("last_contact", status.KnownLeader ? "0" : "never"),
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

    private static StatsSection Runtime() => Section(
        "runtime",
        ("arch", RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => "amd64", Architecture.Arm64 => "arm64", var other => other.ToString().ToLowerInvariant() }),
        ("cpu_count", Number(Environment.ProcessorCount)),
        ("goroutines", Number(ThreadPool.ThreadCount)),
        ("max_procs", Number(Environment.ProcessorCount)),
        ("os", OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : "windows"),
        ("version", ".NET " + Environment.Version));

    // One member, nothing in flight: what a pool of one server shows.
    private static StatsSection Serf(string name) => Section(
        name,
        ("coordinate_resets", "0"),
        ("encrypted", "false"),
        ("event_queue", "0"),
        ("event_time", "1"),
        ("failed", "0"),
        ("health_score", "0"),
        ("intent_queue", "0"),
        ("left", "0"),
        ("member_time", "1"),
        ("members", "1"),
        ("query_queue", "0"),
        ("query_time", "1"));

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
