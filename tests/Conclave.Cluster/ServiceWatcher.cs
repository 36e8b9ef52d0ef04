using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Conclave.Cluster;

/// <summary>Waits for changes of a service at an agent, one request after the other, as programs do that keep a list of instances.</summary>
internal sealed class ServiceWatcher(ServerProcess agent, string service)
{
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private int _seen = -1, _answers, _streamed;

    /// <summary>The number in the newest answer.</summary>
    public int Seen => Volatile.Read(ref _seen);

    public int Answers => Volatile.Read(ref _answers);

    /// <summary>Answers that came out of a subscription.</summary>
    public int Streamed => Volatile.Read(ref _streamed);

    public ConcurrentQueue<string> Failures { get; } = [];

    public async Task RunAsync(CancellationToken stop)
    {
        ulong index = 1;
        try
        {
            while (true)
            {
                using var answer = await _client.GetAsync($"{agent.Http}/v1/health/service/{service}?index={index}&wait=60s", stop);
                string text = await answer.Content.ReadAsStringAsync(stop);
                if (!answer.IsSuccessStatusCode)
                {
                    Failures.Enqueue($"{answer.StatusCode}: {text}");
                    continue;
                }
                Interlocked.Increment(ref _answers);
                if (answer.Headers.GetValues("X-Consul-Query-Backend").Single() == "streaming") Interlocked.Increment(ref _streamed);
                ulong next = ulong.Parse(answer.Headers.GetValues("X-Consul-Index").Single());
                if (next < index) Failures.Enqueue($"index {next} after {index}");
                int number = int.Parse(JsonNode.Parse(text)![0]!["Service"]!["Meta"]!["number"]!.GetValue<string>());
                if (number < _seen) Failures.Enqueue($"change {number} after {_seen}");
                (index, _seen) = (next, number);
            }
        }
        catch (OperationCanceledException)
        {
            _client.Dispose();
        }
    }
}
