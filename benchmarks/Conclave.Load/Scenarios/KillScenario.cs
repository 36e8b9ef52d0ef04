using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>Kills the server under 64 writers, starts it again on the same data, and looks for every write that it had acknowledged.</summary>
internal static class KillScenario
{
    private const int Writers = 64;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        var rounds = options.Count(50, least: 3);
        var acknowledged = new List<int[]>();
        var slowestStart = TimeSpan.Zero;
        long total = 0;
        for (var round = 0; round <= rounds; round++)
        {
            using var server = ServerProcess.Start(options, folder.Path);
            var start = await server.UntilLeaderAsync();
            if (start > slowestStart) slowestStart = start;
            if (round > 0 && await LostAsync(server.Http, round - 1, acknowledged[round - 1]) is { } lost)
            {
                report.Fail("kill", $"round {round - 1}: {lost}");
                return;
            }
            if (round < rounds)
            {
                acknowledged.Add(await WriteUntilKilledAsync(server, round));
                total += acknowledged[round].Sum();
                continue;
            }
            for (var earlier = 0; earlier < rounds; earlier++)
                if (await LostAsync(server.Http, earlier, acknowledged[earlier]) is { } later) report.Fail("kill", $"round {earlier}, looked at again in the end: {later}");
        }
        report.Add("kill", $"{rounds} rounds of kill -9, {Writers} writers", ("acknowledged", total), ("lost", 0), ("slowest_start_s", slowestStart.TotalSeconds));
    }

    /// <summary>How many writes of each writer were acknowledged; they are numbered from 0.</summary>
    private static async Task<int[]> WriteUntilKilledAsync(ServerProcess server, int round)
    {
        var counts = new int[Writers];
        var writers = new Task[Writers];
        for (var i = 0; i < Writers; i++)
        {
            var writer = i;
            writers[i] = Task.Run(async () => counts[writer] = await WriteAsync(server.Http, round, writer));
        }
        await Task.Delay(Random.Shared.Next(100, 1500));
        await server.KillAsync();
        await Task.WhenAll(writers);
        return counts;
    }

    private static async Task<int> WriteAsync(IPEndPoint server, int round, int writer)
    {
        var acknowledged = 0;
        try
        {
            using var connection = await Connection.OpenAsync(server);
            while (true)
            {
                var answer = await connection.AskAsync(Request.Of("PUT", $"/v1/kv/kill/{round:000}/{writer:00}/{acknowledged:000000}", $"{round}-{writer}-{acknowledged}"));
                if (answer.Status != 200 || !answer.Body.Span.StartsWith("true"u8)) return acknowledged;
                acknowledged++;
            }
        }
        catch (Exception end) when (end is IOException or SocketException)
        {
            // The server was killed: what counts is what it had said before.
            return acknowledged;
        }
    }

    /// <summary>A description of the first missing or changed write of a round, or null.</summary>
    private static async Task<string?> LostAsync(IPEndPoint server, int round, int[] acknowledged)
    {
        using var connection = await Connection.OpenAsync(server);
        for (var writer = 0; writer < Writers; writer++)
        {
            if (acknowledged[writer] == 0) continue;
            var answer = await connection.AskAsync(Request.Get($"/v1/kv/kill/{round:000}/{writer:00}/?recurse"));
            answer.MustBe(200);
            if (Missing(answer.Body, round, writer, acknowledged[writer]) is { } missing) return missing;
        }
        return null;
    }

    private static string? Missing(ReadOnlyMemory<byte> body, int round, int writer, int acknowledged)
    {
        using var document = JsonDocument.Parse(body);
        var values = document.RootElement.EnumerateArray().ToDictionary(entry => entry.GetProperty("Key").GetString()!, entry => entry.GetProperty("Value").GetBytesFromBase64());
        for (var i = 0; i < acknowledged; i++)
        {
            var key = $"kill/{round:000}/{writer:00}/{i:000000}";
            if (!values.TryGetValue(key, out var value)) return $"{key} was acknowledged and is gone";
            if (Encoding.UTF8.GetString(value) != $"{round}-{writer}-{i}") return $"{key} has another value";
        }
        return null;
    }
}
