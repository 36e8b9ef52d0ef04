using Conclave.Cli.Commands;
using Conclave.Cli.Commands.Agents;
using Conclave.Cli.Commands.Catalog;
using Conclave.Cli.Commands.Kv;
using Conclave.Cli.Commands.Lock;
using Conclave.Cli.Commands.Operator;
using Conclave.Cli.Commands.Services;
using Conclave.Cli.Commands.Snapshot;
using Conclave.Cli.Commands.Watch;

namespace Conclave.Cli;

/// <summary>A verb or a group of verbs.</summary>
/// <param name="Path">Words separated by spaces.</param>
/// <param name="Summary">A few words for lists.</param>
/// <param name="Make">Makes the command; null for a group.</param>
/// <param name="Usage">Usage line of a group.</param>
internal sealed record CommandEntry(string Path, string Summary, Func<Command>? Make, string Usage = "");

/// <summary>All verbs. A verb is only made when it is run, so the table costs a start nothing.</summary>
internal static class CommandTable
{
    private const string NoAcl = "access control does not exist yet", NoMesh = "there is no mesh";

    private static readonly CommandEntry[] Entries =
    [
        Group("acl", "Access control"),
        .. Refused("acl", NoAcl, "auth-method", "binding-rule", "bootstrap", "policy", "role", "set-agent-token", "token", "translate-rules"),
        new("agent", "Runs an agent", () => new AgentCommand()),
        Group("catalog", "Reads the catalog"),
        new("catalog datacenters", "Lists datacenters", () => new CatalogDatacentersCommand()),
        new("catalog nodes", "Lists nodes", () => new CatalogNodesCommand()),
        new("catalog services", "Lists services", () => new CatalogServicesCommand()),
        Group("config", "Central configuration"),
        .. Refused("config", NoMesh, "delete", "list", "read", "write"),
        Group("connect", "Service mesh"),
        .. Refused("connect", NoMesh, "ca", "envoy", "expose", "proxy", "redirect-traffic"),
        new("debug", "Records an archive for support", () => new DebugCommand()),
        new("event", "Fires a user event", () => new EventCommand()),
        new("exec", "Runs a command on many nodes; refused", () => new ExecCommand()),
        new("force-leave", "Declares a failed member gone", () => new ForceLeaveCommand()),
        new("info", "Prints numbers about the agent", () => new InfoCommand()),
        Group("intention", "Intentions of the mesh"),
        .. Refused("intention", NoMesh, "check", "create", "delete", "get", "list", "match"),
        new("join", "Joins a cluster", () => new JoinCommand()),
        new("keygen", "Makes a gossip key", () => new KeygenCommand()),
        new("keyring", "Manages gossip keys", () => new KeyringCommand()),
        Group("kv", "Keys and values"),
        new("kv delete", "Removes keys", () => new KvDeleteCommand()),
        new("kv export", "Prints keys as JSON", () => new KvExportCommand()),
        new("kv get", "Prints keys", () => new KvGetCommand()),
        new("kv import", "Writes keys from JSON", () => new KvImportCommand()),
        new("kv put", "Writes a key", () => new KvPutCommand()),
        new("leave", "Leaves the cluster and stops the agent", () => new LeaveCommand()),
        new("lock", "Runs a child while holding a lock", () => new LockCommand()),
        Single("login", "[options]", NoAcl),
        Single("logout", "[options]", NoAcl),
        new("maint", "Maintenance mode", () => new MaintCommand()),
        new("members", "Lists members", () => new MembersCommand()),
        new("monitor", "Prints the agent's log", () => new MonitorCommand()),
        Group("operator", "For operators of servers", "<subcommand> [options]"),
        Group("operator autopilot", "Autopilot", "<subcommand> [options]"),
        new("operator autopilot get-config", "Shows autopilot's settings", () => new AutopilotGetConfigCommand()),
        new("operator autopilot set-config", "Changes autopilot's settings", () => new AutopilotSetConfigCommand()),
        new("operator autopilot state", "Shows how servers are doing", () => new AutopilotStateCommand()),
        Group("operator raft", "Raft", "<subcommand> [options]"),
        new("operator raft list-peers", "Lists servers", () => new ListPeersCommand()),
        new("operator raft remove-peer", "Removes a server", () => new RemovePeerCommand()),
        new("reload", "Reads the configuration anew", () => new ReloadCommand()),
        new("rtt", "Estimates a round trip time", () => new RttCommand()),
        Group("services", "Services of the agent"),
        new("services deregister", "Removes services", () => new ServicesDeregisterCommand()),
        new("services register", "Registers services", () => new ServicesRegisterCommand()),
        Group("snapshot", "Snapshots of the servers' state"),
        new("snapshot inspect", "Lists what an archive holds", () => new SnapshotInspectCommand()),
        new("snapshot restore", "Replaces the state by an archive", () => new SnapshotRestoreCommand()),
        new("snapshot save", "Saves the state as an archive", () => new SnapshotSaveCommand()),
        Group("tls", "Certificates", "<subcommand> <subcommand> [options]"),
        .. Refused("tls", "certificates are not made here", "ca", "cert"),
        new("validate", "Checks configuration files", () => new ValidateCommand()),
        new("version", "Prints the version", () => new VersionCommand()),
        new("watch", "Watches a view", () => new WatchCommand()),
    ];

    /// <summary>The entry with this path, or null.</summary>
    public static CommandEntry? Find(string path)
    {
        foreach (var entry in Entries)
            if (entry.Path == path) return entry;
        return null;
    }

    /// <summary>The verbs directly below a group ("" for the top), with their last word.</summary>
    public static IEnumerable<(string Name, string Summary)> Children(string path)
    {
        var prefix = path.Length == 0 ? "" : path + " ";
        foreach (var entry in Entries)
            if (entry.Path.StartsWith(prefix, StringComparison.Ordinal) && !entry.Path.AsSpan(prefix.Length).Contains(' '))
                yield return (entry.Path[prefix.Length..], entry.Summary);
    }

    private static CommandEntry Group(string path, string summary, string usage = "<subcommand> [options] [args]") => new(path, summary, null, $"{path} {usage}");

    private static CommandEntry Single(string path, string usage, string why) => new(path, "Not supported: " + why, () => new RefusedCommand($"{path} {usage}", why));

    private static IEnumerable<CommandEntry> Refused(string group, string why, params string[] names)
    {
        foreach (var name in names) yield return new CommandEntry($"{group} {name}", "Not supported: " + why, () => new RefusedCommand($"{group} {name} [options]", why));
    }
}
