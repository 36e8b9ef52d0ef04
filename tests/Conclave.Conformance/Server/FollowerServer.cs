using System.Text.Json.Nodes;
using Conclave.Conformance.Player;

namespace Conclave.Conformance.Server;

/// <summary>One of three servers that does not lead.</summary>
public sealed class FollowerServer : ConformanceServer
{
    private const int Size = 3;

    private readonly AgentPorts[] _ports = [.. Enumerable.Range(0, Size).Select(static _ => AgentPorts.Free())];
    private readonly string _data = Directory.CreateTempSubdirectory("conclave-follower-").FullName;
    private readonly List<AgentProcess> _servers = [];

    internal override JsonObject Configuration => new()
    {
        ["server"] = true,
        ["bootstrap_expect"] = Size,
        ["retry_join"] = new JsonArray([.. _ports.Select(static ports => (JsonNode)$"127.0.0.1:{ports.SerfLan}")]),
        ["retry_interval"] = "1s",
        ["connect"] = new JsonObject { ["enabled"] = true },            // this and the next as in development mode
        ["ui_config"] = new JsonObject { ["enabled"] = true },
        // A processor that all other tests share can be away for long; the follower is to stay one.
        ["performance"] = new JsonObject { ["raft_multiplier"] = 5 },
    };

    internal override string Output => string.Join("\n\n", _servers.Select(static server => server.Output));

    private protected override async Task<AgentProcess> StartAsync(TimeSpan patience)
    {
        for (var i = 0; i < Size; i++) _servers.Add(AgentProcess.Start(NamedConfiguration(i), ["-bind", "127.0.0.1", "-data-dir", Path.Combine(_data, $"{i}")], _ports[i]));
        var leader = await WaitAsync(_servers[0], "/v1/status/leader", static answer => answer.Status == 200 && answer.Text.Trim().Length > 2, patience);
        var follower = _servers[Array.FindIndex(_ports, ports => leader.Json().GetString() != $"127.0.0.1:{ports.Server}")];
        // Once the leader has registered all of them the indexes are at rest.
        await WaitAsync(follower, "/v1/health/service/consul?passing", static answer => answer.Status == 200 && answer.Json().GetArrayLength() == Size, patience);
        return follower;
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private JsonObject NamedConfiguration(int server)
    {
        var configuration = Configuration;
        configuration["node_name"] = $"server-{server + 1}";
        return configuration;
    }

    private static Task<RawResponse> WaitAsync(AgentProcess server, string target, Predicate<RawResponse> ready, TimeSpan patience) =>
        ServerFacts.WaitAsync(new RawHttpClient(server.Http), target, ready, patience, server.Ended);
}
