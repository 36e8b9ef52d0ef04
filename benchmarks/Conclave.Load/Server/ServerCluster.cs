using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Conclave.Load.Net;

namespace Conclave.Load.Server;

/// <summary>Three servers on the loopback interface that find each other and form a cluster, with default timings.</summary>
internal sealed class ServerCluster : IDisposable
{
    public const int Size = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly LoadOptions _options;
    private readonly string[] _folders = new string[Size];
    private readonly int[] _serverPorts = new int[Size];

    private ServerCluster(LoadOptions options, string folder)
    {
        _options = options;
        var ports = FreePorts.Take(Size * 4);
        Join = [.. Enumerable.Range(0, Size).Select(i => $"127.0.0.1:{ports[i * 4 + 2]}")];
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
    public static async Task<ServerCluster> StartAsync(LoadOptions options, string folder)
    {
        var cluster = new ServerCluster(options, folder);
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
    public ServerProcess StartOne(int i) => Servers[i] = ServerProcess.StartConfigured(_options, _folders[i]);

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
        foreach (var server in Servers)
        {
            server?.Resume();
            server?.Dispose();
        }
    }

    private JsonObject Configuration(int i, int[] ports) => new()
    {
        ["node_name"] = $"s{i}",
        ["server"] = true,
        ["bootstrap_expect"] = Size,
        ["bind_addr"] = "127.0.0.1",
        ["data_dir"] = Path.Combine(_folders[i], "data"),
        ["retry_join"] = new JsonArray([.. Enumerable.Range(0, Size).Where(other => other != i).Select(other => (JsonNode)$"127.0.0.1:{ports[other * 4 + 2]}")]),
        ["retry_interval"] = "1s",
        ["ports"] = new JsonObject
        {
            ["http"] = ports[i * 4], ["https"] = -1, ["dns"] = -1, ["grpc"] = -1, ["server"] = ports[i * 4 + 1], ["serf_lan"] = ports[i * 4 + 2], ["serf_wan"] = ports[i * 4 + 3],
        },
        ["limits"] = new JsonObject { ["http_max_conns_per_client"] = 100_000 },
        ["log_level"] = "warn",
    };
}
