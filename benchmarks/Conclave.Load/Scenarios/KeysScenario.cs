using System.Diagnostics;
using System.Net;
using System.Text;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>A million keys of 100 bytes: how much memory they take, and how long a server that has them needs to come back.</summary>
internal static class KeysScenario
{
    private const int KeysPerTransaction = 64;
    private const int Connections = 8;

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        var count = options.Count(1_000_000);
        using var folder = new TemporaryFolder(options);
        using (var server = ServerProcess.Start(options, folder.Path))
        {
            await server.UntilLeaderAsync();
            var begun = Stopwatch.GetTimestamp();
            await FillAsync(server.Http, count);
            var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            var raw = server.Usage.ResidentMiB;
            HeapCollection.Force(server.ProcessId);
            await Task.Delay(1000);
            report.Add("keys", $"{count:N0} keys of 100 B", ("keys_per_s", count / took), ("resident_MiB", server.Usage.ResidentMiB), ("before_collection_MiB", raw));
            await server.KillAsync();
        }
        using var again = ServerProcess.Start(options, folder.Path);
        var back = await again.UntilAsync("GET", $"/v1/kv/{KeyOf(count - 1)}", "", answer => answer.Status == 200);
        report.Add("keys", "restart until the last key is read", ("after_s", back.TotalSeconds), ("resident_MiB", again.Usage.ResidentMiB), ("cpu_s", again.Usage.Cpu.TotalSeconds));
    }

    private static string KeyOf(int i) => $"keys/{i % 1000:000}/{i:0000000}";

    /// <summary>Writes keys in transactions.</summary>
    public static Task FillAsync(IPEndPoint server, int count)
    {
        var next = -KeysPerTransaction;
        var value = Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('v', 100)));
        return Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            using var connection = await Connection.OpenAsync(server);
            int from;
            while ((from = Interlocked.Add(ref next, KeysPerTransaction)) < count)
            {
                var body = Transaction(from, Math.Min(count, from + KeysPerTransaction), value);
                (await connection.AskAsync(Request.Of("PUT", "/v1/txn", body))).MustBe(200);
            }
        })));
    }

    private static string Transaction(int from, int to, string value)
    {
        var body = new StringBuilder("[");
        for (var i = from; i < to; i++)
            body.Append(i == from ? "" : ",").Append("{\"KV\":{\"Verb\":\"set\",\"Key\":\"").Append(KeyOf(i)).Append("\",\"Value\":\"").Append(value).Append("\"}}");
        return body.Append(']').ToString();
    }
}
