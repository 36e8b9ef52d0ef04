using System.Text.Json.Nodes;

namespace Conclave.Conformance.Server;

/// <summary>Development mode, as most cases were recorded.</summary>
public sealed class DevServer : ConformanceServer
{
    internal override JsonObject Configuration => [];
}

/// <summary>Not development mode, with the settings that change HTTP behaviour.</summary>
public sealed class SpecialServer : ConformanceServer
{
    private readonly string _data = Directory.CreateTempSubdirectory("conclave-special-").FullName;

    internal override string[] Arguments => ["-bind", "127.0.0.1", "-data-dir", Path.Combine(_data, "data")];

    internal override JsonObject Configuration => new()
    {
        ["server"] = true,
        ["bootstrap_expect"] = 1,
        ["connect"] = new JsonObject { ["enabled"] = true },
        ["http_config"] = new JsonObject
        {
            ["response_headers"] = new JsonObject { ["X-Extra"] = "one", ["Access-Control-Allow-Origin"] = "*" },
            ["block_endpoints"] = new JsonArray("/v1/agent/host", "/v1/kv/blocked"),
            ["use_cache"] = false,
        },
        ["limits"] = new JsonObject { ["kv_max_value_size"] = 1000, ["txn_max_req_len"] = 3000 },
        ["session_ttl_min"] = "2s",
        ["telemetry"] = new JsonObject { ["prometheus_retention_time"] = "60s", ["disable_hostname"] = true },
        ["encrypt"] = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=",
        ["disable_http_unprintable_char_filter"] = true,
        ["translate_wan_addrs"] = true,
    };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}

/// <summary>Writes are allowed from a network only that no test lives in.</summary>
public sealed class ReadOnlyServer : ConformanceServer
{
    internal override JsonObject Configuration => new()
    {
        ["http_config"] = new JsonObject { ["allow_write_http_from"] = new JsonArray("10.255.0.0/16") },
    };
}

/// <summary>ACLs on, default policy deny, with a management token from the start.</summary>
public sealed class AclServer : ConformanceServer
{
    internal override string Token => "00000000-aaaa-4bbb-8ccc-000000000001";

    internal override JsonObject Configuration => new()
    {
        ["primary_datacenter"] = "dc1",
        ["acl"] = new JsonObject
        {
            ["enabled"] = true,
            ["default_policy"] = "deny",
            ["tokens"] = new JsonObject { ["master"] = Token, ["agent"] = Token },
        },
    };
}

/// <summary>ACLs on, default policy deny, nobody has a token yet.</summary>
public sealed class AclBootstrapServer : ConformanceServer
{
    internal override JsonObject Configuration => new()
    {
        ["primary_datacenter"] = "dc1",
        ["acl"] = new JsonObject { ["enabled"] = true, ["default_policy"] = "deny" },
    };
}
