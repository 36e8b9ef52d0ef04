namespace Conclave.Hosting.Configuration;

/// <summary>A flag of <c>agent</c> that sets a configuration key.</summary>
/// <param name="Name">Name without dashes.</param>
/// <param name="KeyPath">The key.</param>
public sealed record AgentFlag(string Name, string KeyPath)
{
    /// <summary>Type of the key's value, which decides how the flag's text is read.</summary>
    public ConfigKeyKind Kind => ConfigKeys.Find(KeyPath)!.Kind;
}

/// <summary>The flags of <c>agent</c> that set configuration keys. The others (<c>-dev</c>, <c>-hcl</c>, <c>-config-…</c>) say what to read.</summary>
public static class AgentFlags
{
    /// <summary>All of them, ordered by name.</summary>
    public static IReadOnlyList<AgentFlag> All { get; } =
    [
        new("advertise", "advertise_addr"),
        new("advertise-wan", "advertise_addr_wan"),
        new("allow-write-http-from", "http_config.allow_write_http_from"),
        new("alt-domain", "alt_domain"),
        new("bind", "bind_addr"),
        new("bootstrap", "bootstrap"),
        new("bootstrap-expect", "bootstrap_expect"),
        new("check_output_max_size", "check_output_max_size"),
        new("client", "client_addr"),
        new("data-dir", "data_dir"),
        new("datacenter", "datacenter"),
        new("default-query-time", "default_query_time"),
        new("disable-host-node-id", "disable_host_node_id"),
        new("disable-keyring-file", "disable_keyring_file"),
        new("dns-port", "ports.dns"),
        new("domain", "domain"),
        new("enable-local-script-checks", "enable_local_script_checks"),
        new("enable-script-checks", "enable_script_checks"),
        new("encrypt", "encrypt"),
        new("grpc-port", "ports.grpc"),
        new("http-port", "ports.http"),
        new("https-port", "ports.https"),
        new("join", "start_join"),
        new("join-wan", "start_join_wan"),
        new("log-file", "log_file"),
        new("log-json", "log_json"),
        new("log-level", "log_level"),
        new("log-rotate-bytes", "log_rotate_bytes"),
        new("log-rotate-duration", "log_rotate_duration"),
        new("log-rotate-max-files", "log_rotate_max_files"),
        new("max-query-time", "max_query_time"),
        new("node", "node_name"),
        new("node-id", "node_id"),
        new("node-meta", "node_meta"),
        new("non-voting-server", "non_voting_server"),
        new("pid-file", "pid_file"),
        new("primary-gateway", "primary_gateways"),
        new("protocol", "protocol"),
        new("raft-protocol", "raft_protocol"),
        new("read-replica", "read_replica"),
        new("recursor", "recursors"),
        new("rejoin", "rejoin_after_leave"),
        new("retry-interval", "retry_interval"),
        new("retry-interval-wan", "retry_interval_wan"),
        new("retry-join", "retry_join"),
        new("retry-join-wan", "retry_join_wan"),
        new("retry-max", "retry_max"),
        new("retry-max-wan", "retry_max_wan"),
        new("segment", "segment"),
        new("serf-lan-allowed-cidrs", "serf_lan_allowed_cidrs"),
        new("serf-lan-bind", "serf_lan"),
        new("serf-lan-port", "ports.serf_lan"),
        new("serf-wan-allowed-cidrs", "serf_wan_allowed_cidrs"),
        new("serf-wan-bind", "serf_wan"),
        new("serf-wan-port", "ports.serf_wan"),
        new("server", "server"),
        new("server-port", "ports.server"),
        new("syslog", "enable_syslog"),
        new("ui", "ui_config.enabled"),
        new("ui-content-path", "ui_config.content_path"),
        new("ui-dir", "ui_config.dir"),
    ];

    internal static void LinkTo(Dictionary<string, ConfigKey> keys)
    {
        foreach (var flag in All) keys[flag.KeyPath].Flag = flag.Name;
    }
}
