using Conclave.Agent.Configuration;
using Conclave.Hosting.Agent;
using static Conclave.Hosting.Configuration.ConfigKeyKind;
using static Conclave.Hosting.Configuration.ConfigKeyStatus;

namespace Conclave.Hosting.Configuration;

public static partial class ConfigKeys
{
    private static void AddServer(List<ConfigKey> keys) => keys.AddRange(
    [
        Whole("protocol", (config, value) => config with { Protocol = value }, Stored),
        Whole("raft_protocol", (config, value) => config with { Raft = config.Raft with { Protocol = value == 0 ? 3 : value } }, Works, "only 3"),
        Whole("raft_snapshot_threshold", (config, value) => config with { Raft = config.Raft with { SnapshotThreshold = value } }),
        Span("raft_snapshot_interval", (config, value) => config with { Raft = config.Raft with { SnapshotInterval = value } }),
        Whole("raft_trailing_logs", (config, value) => config with { Raft = config.Raft with { TrailingLogs = value } }),
        Whole("performance.raft_multiplier", (config, value) => config with { Performance = config.Performance with { RaftMultiplier = value } }),
        Span("performance.leave_drain_time", (config, value) => config with { Performance = config.Performance with { LeaveDrainTime = value } }),
        Span("performance.rpc_hold_timeout", (config, value) => config with { Performance = config.Performance with { RpcHoldTimeout = value } }),
        Switch("autopilot.cleanup_dead_servers", (config, value) => config with { Autopilot = config.Autopilot with { CleanupDeadServers = value } }),
        Span("autopilot.last_contact_threshold", (config, value) => config with { Autopilot = config.Autopilot with { LastContactThreshold = value } }),
        Whole("autopilot.max_trailing_logs", (config, value) => config with { Autopilot = config.Autopilot with { MaxTrailingLogs = value } }),
        Whole("autopilot.min_quorum", (config, value) => config with { Autopilot = config.Autopilot with { MinQuorum = value } }),
        Span("autopilot.server_stabilization_time", (config, value) => config with { Autopilot = config.Autopilot with { ServerStabilizationTime = value } }),
        Word("autopilot.redundancy_zone_tag", (config, value) => config with { Autopilot = config.Autopilot with { RedundancyZoneTag = value } }, Stored),
        Switch("autopilot.disable_upgrade_migration", (config, value) => config with { Autopilot = config.Autopilot with { DisableUpgradeMigration = value } }, Stored),
        Word("autopilot.upgrade_version_tag", (config, value) => config with { Autopilot = config.Autopilot with { UpgradeVersionTag = value } }, Stored),
        Whole("limits.http_max_conns_per_client", (config, value) => config with { Limits = config.Limits with { HttpMaxConnsPerClient = value } }),
        Span("limits.https_handshake_timeout", (config, value) => config with { Limits = config.Limits with { HttpsHandshakeTimeout = value } }),
        Span("limits.rpc_handshake_timeout", (config, value) => config with { Limits = config.Limits with { RpcHandshakeTimeout = value } }),
        Span("limits.rpc_client_timeout", (config, value) => config with { Limits = config.Limits with { RpcClientTimeout = value } }, Stored),
        Whole("limits.rpc_max_conns_per_client", (config, value) => config with { Limits = config.Limits with { RpcMaxConnsPerClient = value } }),
        Key("limits.rpc_rate", ConfigKeyKind.Number, (draft, value) => draft.Config = draft.Config with { Limits = draft.Config.Limits with { RpcRate = value.Number() } }),
        Whole("limits.rpc_max_burst", (config, value) => config with { Limits = config.Limits with { RpcMaxBurst = value } }),
        Key("limits.kv_max_value_size", Int, (draft, value) => draft.Config = draft.Config with { Limits = draft.Config.Limits with { KvMaxValueSize = value.Long() } }),
        Key("limits.txn_max_req_len", Int, (draft, value) => draft.Config = draft.Config with { Limits = draft.Config.Limits with { TxnMaxReqLen = value.Long() } }),
        Unused("limits.request_limits", ConfigKeyKind.Object),
    ]);

    private static void AddFrontEnds(List<ConfigKey> keys)
    {
        keys.AddRange(
        [
            Key("http_config.response_headers", TextMap, (draft, value) =>
                draft.Config = draft.Config with { Http = draft.Config.Http with { ResponseHeaders = Merge(draft.Config.Http.ResponseHeaders, value.TextMap()) } }),
            Words("http_config.block_endpoints", (config, value) => config with { Http = config.Http with { BlockEndpoints = Append(config.Http.BlockEndpoints, value) } }),
            Words("http_config.allow_write_http_from", (config, value) => config with { Http = config.Http with { AllowWriteHttpFrom = Append(config.Http.AllowWriteHttpFrom, value) } }),
            Switch("http_config.use_cache", (config, value) => config with { Http = config.Http with { UseCache = value } }),
            Whole("http_config.max_header_bytes", (config, value) => config with { Http = config.Http with { MaxHeaderBytes = value } }),
            Key("http_api_response_headers", TextMap, (draft, value) =>
            {
                draft.Config = draft.Config with { Http = draft.Config.Http with { ResponseHeaders = Merge(draft.Config.Http.ResponseHeaders, value.TextMap()) } };
                Deprecated(draft, "http_api_response_headers", "http_config.response_headers");
            }, Works, "older name"),
            Word("domain", (config, value) => config with { Dns = config.Dns with { Domain = DomainName(value) } }, Stored),
            Word("alt_domain", (config, value) => config with { Dns = config.Dns with { AltDomain = DomainName(value) } }, Stored),
            Words("recursors", (config, value) => config with { Dns = config.Dns with { Recursors = Append(config.Dns.Recursors, value) } }, Stored),
            Switch("ui", (config, value) => config with { Ui = config.Ui with { Enabled = value } }, Stored),
            Word("ui_dir", (config, value) => config with { Ui = config.Ui with { Dir = value } }, Stored),
            Word("ui_content_path", (config, value) => config with { Ui = config.Ui with { ContentPath = value } }, Stored),
            Switch("ui_config.enabled", (config, value) => config with { Ui = config.Ui with { Enabled = value } }, Stored),
            Word("ui_config.dir", (config, value) => config with { Ui = config.Ui with { Dir = value } }, Stored),
            Word("ui_config.content_path", (config, value) => config with { Ui = config.Ui with { ContentPath = value } }, Stored),
            Neutral("ui_config.metrics_provider", Text),
            Neutral("ui_config.metrics_provider_files", TextList),
            Neutral("ui_config.metrics_provider_options_json", Text),
            Neutral("ui_config.metrics_proxy", ConfigKeyKind.Object),
            Neutral("ui_config.dashboard_url_templates", TextMap),
        ]);
        AddDns(keys);
        AddTelemetry(keys);
    }

    private static void Deprecated(ConfigDraft draft, string old, string replacement) =>
        draft.Warn($"The '{old}' field is deprecated. Use the '{replacement}' field instead.");

    private static string DomainName(string domain) => domain.Length == 0 || domain.EndsWith('.') ? domain.ToLowerInvariant() : domain.ToLowerInvariant() + ".";

    private static void AddDns(List<ConfigKey> keys) => keys.AddRange(
    [
        Dns("allow_stale", Bool, (dns, value) => dns with { AllowStale = value.Bool() }),
        Dns("max_stale", Duration, (dns, value) => dns with { MaxStale = value.Duration() }),
        Dns("node_ttl", Duration, (dns, value) => dns with { NodeTtl = value.Duration() }),
        Dns("service_ttl", TextMap, (dns, value) => dns with { ServiceTtl = Merge(dns.ServiceTtl, Durations(value)) }),
        Dns("enable_truncate", Bool, (dns, value) => dns with { EnableTruncate = value.Bool() }),
        Dns("only_passing", Bool, (dns, value) => dns with { OnlyPassing = value.Bool() }),
        Dns("disable_compression", Bool, (dns, value) => dns with { DisableCompression = value.Bool() }),
        Dns("udp_answer_limit", Int, (dns, value) => dns with { UdpAnswerLimit = value.Int() }),
        Dns("a_record_limit", Int, (dns, value) => dns with { ARecordLimit = value.Int() }),
        Dns("node_meta_txt", Bool, (dns, value) => dns with { NodeMetaTxt = value.Bool() }),
        Dns("enable_additional_node_meta_txt", Bool, (dns, value) => dns with { NodeMetaTxt = value.Bool() }),
        Dns("recursor_timeout", Duration, (dns, value) => dns with { RecursorTimeout = value.Duration() }),
        Dns("recursor_strategy", Text, (dns, value) => dns with { RecursorStrategy = value.Text() }),
        Dns("use_cache", Bool, (dns, value) => dns with { UseCache = value.Bool() }),
        Dns("cache_max_age", Duration, (dns, value) => dns with { CacheMaxAge = value.Duration() }),
        Dns("soa.refresh", Int, (dns, value) => dns with { SoaRefresh = value.UInt() }),
        Dns("soa.retry", Int, (dns, value) => dns with { SoaRetry = value.UInt() }),
        Dns("soa.expire", Int, (dns, value) => dns with { SoaExpire = value.UInt() }),
        Dns("soa.min_ttl", Int, (dns, value) => dns with { SoaMinTtl = value.UInt() }),
        Neutral("dns_config.prefer_namespace", Bool),
    ]);

    private static ConfigKey Dns(string name, ConfigKeyKind kind, Func<DnsConfig, ConfigValue, DnsConfig> change) =>
        Key("dns_config." + name, kind, (draft, value) => draft.Config = draft.Config with { Dns = change(draft.Config.Dns, value) }, Stored);

    private static SortedDictionary<string, TimeSpan> Durations(ConfigValue value)
    {
        var durations = new SortedDictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var (name, raw) in value.Object().Fields) durations[name] = new ConfigValue($"{value.Path}[{name}]", raw).Duration();
        return durations;
    }

    private static void AddTelemetry(List<ConfigKey> keys)
    {
        keys.AddRange(
        [
            Telemetry("disable_hostname", Bool, (telemetry, value) => telemetry with { DisableHostname = value.Bool() }),
            Telemetry("metrics_prefix", Text, (telemetry, value) => telemetry with { MetricsPrefix = value.Text() }),
            Telemetry("prometheus_retention_time", Duration, (telemetry, value) => telemetry with { PrometheusRetentionTime = value.Duration() }),
            Key("telemetry.prefix_filter", TextList, ApplyPrefixFilter),
            Telemetry("filter_default", Bool, (telemetry, value) => telemetry with { FilterDefault = value.Bool() }),
            Unused("telemetry.statsd_address", Text),
            Unused("telemetry.statsite_address", Text),
            Unused("telemetry.dogstatsd_addr", Text),
            Unused("telemetry.dogstatsd_tags", TextList),
            Neutral("telemetry.disable_compat_1.9", Bool),
            Neutral("telemetry.enable_host_metrics", Bool),
            Neutral("telemetry.retry_failed_connection", Bool),
            Unused("telemetry.circonus_submission_interval", Text),
            Unused("telemetry.circonus_check_force_metric_activation", Text),
        ]);
        foreach (var name in (string[])["api_app", "api_token", "api_url", "broker_id", "broker_select_tag", "check_display_name", "check_id", "check_instance_id", "check_search_tag", "check_tags", "submission_url"])
            keys.Add(Unused("telemetry.circonus_" + name, Text));
    }

    private static void ApplyPrefixFilter(ConfigDraft draft, ConfigValue value)
    {
        var rules = value.Strings();
        foreach (string rule in rules)
        {
            if (rule.Length == 0) draft.Warn("Cannot have empty filter rule in prefix_filter");
            else if (!MetricFilter.IsRule(rule)) draft.Warn($"Filter rule must begin with either '+' or '-': \"{rule}\"");
        }
        var telemetry = draft.Config.Telemetry;
        draft.Config = draft.Config with { Telemetry = telemetry with { PrefixFilter = Append(telemetry.PrefixFilter, rules) } };
    }

    private static ConfigKey Telemetry(string name, ConfigKeyKind kind, Func<TelemetryConfig, ConfigValue, TelemetryConfig> change) =>
        Key("telemetry." + name, kind, (draft, value) => draft.Config = draft.Config with { Telemetry = change(draft.Config.Telemetry, value) });
}
