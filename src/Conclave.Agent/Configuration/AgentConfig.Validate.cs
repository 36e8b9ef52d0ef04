using System.Net;

namespace Conclave.Agent.Configuration;

public sealed partial record AgentConfig
{
    private const int NodeMetaPairsMax = 64, NodeMetaKeyMax = 128, NodeMetaValueMax = 512;

    /// <summary>
    /// Everything that is wrong with these settings, in Consul's words where it has some; empty when the agent may start.
    /// The first entry is what a start reports.
    /// </summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        ValidateIdentity(problems);
        ValidateAddresses(problems);
        ValidateBootstrap(problems);
        ValidateSecurity(problems);
        ValidateLimits(problems);
        return problems;
    }

    private void ValidateIdentity(List<string> problems)
    {
        if (Datacenter.Length == 0) problems.Add("datacenter cannot be empty");
        else if (!IsNameText(Datacenter)) problems.Add($"datacenter can only contain lowercase alphanumeric, - or _ characters. received: \"{Datacenter}\"");
        if (DataDir.Length == 0 && !DevMode) problems.Add("data_dir cannot be empty");
        if (NodeName.AsSpan().Trim().Length == 0) problems.Add("node_name cannot be empty");
        if (NodeId.Length > 0 && NodeIdProblem(NodeId) is { } why) problems.Add("failed to setup node ID: specified NodeID is invalid: " + why);
        ValidateNodeMeta(problems);
        if (SegmentName.Length > 0) problems.Add("Network segments are not supported in this version of Consul");
        if (Protocol is < 2 or > 3) problems.Add($"Agent does not speak protocol version {Protocol} (must be in range: [2, 3])");
        if (Raft.Protocol != 3) problems.Add($"raft_protocol version {Raft.Protocol} is not supported by this version of Consul");
    }

    private void ValidateNodeMeta(List<string> problems)
    {
        if (NodeMeta.Count > NodeMetaPairsMax) problems.Add($"node_meta invalid: Node metadata cannot contain more than {NodeMetaPairsMax} key/value pairs");
        foreach (var (key, value) in NodeMeta)
            if (NodeMetaProblem(key, value) is { } why)
                problems.Add($"node_meta invalid: Couldn't load metadata pair ('{key}', '{value}'): {why}");
    }

    private static string? NodeMetaProblem(string key, string value)
    {
        if (key.Length == 0) return "Key cannot be blank";
        foreach (var character in key)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('_' or '-'))
                return "Key contains invalid characters";
        if (key.Length > NodeMetaKeyMax) return $"Key is too long (limit: {NodeMetaKeyMax} characters)";
        if (key.StartsWith("consul-", StringComparison.Ordinal)) return "Key prefix 'consul-' is reserved for internal use";
        return value.Length > NodeMetaValueMax ? $"Value is too long (limit: {NodeMetaValueMax} characters)" : null;
    }

    private void ValidateAddresses(List<string> problems)
    {
        RequireAddress(problems, "bind_addr", BindAddress);
        if (IsUnspecified(AdvertiseAddress)) problems.Add("Advertise address cannot be 0.0.0.0, :: or [::]");
        else if (AdvertiseAddress.Length > 0) RequireAddress(problems, "advertise_addr", AdvertiseAddress);
        if (IsUnspecified(AdvertiseAddressWan)) problems.Add("Advertise WAN address cannot be 0.0.0.0, :: or [::]");
        else if (AdvertiseAddressWan.Length > 0) RequireAddress(problems, "advertise_addr_wan", AdvertiseAddressWan);
        if (SerfBindAddressLan.Length > 0) RequireAddress(problems, "serf_lan", SerfBindAddressLan);
        if (SerfBindAddressWan.Length > 0) RequireAddress(problems, "serf_wan", SerfBindAddressWan);
        foreach (var address in ClientAddresses) RequireAddress(problems, "client_addr", address);
        RequireListeners(problems, "http", Addresses.Http);
        RequireListeners(problems, "https", Addresses.Https);
        RequireListeners(problems, "dns", Addresses.Dns);
        foreach (var address in Addresses.Dns)
            if (address.StartsWith("unix:", StringComparison.Ordinal)) problems.Add("DNS address cannot be a unix socket");
        RequirePorts(problems);
        RefuseDiscovery(problems, "start_join", Join.StartJoin);
        RefuseDiscovery(problems, "start_join_wan", Join.StartJoinWan);
        RefuseDiscovery(problems, "retry_join", Join.RetryJoin);
        RefuseDiscovery(problems, "retry_join_wan", Join.RetryJoinWan);
        RequireNetworks(problems, "serf_lan_allowed_cidrs", SerfAllowedCidrsLan);
        RequireNetworks(problems, "serf_wan_allowed_cidrs", SerfAllowedCidrsWan);
        RequireNetworks(problems, "http_config.allow_write_http_from", Http.AllowWriteHttpFrom);
    }

    private static void RequireAddress(List<string> problems, string key, string address)
    {
        if (!IPAddress.TryParse(address, out _)) problems.Add($"{key} cannot be parsed as an IP address: \"{address}\"");
    }

    private static void RequireListeners(List<string> problems, string key, IReadOnlyList<string> addresses)
    {
        foreach (var address in addresses)
            if (!address.StartsWith("unix:", StringComparison.Ordinal))
                RequireAddress(problems, "addresses." + key, address);
    }

    // The rest of the text may hold credentials, so only the provider is named.
    private static void RefuseDiscovery(List<string> problems, string key, IReadOnlyList<string> addresses)
    {
        foreach (var address in addresses)
            foreach (var word in address.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                if (word.StartsWith("provider=", StringComparison.Ordinal)) problems.Add($"{key}: discovery of members by a provider is not supported: {word}. Give addresses or DNS names instead");
    }

    private void RequirePorts(List<string> problems)
    {
        RequirePort(problems, "http", Ports.Http);
        RequirePort(problems, "https", Ports.Https);
        RequirePort(problems, "dns", Ports.Dns);
        RequirePort(problems, "grpc", Ports.Grpc);
        RequirePort(problems, "server", Ports.Server);
        RequirePort(problems, "serf_lan", Ports.SerfLan);
        RequirePort(problems, "serf_wan", Ports.SerfWan);
    }

    private static void RequirePort(List<string> problems, string key, int port)
    {
        if (port is < -1 or > 65535) problems.Add($"ports.{key}: invalid port {port}. Must be between 1 and 65535, or -1 to disable");
    }

    private static void RequireNetworks(List<string> problems, string key, IReadOnlyList<string> networks)
    {
        foreach (var network in networks)
            if (!network.Contains('/') || !IPNetwork.TryParse(network, out _))
                problems.Add($"{key}: invalid CIDR address: {network}");
    }

    private void ValidateBootstrap(List<string> problems)
    {
        if (Bootstrap && !Server) problems.Add("'bootstrap = true' requires 'server = true'");
        if (BootstrapExpect < 0) problems.Add($"bootstrap_expect cannot be {BootstrapExpect}. Must be greater than or equal to zero");
        if (BootstrapExpect <= 0) return;
        if (!Server) problems.Add("'bootstrap_expect > 0' requires 'server = true'");
        if (DevMode) problems.Add("'bootstrap_expect > 0' not allowed in dev mode");
        else if (Bootstrap) problems.Add("'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive");
    }

    private void ValidateSecurity(List<string> problems)
    {
        if (Encrypt.Length > 0 && GossipKeyProblem(Encrypt) is { } why) problems.Add("encrypt has invalid key: " + why);
        if (Acl.DefaultPolicy is not ("allow" or "deny")) problems.Add($"invalid value for acl.default_policy: \"{Acl.DefaultPolicy}\"");
        if (Acl.DownPolicy is not ("allow" or "deny" or "extend-cache" or "async-cache"))
            problems.Add($"invalid value for acl.down_policy: \"{Acl.DownPolicy}\"");
        if (Tls.VerifyServerHostname && !Tls.VerifyOutgoing && Tls.CaFile.Length + Tls.CaPath.Length == 0)
            problems.Add("verify_server_hostname requires ca_file or ca_path");
        if (Tls.VerifyOutgoing && Tls.CaFile.Length + Tls.CaPath.Length == 0) problems.Add("VerifyOutgoing set, and no CA certificate provided!");
        if (Tls.CertFile.Length == 0 != (Tls.KeyFile.Length == 0)) problems.Add("cert_file and key_file must be given together");
        if (Tls.MinVersion is not ("" or "tls10" or "tls11" or "tls12" or "tls13"))
            problems.Add($"tls_min_version: value {Tls.MinVersion} not supported, please specify one of [tls10,tls11,tls12,tls13]");
    }

    private void ValidateLimits(List<string> problems)
    {
        if (Performance.RaftMultiplier is < 1 or > PerformanceConfig.RaftMultiplierMax)
            problems.Add($"performance.raft_multiplier cannot be {Performance.RaftMultiplier}. Must be between 1 and {PerformanceConfig.RaftMultiplierMax}");
        if (Raft.SnapshotThreshold < 0) problems.Add($"raft_snapshot_threshold cannot be {Raft.SnapshotThreshold}. Must be greater than or equal to zero");
        if (Raft.SnapshotInterval <= TimeSpan.Zero) problems.Add("raft_snapshot_interval must be positive");
        if (Raft.TrailingLogs is < 0 or > RaftConfig.TrailingLogsMax) problems.Add($"raft_trailing_logs cannot be {Raft.TrailingLogs}. Must be between 0 and {RaftConfig.TrailingLogsMax}");
        if (CheckOutputMaxSize < 1) problems.Add("check_output_max_size must be positive");
        if (Autopilot.MaxTrailingLogs < 0) problems.Add($"autopilot.max_trailing_logs cannot be {Autopilot.MaxTrailingLogs}. Must be greater than or equal to zero");
        if (Dns.UdpAnswerLimit < 0) problems.Add($"dns_config.udp_answer_limit cannot be {Dns.UdpAnswerLimit}. Must be greater than or equal to zero");
        if (Dns.ARecordLimit < 0) problems.Add($"dns_config.a_record_limit cannot be {Dns.ARecordLimit}. Must be greater than or equal to zero");
        if (Limits.HttpMaxConnsPerClient < 0) problems.Add("limits.http_max_conns_per_client cannot be negative");
        if (Limits.RpcMaxConnsPerClient < 0) problems.Add("limits.rpc_max_conns_per_client cannot be negative");
        if (Limits.KvMaxValueSize < 0) problems.Add("limits.kv_max_value_size cannot be negative");
        if (Limits.TxnMaxReqLen > 0 && Limits.KvMaxValueSize > Limits.TxnMaxReqLen)
            problems.Add($"txn_max_req_len ({Limits.TxnMaxReqLen}) is smaller than kv_max_value_size ({Limits.KvMaxValueSize})");
        if (MaxQueryTime < DefaultQueryTime) problems.Add("max_query_time cannot be below default_query_time");
    }

    /// <summary>What is wrong with a UUID, or null.</summary>
    internal static string? NodeIdProblem(string id)
    {
        if (id.Length != 36) return "uuid string is wrong length";
        for (var i = 0; i < id.Length; i++)
            if (i is 8 or 13 or 18 or 23 ? id[i] != '-' : !char.IsAsciiHexDigit(id[i]))
                return i is 8 or 13 or 18 or 23 ? "uuid is improperly formatted" : $"encoding/hex: invalid byte: U+{(int)id[i]:X4} '{id[i]}'";
        return null;
    }

    /// <summary>What is wrong with a gossip key, or null.</summary>
    internal static string? GossipKeyProblem(string key)
    {
        if (GoBase64.TryDecode(key, out var bytes, out var offset) is false) return $"illegal base64 data at input byte {offset}";
        return bytes.Length is 16 or 24 or 32 ? null : "key size must be 16, 24 or 32 bytes";
    }

    private static bool IsUnspecified(string address) => address is "0.0.0.0" or "::" or "[::]";

    private static bool IsNameText(string text)
    {
        foreach (var character in text)
            if (!char.IsAsciiLetterLower(character) && !char.IsAsciiDigit(character) && character is not ('-' or '_'))
                return false;
        return true;
    }
}
