using System.Text.Json.Nodes;

namespace Conclave.Conformance.Server;

/// <summary>A client agent in front of a server in development mode.</summary>
public sealed class ClientAgent : ConformanceServer
{
    private readonly AgentPorts _serverPorts = AgentPorts.Free();
    private readonly string _data = Directory.CreateTempSubdirectory("conclave-client-").FullName;
    private AgentProcess? _server;

    internal override string[] Arguments => ["-bind", "127.0.0.1", "-data-dir", Path.Combine(_data, "data")];

    internal override JsonObject Configuration => new()
    {
        ["node_name"] = "client",
        ["retry_join"] = new JsonArray($"127.0.0.1:{_serverPorts.SerfLan}"),
        ["retry_interval"] = "1s",
        ["ui_config"] = new JsonObject { ["enabled"] = true },          // as in development mode
    };

    public override ValueTask InitializeAsync()
    {
        _server = AgentProcess.Start(new JsonObject { ["node_name"] = "server" }, ["-dev"], _serverPorts);
        return base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
