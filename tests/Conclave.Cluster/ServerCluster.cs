using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Conclave.Tests.Network;

namespace Conclave.Cluster;

/// <summary>Servers as processes on the loopback interface, spoken to over HTTP like everybody does.</summary>
internal sealed class ServerCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90), Pause = TimeSpan.FromMilliseconds(50);

    private readonly string _folder = Directory.CreateTempSubdirectory("conclave-cluster-").FullName;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly List<ServerProcess> _servers = [];
    private readonly List<ServerProcess> _cutOff = [];
    private PacketNetwork? _network;

    public ServerProcess this[int index] => _servers[index];

    public IEnumerable<string> Join => _servers.Select(static server => server.GossipAddress);

    /// <summary>Servers that have found each other and follow a leader.</summary>
    /// <param name="size">How many.</param>
    /// <param name="configure">Settings beyond the usual ones.</param>
    public static Task<ServerCluster> StartAsync(int size = 3, Action<JsonObject>? configure = null) => new ServerCluster().FormAsync(size, configure);

    /// <summary>Servers whose lines can be cut. Where no packets can be, a process that is cut off is stopped instead, and the test's output says so.</summary>
    /// <param name="size">How many.</param>
    /// <param name="others">Places for agents that <see cref="Add"/> brings later.</param>
    public static Task<ServerCluster> StartWithCuttableLinesAsync(int size = 3, int others = 0)
    {
        var cluster = new ServerCluster();
        if (PacketNetwork.Obstacle is { } obstacle) TestContext.Current.TestOutputHelper?.WriteLine($"stopped processes stand for those that are cut off: {obstacle}");
        else cluster._network = PacketNetwork.Create(size + others);
        return cluster.FormAsync(size, configure: null);
    }

    private async Task<ServerCluster> FormAsync(int size, Action<JsonObject>? configure)
    {
        for (int i = 0; i < size; i++) Add().Configure = configure;
        foreach (var server in _servers) server.Start(Join, size);
        await WaitAsync($"{size} voters", async () =>
        {
            foreach (var server in _servers)
                if ((await PeersAsync(server)).Count != size || await LeaderAsync(server) is null) return false;
            return true;
        });
        return this;
    }

    /// <summary>One more server, not started.</summary>
    public ServerProcess Add(string? name = null)
    {
        var server = new ServerProcess(Path.Combine(_folder, $"{_servers.Count}"), name ?? $"server-{_servers.Count + 1}", _network?.Hosts[_servers.Count]);
        _servers.Add(server);
        return server;
    }

    /// <summary>Whether <see cref="CutOff"/> cuts packets: those who are cut off can still be asked.</summary>
    public bool CutsPackets => _network is not null;

    /// <summary>Cuts the lines between these and all others. Once, until <see cref="Heal"/>.</summary>
    public void CutOff(params IReadOnlyList<ServerProcess> servers)
    {
        _cutOff.AddRange(servers);
        if (_network is { } network) network.CutOff([.. servers.Select(server => _servers.IndexOf(server))]);
        else foreach (var server in servers) server.Pause();
    }

    /// <summary>Mends all lines.</summary>
    public void Heal()
    {
        if (_network is { } network) network.Heal();
        else foreach (var server in _cutOff) server.Resume();
        _cutOff.Clear();
    }

    /// <summary>The server that leads, as all running ones that know one see it.</summary>
    public async Task<ServerProcess> LeaderAsync()
    {
        ServerProcess? leader = null;
        await WaitAsync("a leader", async () =>
        {
            foreach (var server in _servers)
            {
                if (!server.IsRunning || _cutOff.Contains(server) || await LeaderAsync(server) is not { } address) continue;
                leader = _servers.Find(other => other.RaftAddress == address && other.IsRunning && !_cutOff.Contains(other));
                if (leader is not null) return true;
            }
            return false;
        });
        return leader!;
    }

    public IEnumerable<ServerProcess> Others(ServerProcess server) => _servers.Where(other => other != server && other.IsRunning);

    /// <summary>One attempt to write: true when it was acknowledged.</summary>
    public async Task<bool> TryPutAsync(ServerProcess server, string key, string value)
    {
        try
        {
            var answer = await _client.PutAsync($"{server.Http}/v1/kv/{key}", new StringContent(value));
            return answer.IsSuccessStatusCode && await answer.Content.ReadAsStringAsync() == "true";
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            return false;
        }
    }

    public Task PutAsync(ServerProcess server, string key, string value) => WaitAsync($"a write at {server.Name}", () => TryPutAsync(server, key, value));

    /// <summary>The value, read as fresh as the query says; null when there is none or no answer.</summary>
    public async Task<string?> GetAsync(ServerProcess server, string key, string query = "")
    {
        try
        {
            var answer = await _client.GetAsync($"{server.Http}/v1/kv/{key}?raw{query}");
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    public Task WaitForValueAsync(ServerProcess server, string key, string value, string query = "") =>
        WaitAsync($"{key} = {value} at {server.Name}", async () => await GetAsync(server, key, query) == value);

    public async Task<IReadOnlyList<string>> PeersAsync(ServerProcess server)
    {
        var peers = await JsonAsync(server, "/v1/status/peers");
        return peers is JsonArray list ? [.. list.Select(static peer => peer!.GetValue<string>())] : [];
    }

    /// <summary>Id, address and vote of each server in the Raft configuration.</summary>
    public async Task<List<(string Id, string Address, bool Voter)>> ConfigurationAsync(ServerProcess server)
    {
        var answer = await JsonAsync(server, "/v1/operator/raft/configuration?stale");
        if (answer?["Servers"] is not JsonArray servers) return [];
        return [.. servers.Select(static entry => (entry!["ID"]!.GetValue<string>(), entry["Address"]!.GetValue<string>(), entry["Voter"]!.GetValue<bool>()))];
    }

    /// <summary>Waits until all servers of the configuration have a vote and are those that run.</summary>
    public Task WaitForVotersAsync(params ServerProcess[] voters) => WaitAsync($"votes of {string.Join(", ", voters.Select(static server => server.Name))}", async () =>
    {
        var servers = await ConfigurationAsync(await LeaderAsync());
        return servers.Count == voters.Length && servers.TrueForAll(entry => entry.Voter && Array.Exists(voters, server => server.RaftAddress == entry.Address && server.NodeId == entry.Id));
    });

    public async Task<HttpStatusCode> DeleteAsync(ServerProcess server, string path) => (await _client.DeleteAsync(server.Http + path)).StatusCode;

    public async Task<HttpStatusCode> PutRawAsync(ServerProcess server, string path, byte[] body) => (await _client.PutAsync(server.Http + path, new ByteArrayContent(body))).StatusCode;

    /// <summary>The text of the answer, whatever its status; null without an answer.</summary>
    public async Task<string?> TextAsync(ServerProcess server, string path)
    {
        try
        {
            using var answer = await _client.GetAsync(server.Http + path);
            return await answer.Content.ReadAsStringAsync();
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>The text of an answer with status 500; null when there is another one or none.</summary>
    public async Task<string?> ErrorAsync(ServerProcess server, string path)
    {
        using var answer = await _client.GetAsync(server.Http + path);
        return answer.StatusCode == HttpStatusCode.InternalServerError ? await answer.Content.ReadAsStringAsync() : null;
    }

    /// <summary>A request whose answer matters whatever it is.</summary>
    public async Task<(HttpStatusCode Status, string Text)> SendAsync(ServerProcess server, HttpMethod method, string path, byte[]? body = null)
    {
        using var request = new HttpRequestMessage(method, server.Http + path) { Content = body is null ? null : new ByteArrayContent(body) };
        using var answer = await _client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What <see cref="TrySendAsync"/> gives when nobody listens: nothing was carried out, which is more than is known when an answer stays away.</summary>
    public const HttpStatusCode NobodyListens = HttpStatusCode.BadGateway;

    /// <summary>The same at a server that may be gone: null without an answer.</summary>
    public async Task<(HttpStatusCode Status, string Text)?> TrySendAsync(ServerProcess server, HttpMethod method, string path, byte[]? body = null)
    {
        try
        {
            return await SendAsync(server, method, path, body);
        }
        catch (HttpRequestException failure) when (failure.InnerException is System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.ConnectionRefused })
        {
            return (NobodyListens, "");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>What a read found and how fresh the server says it is; null without an answer.</summary>
    public async Task<(string Text, long LastContact, bool KnownLeader)?> FreshnessAsync(ServerProcess server, string path)
    {
        try
        {
            using var answer = await _client.GetAsync(server.Http + path);
            if (!answer.IsSuccessStatusCode) return null;
            string Header(string name) => answer.Headers.GetValues(name).Single();
            return (await answer.Content.ReadAsStringAsync(), long.Parse(Header("X-Consul-LastContact"), System.Globalization.CultureInfo.InvariantCulture), Header("X-Consul-KnownLeader") == "true");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    public Task<byte[]> GetRawAsync(ServerProcess server, string path) => _client.GetByteArrayAsync(server.Http + path);

    /// <summary>Waits until it is so, and fails with what the servers wrote when it does not become so.</summary>
    public async Task WaitAsync(string what, Func<Task<bool>> condition)
    {
        for (long start = Environment.TickCount64; Environment.TickCount64 - start < Patience.TotalMilliseconds;)
        {
            if (await condition()) return;
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
        var text = new StringBuilder($"waited in vain for {what}\n");
        foreach (var server in _servers) text.Append(server.Output);
        Assert.Fail(text.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        _network?.Dispose();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The address of the leader that this server follows, or null.</summary>
    public async Task<string?> LeaderAsync(ServerProcess server) =>
        await JsonAsync(server, "/v1/status/leader") is JsonValue value && value.GetValue<string>() is { Length: > 0 } address ? address : null;

    public async Task<JsonNode?> JsonAsync(ServerProcess server, string path)
    {
        try
        {
            return await _client.GetFromJsonAsync<JsonNode>(server.Http + path);
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException or System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
