namespace Conclave.Hosting.Configuration;

/// <summary>The keys whose values change while an agent runs when its configuration is read anew.</summary>
internal static class ReloadableKeys
{
    private static readonly HashSet<string> Paths = new(StringComparer.Ordinal)
    {
        "ca_file",
        "ca_path",
        "cert_file",
        "check",
        "checks",
        "discard_check_output",
        "discovery_max_stale",
        "http_api_response_headers",
        "http_config.allow_write_http_from",
        "http_config.block_endpoints",
        "http_config.response_headers",
        "http_config.use_cache",
        "key_file",
        "limits.http_max_conns_per_client",
        "limits.rpc_handshake_timeout",
        "limits.rpc_max_burst",
        "limits.rpc_max_conns_per_client",
        "limits.rpc_rate",
        "log_level",
        "node_meta",
        "raft_snapshot_interval",
        "raft_snapshot_threshold",
        "raft_trailing_logs",
        "service",
        "services",
        "telemetry.filter_default",
        "telemetry.prefix_filter",
        "tls.defaults.ca_file",
        "tls.defaults.ca_path",
        "tls.defaults.cert_file",
        "tls.defaults.key_file",
        "tls.defaults.tls_min_version",
        "tls.defaults.verify_incoming",
        "tls.https.ca_file",
        "tls.https.ca_path",
        "tls.https.cert_file",
        "tls.https.key_file",
        "tls.https.tls_min_version",
        "tls.https.verify_incoming",
        "tls_min_version",
        "verify_incoming",
        "verify_incoming_https",
        "watches",
    };

    /// <summary>Whether a reload takes over the value of the key with this path.</summary>
    public static bool Contains(string path) => Paths.Contains(path);

    /// <summary>The keys that act only at the start and have changed, in ordinal order. Keys without effect here do not count.</summary>
    public static List<string> Missed(IReadOnlyDictionary<string, ulong> before, IReadOnlyDictionary<string, ulong> after)
    {
        var missed = new List<string>();
        foreach (var key in ConfigKeys.All)
        {
            if (key.IsReloadable || key.Status != ConfigKeyStatus.Works) continue;
            if (before.GetValueOrDefault(key.Path) != after.GetValueOrDefault(key.Path)) missed.Add(key.Path);
        }
        return missed;
    }
}
