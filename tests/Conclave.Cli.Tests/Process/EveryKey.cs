namespace Conclave.Cli.Tests.Process;

/// <summary>One file with every key that test harnesses are known to write.</summary>
internal static class EveryKey
{
    public static string Json(int[] ports) =>
        $$$"""
        {
          "node_name": "all", "node_id": "12345678-1234-4234-8234-123456789ABC", "node_meta": {"a": "b"},
          "bootstrap": true, "server": true, "data_dir": "made/with/parents", "datacenter": "dc1", "primary_datacenter": "dc1",
          "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "advertise_addr": "127.0.0.1", "addresses": {},
          "ports": {"http": {{{ports[0]}}}, "https": {{{ports[4]}}}, "dns": {{{ports[1]}}}, "grpc": -1, "grpc_tls": -1, "server": {{{ports[2]}}}, "serf_lan": {{{ports[3]}}}, "serf_wan": -1,
            "proxy_min_port": 0, "proxy_max_port": 0, "sidecar_min_port": 0, "sidecar_max_port": 0, "expose_min_port": 0, "expose_max_port": 0},
          "performance": {"raft_multiplier": 1}, "raft_protocol": 3, "segments": null, "log_level": "INFO",
          "disable_update_check": true, "disable_host_node_id": true, "enable_debug": true, "enable_script_checks": true, "enable_central_service_config": true, "ui": true,
          "skip_leave_on_interrupt": true, "leave_on_terminate": false,
          "acl": {"enabled": true, "default_policy": "allow", "down_policy": "extend-cache", "policy_ttl": "30s", "token_ttl": "30s", "role_ttl": "30s", "disabled_ttl": "2m",
            "enable_token_replication": false, "enable_key_list_policy": true, "enable_token_persistence": true,
            "tokens": {"master": "m", "agent": "a", "agent_master": "am", "default": "", "replication": "r", "initial_management": "m", "agent_recovery": "am"}},
          "acl_datacenter": "dc1", "acl_master_token": "m", "acl_default_policy": "allow", "acl_down_policy": "extend-cache", "acl_token": "", "acl_agent_token": "a",
          "encrypt": "5iJUdchxe4eBea00Qk0Tdqeuqg5xRndYCUwcwly7xCg=",
          "ca_file": "", "ca_path": "", "cert_file": "", "key_file": "", "verify_incoming": false, "verify_incoming_rpc": false, "verify_incoming_https": false,
          "verify_outgoing": false, "verify_server_hostname": false,
          "connect": {"enabled": true, "ca_config": {"cluster_id": "11111111-2222-4333-8444-555555555555"}, "ca_provider": "consul"},
          "service": {"name": "web", "port": 80, "check": {"ttl": "30s"}}, "services": [{"name": "db"}], "check": {"name": "mem", "ttl": "30s"}, "checks": [], "watches": [],
          "dns_config": {"allow_stale": true, "service_ttl": {"*": "1s"}}, "recursors": ["127.0.0.1"], "telemetry": {"disable_hostname": true, "prometheus_retention_time": "1m"},
          "limits": {"http_max_conns_per_client": 250}, "http_config": {"response_headers": {"X-A": "b"}}, "retry_join": [], "autopilot": {"cleanup_dead_servers": false},
          "audit": {"enabled": false}, "peering": {"enabled": true}, "locality": {"region": "x"}, "experiments": ["resource-apis"], "version": "1.10.11"
        }
        """;
}
