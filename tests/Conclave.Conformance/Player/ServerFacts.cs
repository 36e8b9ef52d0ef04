using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace Conclave.Conformance.Player;

/// <summary>Waits until a server is ready and reads what cases call <c>${agent:...}</c>.</summary>
internal static class ServerFacts
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <param name="client">The server.</param>
    /// <param name="token">Management token, or null.</param>
    /// <param name="patience">Time for the server to listen, to elect itself and to register itself, together.</param>
    /// <param name="stop">Ends the waiting, for example because the server's process ended.</param>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(RawHttpClient client, string? token, TimeSpan patience, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(patience);
        var facts = new Dictionary<string, string>
        {
            ["token"] = token ?? "",
            ["run"] = Random.Shared.Next().ToString("x8", CultureInfo.InvariantCulture),
            ["base"] = $"http://{client.Server}",
        };
        if (await PollAsync(client, "/v1/agent/self", token, answer => answer.Status == 200 || (answer.Status == 403 && token is null), deadline.Token) is { Status: 200 } self)
            Read(self.Json(), facts);
        await PollAsync(client, "/v1/status/leader", null, answer => answer.Status == 200 && answer.Text.Trim().Length > 2, deadline.Token);
        if (facts.TryGetValue("node", out var node))
            await PollAsync(client, $"/v1/health/node/{Uri.EscapeDataString(node)}", token, answer => answer.Status == 200 && answer.Json().GetArrayLength() > 0, deadline.Token);
        // Once each agent has added to what the leader registered of it the indexes are at rest.
        if (facts.ContainsKey("node"))
            await PollAsync(client, "/v1/catalog/nodes", token, answer => answer.Status == 200 && answer.Json().EnumerateArray().All(HasAddedToItself), deadline.Token);
        return facts;
    }

    /// <summary>Waits until a server has an answer that is as it should be.</summary>
    /// <exception cref="TimeoutException">It had none in time.</exception>
    public static async Task<RawResponse> WaitAsync(RawHttpClient client, string target, Predicate<RawResponse> ready, TimeSpan patience, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(patience);
        return await PollAsync(client, target, null, ready, deadline.Token);
    }

    private static bool HasAddedToItself(JsonElement node) => node.GetProperty("Meta") is { ValueKind: JsonValueKind.Object } meta && meta.EnumerateObject().Any();

    private static void Read(JsonElement self, Dictionary<string, string> facts)
    {
        var config = self.GetProperty("Config");
        facts["node"] = config.GetProperty("NodeName").GetString()!;
        facts["node_id"] = config.GetProperty("NodeID").GetString()!;
        facts["dc"] = config.GetProperty("Datacenter").GetString()!;
        facts["addr"] = self.GetProperty("Member").GetProperty("Addr").GetString()!;
    }

    private static async Task<RawResponse> PollAsync(RawHttpClient client, string target, string? token, Predicate<RawResponse> ready, CancellationToken stop)
    {
        List<KeyValuePair<string, string>> headers = token is null ? [] : [new("X-Consul-Token", token)];
        var last = "no answer";
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var answer = await client.SendAsync(new RawRequest("GET", target, headers), stop);
                if (ready(answer)) return answer;
                last = $"{answer.Status} {answer.Text}";
            }
            catch (Exception problem) when (problem is IOException or SocketException or OperationCanceledException)
            {
                last = problem.Message;
            }
            await Task.Delay(s_pause, CancellationToken.None);
        }
        throw new TimeoutException($"The server is not ready: GET {target} last gave: {last}");
    }
}
