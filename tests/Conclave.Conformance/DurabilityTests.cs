using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Conclave.Conformance.Player;
using Conclave.Conformance.Server;

namespace Conclave.Conformance;

/// <summary>A killed server comes back with every write that it had acknowledged. The long version is the scenario <c>kill</c> of the load generator.</summary>
public sealed class DurabilityTests
{
    private const int Rounds = 4;
    private const int Writers = 32;

    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task No_acknowledged_write_is_lost_when_the_process_is_killed()
    {
        var stop = TestContext.Current.CancellationToken;
        var ports = AgentPorts.Free();
        var data = Directory.CreateTempSubdirectory("conclave-durability-").FullName;
        var acknowledged = new List<string>();
        try
        {
            for (var round = 0; round <= Rounds; round++)
            {
                await using var agent = AgentProcess.Start(Configuration, ["-bind", "127.0.0.1", "-data-dir", data], ports);
                await UntilReadyAsync(agent, stop);
                Assert.Empty(acknowledged.Except(await KeysAsync(agent.Http, stop)));
                if (round < Rounds) acknowledged.AddRange(await WriteUntilKilledAsync(agent, round));
            }
            Assert.NotEmpty(acknowledged);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static JsonObject Configuration => new()
    {
        ["server"] = true, ["bootstrap"] = true, ["performance"] = new JsonObject { ["raft_multiplier"] = 1 },
    };

    private static async Task UntilReadyAsync(AgentProcess agent, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, agent.Ended);
        try
        {
            await ServerFacts.ReadAsync(new RawHttpClient(agent.Http), token: null, s_readyWithin, either.Token);
        }
        catch (TimeoutException problem)
        {
            Assert.Fail($"{problem.Message}\n{agent.Output}");
        }
    }

    private static async Task<List<string>> KeysAsync(IPEndPoint server, CancellationToken stop)
    {
        var answer = await new RawHttpClient(server).SendAsync(RawRequest.Get("/v1/kv/kill/?keys&consistent"), stop);
        if (answer.Status == 404) return [];
        Assert.Equal(200, answer.Status);
        return [.. answer.Json().EnumerateArray().Select(key => key.GetString()!)];
    }

    /// <summary>Keys whose write was answered by <c>true</c> before the process died.</summary>
    private static async Task<List<string>> WriteUntilKilledAsync(AgentProcess agent, int round)
    {
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var total = 0;
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(agent.Http, $"kill/{round}/{writer}", () =>
        {
            if (Interlocked.Increment(ref total) == (round + 1) * 100) enough.TrySetResult();
        }))).ToList();
        await Task.WhenAny(enough.Task, Task.WhenAll(writers));
        await agent.KillAsync();
        return [.. (await Task.WhenAll(writers)).SelectMany(keys => keys)];
    }

    private static async Task<List<string>> WriteAsync(IPEndPoint server, string prefix, Action written)
    {
        var client = new RawHttpClient(server);
        var acknowledged = new List<string>();
        try
        {
            while (true)
            {
                var key = $"{prefix}/{acknowledged.Count}";
                var answer = await client.SendAsync(RawRequest.Put($"/v1/kv/{key}", key));
                if (answer.Status != 200 || !answer.Body.AsSpan().StartsWith("true"u8)) return acknowledged;
                acknowledged.Add(key);
                written();
            }
        }
        catch (Exception end) when (end is IOException or SocketException)
        {
            // The process was killed in the middle of a request: what counts is what it had answered before.
            return acknowledged;
        }
    }
}
