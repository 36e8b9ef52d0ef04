using System.Diagnostics;
using Conclave.Load.Net;
using Conclave.Load.Server;

namespace Conclave.Load.Scenarios;

/// <summary>One write, many waiting queries on its key: when the first and the last of them are answered.</summary>
internal static class WakeScenario
{
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        using var server = ServerProcess.Start(options, folder.Path);
        await server.UntilLeaderAsync();
        using var writer = await Connection.OpenAsync(server.Http);
        foreach (var full in (int[])[1, 10, 100, 1_000, 10_000])
            for (var round = 0; round < 2; round++)
                await MeasureAsync(report, server, writer, options.Count(full));
    }

    private static async Task MeasureAsync(Report report, ServerProcess server, Connection writer, int count)
    {
        // Two values: writing the same one again changes nothing and wakes nobody.
        (await writer.AskAsync(Request.Of("PUT", "/v1/kv/wake", Guid.NewGuid().ToString()))).MustBe(200);
        var put = Request.Of("PUT", "/v1/kv/wake", Guid.NewGuid().ToString());
        var index = (await writer.AskAsync(Request.Get("/v1/kv/wake"))).Index;
        var clients = await WaitingClients.OpenAsync(server.Http, count, _ => $"/v1/kv/wake?index={index}&wait=10m");
        await Task.Delay(s_settle);

        var first = long.MaxValue;
        var before = server.Usage;
        var answers = new Task[count];
        for (var i = 0; i < count; i++) answers[i] = AnsweredAsync(clients.Connections[i]);
        var begun = Stopwatch.GetTimestamp();
        (await writer.AskAsync(put)).MustBe(200);
        var written = Stopwatch.GetElapsedTime(begun);
        await Task.WhenAll(answers);
        var last = Stopwatch.GetElapsedTime(begun);
        clients.Vanish();
        report.Add("wake", $"{count:N0} waiting", ("write_ms", written.TotalMilliseconds), ("first_ms", Stopwatch.GetElapsedTime(begun, first).TotalMilliseconds),
            ("last_ms", last.TotalMilliseconds), ("server_cpu_us_each", server.Usage.MicrosPer(count, before)));

        async Task AnsweredAsync(Connection connection)
        {
            (await connection.ReceiveAsync()).MustBe(200);
            var now = Stopwatch.GetTimestamp();
            for (var seen = Volatile.Read(ref first); now < seen; seen = Volatile.Read(ref first)) Interlocked.CompareExchange(ref first, now, seen);
        }
    }
}
