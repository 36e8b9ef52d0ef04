using Conclave.Agent.Configuration;
using static Conclave.Hosting.Configuration.ConfigKeyKind;
using static Conclave.Hosting.Configuration.ConfigKeyStatus;

namespace Conclave.Hosting.Configuration;

public static partial class ConfigKeys
{
    private static void AddIdentity(List<ConfigKey> keys) => keys.AddRange(
    [
        Word("node_name", (config, value) => config with { NodeName = value }),
        Word("node_id", (config, value) => config with { NodeId = value.ToLowerInvariant() }),
        Key("node_meta", TextMap, (draft, value) => draft.Config = draft.Config with { NodeMeta = Merge(draft.Config.NodeMeta, value.TextMap()) }),
        Word("datacenter", (config, value) => config with { Datacenter = value.ToLowerInvariant() }),
        Word("primary_datacenter", (config, value) => config with { PrimaryDatacenter = value.ToLowerInvariant() }),
        Switch("server", (config, value) => config with { Server = value }),
        Switch("bootstrap", (config, value) => config with { Bootstrap = value }),
        Whole("bootstrap_expect", (config, value) => config with { BootstrapExpect = value }, note: "1 is the same as bootstrap"),
        Word("data_dir", (config, value) => config with { DataDir = value }),
        Switch("read_replica", (config, value) => config with { ReadReplica = value }, Stored),
        Switch("non_voting_server", (config, value) => config with { ReadReplica = value }, Stored, "older name of read_replica"),
        Switch("disable_host_node_id", (config, value) => config with { DisableHostNodeId = value }, Stored, "node IDs are always random"),
        Word("segment", (config, value) => config with { SegmentName = value }, Refused, "only the empty segment exists"),
        Key("segments", ObjectList, (draft, value) =>
        {
            if (value.Objects().Count > 0) draft.Problems.Add("Network segments are not supported in this version of Consul");
        }, Refused, "only an empty list"),
    ]);

    private static void AddNetwork(List<ConfigKey> keys)
    {
        keys.AddRange(
        [
            Address("bind_addr", (config, value) => config with { BindAddress = value }),
            AddressList("client_addr", (config, value) => config with { ClientAddresses = value }),
            AddressList("addresses.http", (config, value) => config with { Addresses = config.Addresses with { Http = value } }),
            AddressList("addresses.https", (config, value) => config with { Addresses = config.Addresses with { Https = value } }),
            AddressList("addresses.dns", (config, value) => config with { Addresses = config.Addresses with { Dns = value } }),
            AddressList("addresses.grpc", (config, value) => config with { Addresses = config.Addresses with { Grpc = value } }),
            Neutral("addresses.grpc_tls", Text),
            Address("advertise_addr", (config, value) => config with { AdvertiseAddress = value }),
            Address("advertise_addr_ipv4", (config, value) => config with { AdvertiseAddress = config.AdvertiseAddress.Length > 0 ? config.AdvertiseAddress : value }),
            Address("advertise_addr_ipv6", (config, value) => config with { AdvertiseAddress = config.AdvertiseAddress.Length > 0 ? config.AdvertiseAddress : value }),
            Address("advertise_addr_wan", (config, value) => config with { AdvertiseAddressWan = value }),
            Address("advertise_addr_wan_ipv4", (config, value) => config with { AdvertiseAddressWan = config.AdvertiseAddressWan.Length > 0 ? config.AdvertiseAddressWan : value }),
            Address("advertise_addr_wan_ipv6", (config, value) => config with { AdvertiseAddressWan = config.AdvertiseAddressWan.Length > 0 ? config.AdvertiseAddressWan : value }),
            Address("serf_lan", (config, value) => config with { SerfBindAddressLan = value }),
            Address("serf_wan", (config, value) => config with { SerfBindAddressWan = value }),
            Words("serf_lan_allowed_cidrs", (config, value) => config with { SerfAllowedCidrsLan = Append(config.SerfAllowedCidrsLan, value) }),
            Words("serf_wan_allowed_cidrs", (config, value) => config with { SerfAllowedCidrsWan = Append(config.SerfAllowedCidrsWan, value) }),
            Words("serf_allowed_cidrs_lan", (config, value) => config with { SerfAllowedCidrsLan = Append(config.SerfAllowedCidrsLan, value) }),
            Words("serf_allowed_cidrs_wan", (config, value) => config with { SerfAllowedCidrsWan = Append(config.SerfAllowedCidrsWan, value) }),
            Switch("translate_wan_addrs", (config, value) => config with { TranslateWanAddresses = value }, Stored,
                "answers say so in `X-Consul-Translate-Addresses`; translated are only addresses from other datacenters, which cannot be asked yet"),
            Span("advertise_reconnect_timeout", (config, value) => config with { AdvertiseReconnectTimeout = value }),
            Span("reconnect_timeout", (config, value) => config with { ReconnectTimeoutLan = value }),
            Span("reconnect_timeout_wan", (config, value) => config with { ReconnectTimeoutWan = value }),
            Word("unix_sockets.user", (config, value) => config with { UnixSockets = config.UnixSockets with { User = value } }, Stored),
            Word("unix_sockets.group", (config, value) => config with { UnixSockets = config.UnixSockets with { Group = value } }, Stored),
            Word("unix_sockets.mode", (config, value) => config with { UnixSockets = config.UnixSockets with { Mode = value } }),
        ]);
        AddPorts(keys);
        AddJoin(keys);
        AddGossip(keys, "gossip_lan", config => config.GossipLan, (config, gossip) => config with { GossipLan = gossip });
        AddGossip(keys, "gossip_wan", config => config.GossipWan, (config, gossip) => config with { GossipWan = gossip });
    }

    private static readonly PortConfig PortDefaults = new();

    private static void AddPorts(List<ConfigKey> keys) => keys.AddRange(
    [
        Port("http", (ports, value) => ports with { Http = value }, PortDefaults.Http),
        Port("https", (ports, value) => ports with { Https = value }, PortDefaults.Https),
        Port("dns", (ports, value) => ports with { Dns = value }, PortDefaults.Dns, Stored, "DNS is not served yet"),
        Port("grpc", (ports, value) => ports with { Grpc = value }, PortDefaults.Grpc, Stored, "no listener is opened"),
        Port("grpc_tls", (ports, value) => ports with { GrpcTls = value }, PortDefaults.GrpcTls, Stored, "no listener is opened"),
        Port("server", (ports, value) => ports with { Server = value }, PortDefaults.Server),
        Port("serf_lan", (ports, value) => ports with { SerfLan = value }, PortDefaults.SerfLan),
        Port("serf_wan", (ports, value) => ports with { SerfWan = value }, PortDefaults.SerfWan),
        Port("proxy_min_port", (ports, value) => ports with { ProxyMin = value }, PortDefaults.ProxyMin, Stored),
        Port("proxy_max_port", (ports, value) => ports with { ProxyMax = value }, PortDefaults.ProxyMax, Stored),
        Port("sidecar_min_port", (ports, value) => ports with { SidecarMin = value }, PortDefaults.SidecarMin),
        Port("sidecar_max_port", (ports, value) => ports with { SidecarMax = value }, PortDefaults.SidecarMax),
        Port("expose_min_port", (ports, value) => ports with { ExposeMin = value }, PortDefaults.ExposeMin, Stored),
        Port("expose_max_port", (ports, value) => ports with { ExposeMax = value }, PortDefaults.ExposeMax, Stored),
    ]);

    /// <summary>A port: 0 in a file means the default.</summary>
    private static ConfigKey Port(string name, Func<PortConfig, int, PortConfig> change, int standard, ConfigKeyStatus status = Works, string note = "") =>
        Whole("ports." + name, (config, value) => config with { Ports = change(config.Ports, value == 0 ? standard : value) }, status, note);

    private static void AddJoin(List<ConfigKey> keys) => keys.AddRange(
    [
        Members("start_join", (join, value) => join with { StartJoin = Append(join.StartJoin, value) }),
        Members("start_join_wan", (join, value) => join with { StartJoinWan = Append(join.StartJoinWan, value) }),
        Members("retry_join", (join, value) => join with { RetryJoin = Append(join.RetryJoin, value) }),
        Members("retry_join_wan", (join, value) => join with { RetryJoinWan = Append(join.RetryJoinWan, value) }),
        Span("retry_interval", (config, value) => config with { Join = config.Join with { RetryInterval = value } }),
        Span("retry_interval_wan", (config, value) => config with { Join = config.Join with { RetryIntervalWan = value } }),
        Whole("retry_max", (config, value) => config with { Join = config.Join with { RetryMax = value } }),
        Whole("retry_max_wan", (config, value) => config with { Join = config.Join with { RetryMaxWan = value } }),
        Switch("rejoin_after_leave", (config, value) => config with { Join = config.Join with { RejoinAfterLeave = value } }),
        Unused("primary_gateways", TextList),
        Neutral("primary_gateways_interval", Duration),
    ]);

    private static ConfigKey Members(string path, Func<JoinConfig, IReadOnlyList<string>, JoinConfig> change) =>
        Key(path, TextList, (draft, value) => draft.Config = draft.Config with { Join = change(draft.Config.Join, value.Strings()) });

    private static void AddGossip(List<ConfigKey> keys, string path, Func<AgentConfig, GossipConfig> get, Func<AgentConfig, GossipConfig, AgentConfig> set) => keys.AddRange(
    [
        Whole(path + ".gossip_nodes", (config, value) => set(config, get(config) with { GossipNodes = value })),
        Span(path + ".gossip_interval", (config, value) => set(config, get(config) with { GossipInterval = value })),
        Span(path + ".probe_interval", (config, value) => set(config, get(config) with { ProbeInterval = value })),
        Span(path + ".probe_timeout", (config, value) => set(config, get(config) with { ProbeTimeout = value })),
        Whole(path + ".suspicion_mult", (config, value) => set(config, get(config) with { SuspicionMultiplier = value })),
        Whole(path + ".retransmit_mult", (config, value) => set(config, get(config) with { RetransmitMultiplier = value })),
    ]);
}
