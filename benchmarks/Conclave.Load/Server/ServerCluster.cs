using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Conclave.Load.Net;
using Conclave.Tests.Network;

namespace Conclave.Load.Server;

/// <summary>Three servers on the loopback interface, or on hosts of a network that can be cut, that find each other and form a cluster, with default timings.</summary>
internal sealed class ServerCluster : IDisposable
{
    public const int Size = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly LoadOptions _options;
    private readonly string _folder;
    private readonly PacketNetwork? _network;
    private readonly List<ServerProcess> _clients = [];
    private readonly string[] _folders = new string[Size];
    private readonly int[] _serverPorts = new int[Size];

    private ServerCluster(LoadOptions options, string folder, PacketNetwork? network)
    {
        (_options, _folder, _network) = (options, folder, network);
        var ports = FreePorts.Take(Size * 4);
        Join = [.. Enumerable.Range(0, Size).Select(i => $"{Address(i)}:{ports[i * 4 + 2]}")];
        for (var i = 0; i < Size; i++)
        {
            _folders[i] = Path.Combine(folder, $"s{i}");
            _serverPorts[i] = ports[i * 4 + 1];
            Directory.CreateDirectory(_folders[i]);
            File.WriteAllText(Path.Combine(_folders[i], "config.json"), Configuration(i, ports).ToJsonString());
        }
    }

    /// <summary>The servers; null while one is down.</summary>
    public ServerProcess?[] Servers { get; } = new ServerProcess?[Size];

    /// <summary>Gossip addresses to join.</summary>
    public IReadOnlyList<string> Join { get; }

    /// <summary>Starts all and waits until they have a leader and all of them know it.</summary>
    /// <param name="options">The program, and more.</param>
    /// <param name="folder">For their data.</param>
    /// <param name="network">Its first hosts are the servers', the next ones the clients'; null for the loopback interface. Stays the caller's.</param>
    public static async Task<ServerCluster> StartAsync(LoadOptions options, string folder, PacketNetwork? network = null)
    {
        var cluster = new ServerCluster(options, folder, network);
        try
        {
            for (var i = 0; i < Size; i++) cluster.StartOne(i);
            foreach (var server in cluster.Servers) await server!.UntilLeaderAsync();
            await cluster.Servers[0]!.UntilAsync("PUT", "/v1/kv/cluster-ready", "yes", static answer => answer.Status == 200);
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Starts a server that is down, on its data.</summary>
    public ServerProcess StartOne(int i) => Servers[i] = ServerProcess.StartConfigured(_options, _folders[i], _network?.Hosts[i]);

    /// <summary>Client agents that were started, in front of these servers.</summary>
    public IReadOnlyList<ServerProcess> Clients => _clients;

    /// <summary>Starts client agents and waits until they serve.</summary>
    public async Task StartClientsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var folder = Path.Combine(_folder, $"c{i}");
            Directory.CreateDirectory(folder);
            var config = Configuration(Size + i, $"c{i}", folder, FreePorts.Take(4));
            config["server"] = false;
            config["retry_join"] = new JsonArray([.. Join.Select(static address => (JsonNode)address)]);
            File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
            _clients.Add(ServerProcess.StartConfigured(_options, folder, _network?.Hosts[Size + i]));
        }
        foreach (var client in _clients) await client.UntilAsync("PUT", "/v1/kv/client-ready", "yes", static answer => answer.Status == 200);
    }

    /// <summary>Kills a server as a power cut would.</summary>
    public async Task KillAsync(int i)
    {
        var server = Servers[i]!;
        Servers[i] = null;
        await server.KillAsync();
        server.Dispose();
    }

    /// <summary>Which server leads, by what the others say.</summary>
    public async Task<int> LeaderAsync()
    {
        var end = DateTime.UtcNow + s_patience;
        while (DateTime.UtcNow < end)
        {
            foreach (var server in Servers)
            {
                if (server is null || await TryGetAsync(server.Http, "/v1/status/leader") is not { } text) continue;
                var leader = Array.FindIndex(_serverPorts, port => text.EndsWith($":{port}\"", StringComparison.Ordinal));
                if (leader >= 0 && Servers[leader] is not null) return leader;
            }
            await Task.Delay(5);
        }
        throw new TimeoutException("the cluster has no leader");
    }

    /// <summary>Waits until every server has within a second what the leader had applied when it was asked.</summary>
    public async Task UntilAllKeepUpAsync()
    {
        var end = DateTime.UtcNow + s_patience;
        while (DateTime.UtcNow < end)
        {
            var goal = await AppliedAsync(Servers[await LeaderAsync()]!.Http);
            var soon = DateTime.UtcNow + TimeSpan.FromSeconds(1);
            var missing = new List<ServerProcess>(Servers!);
            while (missing.Count > 0 && DateTime.UtcNow < soon)
            {
                for (var i = missing.Count - 1; i >= 0; i--)
                    if (await AppliedAsync(missing[i].Http) >= goal) missing.RemoveAt(i);
                await Task.Delay(10);
            }
            if (missing.Count == 0) return;
        }
        throw new TimeoutException("a server does not keep up with the leader");
    }

    private static async Task<ulong> AppliedAsync(IPEndPoint server) =>
        await TryGetAsync(server, "/v1/agent/self") is { } text ? ulong.Parse(JsonNode.Parse(text)!["Stats"]!["raft"]!["applied_index"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>Servers that have a vote, by what one of them says.</summary>
    public static async Task<int> VotersAsync(IPEndPoint server)
    {
        if (await TryGetAsync(server, "/v1/operator/raft/configuration") is not { } text) return 0;
        return JsonNode.Parse(text)!["Servers"]!.AsArray().Count(static entry => entry!["Voter"]!.GetValue<bool>());
    }

    /// <summary>The body of a successful answer, or null.</summary>
    public static async Task<string?> TryGetAsync(IPEndPoint server, string target)
    {
        try
        {
            using var connection = await Connection.OpenAsync(server);
            var answer = await connection.AskAsync(Request.Get(target));
            return answer.Status == 200 ? Encoding.UTF8.GetString(answer.Body.Span).Trim() : null;
        }
        catch (Exception down) when (down is IOException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients) client.Dispose();
        foreach (var server in Servers)
        {
            server?.Resume();
            server?.Dispose();
        }
    }

    private string Address(int i) => _network?.Hosts[i].Address ?? "127.0.0.1";

    private JsonObject Configuration(int i, int[] ports)
    {
        var config = Configuration(i, $"s{i}", _folders[i], ports[(i * 4)..(i * 4 + 4)]);
        config["server"] = true;
        config["bootstrap_expect"] = Size;
        config["retry_join"] = new JsonArray([.. Join.Where((_, other) => other != i).Select(static address => (JsonNode)address)]);
        return config;
    }

    private JsonObject Configuration(int i, string name, string folder, int[] ports) => new()
    {
        ["node_name"] = name,
        ["bind_addr"] = Address(i),
        ["client_addr"] = _network?.Hosts[i].ControlAddress ?? "127.0.0.1",
        ["data_dir"] = Path.Combine(folder, "data"),
        ["retry_interval"] = "1s",
        ["ports"] = new JsonObject
        {
            ["http"] = ports[0], ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = ports[1], ["serf_lan"] = ports[2], ["serf_wan"] = ports[3],
        },
        ["limits"] = new JsonObject { ["http_max_conns_per_client"] = 100_000 },
        ["log_level"] = "warn",
    };
}
