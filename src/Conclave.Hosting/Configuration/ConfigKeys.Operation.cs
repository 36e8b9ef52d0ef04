using Conclave.Agent.Configuration;
using static Conclave.Hosting.Configuration.ConfigKeyKind;
using static Conclave.Hosting.Configuration.ConfigKeyStatus;

namespace Conclave.Hosting.Configuration;

public static partial class ConfigKeys
{
    private static void AddOperation(List<ConfigKey> keys) => keys.AddRange(
    [
        Key("log_level", Text, (draft, value) =>
        {
            if (LogConfig.TryParseLevel(value.Text(), out var level)) draft.Config = draft.Config with { Log = draft.Config.Log with { Level = level } };
            else throw new ConfigValueException($"Invalid log level: {value.Text()}. Valid log levels are: [TRACE DEBUG INFO WARN ERR]");
        }),
        Switch("log_json", (config, value) => config with { Log = config.Log with { Json = value } }),
        Word("log_file", (config, value) => config with { Log = config.Log with { File = value } }),
        Key("log_rotate_bytes", Int, (draft, value) => draft.Config = draft.Config with { Log = draft.Config.Log with { RotateBytes = value.Long() } }),
        Span("log_rotate_duration", (config, value) => config with { Log = config.Log with { RotateDuration = value } }),
        Whole("log_rotate_max_files", (config, value) => config with { Log = config.Log with { RotateMaxFiles = value } }),
        Switch("enable_syslog", (config, value) => config with { Log = config.Log with { EnableSyslog = value } }, Stored, "there is no syslog output"),
        Neutral("syslog_facility", Text),
        Word("pid_file", (config, value) => config with { PidFile = value }),
        Span("default_query_time", (config, value) => config with { DefaultQueryTime = value }),
        Span("max_query_time", (config, value) => config with { MaxQueryTime = value }),
        Span("session_ttl_min", (config, value) => config with { SessionTtlMin = value }),
        Span("check_update_interval", (config, value) => config with { CheckUpdateInterval = value }),
        Whole("check_output_max_size", (config, value) => config with { CheckOutputMaxSize = value }),
        Switch("discard_check_output", (config, value) => config with { DiscardCheckOutput = value }),
        Span("discovery_max_stale", (config, value) => config with { DiscoveryMaxStale = value }),
        Switch("enable_script_checks", (config, value) => config with { EnableScriptChecks = value }),
        Switch("enable_local_script_checks", (config, value) => config with { EnableLocalScriptChecks = value }),
        Switch("enable_agent_tls_for_checks", (config, value) => config with { EnableAgentTlsForChecks = value }, Stored),
        Switch("enable_debug", (config, value) => config with { EnableDebug = value }),
        Switch("enable_central_service_config", (config, value) => config with { EnableCentralServiceConfig = value }, Stored),
        Switch("use_streaming_backend", (config, value) => config with { UseStreamingBackend = value }),
        Switch("rpc.enable_streaming", (config, value) => config with { EnableRpcStreaming = value }),
        Switch("disable_coordinates", (config, value) => config with { DisableCoordinates = value }),
        Switch("disable_remote_exec", (config, value) => config with { DisableRemoteExec = value }, Stored, "there is no remote execution"),
        Switch("disable_http_unprintable_char_filter", (config, value) => config with { DisableHttpUnprintableCharFilter = value }),
        Switch("skip_leave_on_interrupt", (config, value) => config with { SkipLeaveOnInterrupt = value }),
        Switch("leave_on_terminate", (config, value) => config with { LeaveOnTerminate = value }),
        Switch("connect.enabled", (config, value) => config with { Connect = config.Connect with { Enabled = value } }, Stored, "there is no mesh yet"),
        Word("connect.ca_provider", (config, value) => config with { Connect = config.Connect with { CaProvider = value } }, Stored),
        Key("connect.ca_config", ConfigKeyKind.Object, ApplyCaConfig, Stored),
    ]);

    private static void ApplyCaConfig(ConfigDraft draft, ConfigValue value)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var cluster = draft.Config.Connect.ClusterId;
        foreach (var (name, raw) in value.Object().Fields)
        {
            if (name.Equals("cluster_id", StringComparison.OrdinalIgnoreCase)) cluster = new ConfigValue(value.Path + "." + name, raw).Text();
            else if (raw is string text) settings[name] = text;
        }
        draft.Config = draft.Config with { Connect = draft.Config.Connect with { ClusterId = cluster, CaConfig = Merge(draft.Config.Connect.CaConfig, settings) } };
    }

    private static void AddDefinitions(List<ConfigKey> keys) => keys.AddRange(
    [
        Key("service", ConfigKeyKind.Object, (draft, value) => AddServices(draft, OneOrMore(value)), Works),
        Key("services", ObjectList, (draft, value) => AddServices(draft, value.Objects()), Works),
        Key("check", ConfigKeyKind.Object, (draft, value) => AddChecks(draft, OneOrMore(value)), Works),
        Key("checks", ObjectList, (draft, value) => AddChecks(draft, value.Objects()), Works),
        Key("watches", ObjectList, (draft, value) => AddWatches(draft, value.Objects()), Works),
    ]);

    /// <summary>A block that stands alone keeps its path; repeated blocks are numbered.</summary>
    private static IReadOnlyList<ConfigValue> OneOrMore(ConfigValue value) => value.Raw is ConfigObject ? [value] : value.Objects();

    private static void AddServices(ConfigDraft draft, IReadOnlyList<ConfigValue> definitions)
    {
        foreach (var definition in definitions)
        {
            var service = DefinitionReader.Service(definition);
            draft.Config = draft.Config with { Services = Append(draft.Config.Services, [service]) };
        }
    }

    private static void AddChecks(ConfigDraft draft, IReadOnlyList<ConfigValue> definitions)
    {
        foreach (var definition in definitions)
        {
            var check = DefinitionReader.Check(definition);
            draft.Config = draft.Config with { Checks = Append(draft.Config.Checks, [check]) };
        }
    }

    private static void AddWatches(ConfigDraft draft, IReadOnlyList<ConfigValue> definitions)
    {
        foreach (var definition in definitions)
        {
            var watch = DefinitionReader.Watch(definition);
            draft.Config = draft.Config with { Watches = Append(draft.Config.Watches, [watch]) };
        }
    }

    /// <summary>Known keys that nothing here needs: of 1.10 first, then of later versions.</summary>
    private static void AddAccepted(List<ConfigKey> keys) => keys.AddRange(
    [
        Neutral("disable_update_check", Bool, "nothing is ever asked for updates"),
        Neutral("disable_anonymous_signature", Bool, "nothing is ever asked for updates"),
        Neutral("cache.entry_fetch_max_burst", Int),
        Neutral("cache.entry_fetch_rate", ConfigKeyKind.Number),
        Unused("audit", ConfigKeyKind.Object),
        Unused("auto_config", ConfigKeyKind.Object),
        Unused("auto_encrypt", ConfigKeyKind.Object),
        Unused("config_entries", ConfigKeyKind.Object),
        Unused("connect.enable_mesh_gateway_wan_federation", Bool),
        Neutral("connect.enable_serverless_plugin", Bool),
        Neutral("connect.test_ca_leaf_root_change_spread", Duration),
        Unused("license_path", Text),
        Neutral("version", Text, "written back by newer tools"),
        Neutral("version_prerelease", Text),
        Neutral("revision", Text),
        Unused("peering", ConfigKeyKind.Object, "newer"),
        Unused("locality", ConfigKeyKind.Object, "newer"),
        Unused("experiments", TextList, "newer"),
        Unused("raft_logstore", ConfigKeyKind.Object, "newer"),
        Unused("raft_prevote_disabled", Bool, "newer"),
        Unused("reporting", ConfigKeyKind.Object, "newer"),
        Unused("cloud", ConfigKeyKind.Object, "newer"),
        Unused("xds", ConfigKeyKind.Object, "newer"),
        Unused("partition", Text, "newer"),
        Unused("default_intention_policy", Text, "newer"),
        Unused("auto_reload_config", Bool, "newer"),
        Neutral("log_sublevels", TextMap, "newer"),
    ]);
}
