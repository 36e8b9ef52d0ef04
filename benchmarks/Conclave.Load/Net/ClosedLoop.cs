using System.Diagnostics;
using System.Net;

namespace Conclave.Load.Net;

/// <summary>Result of a timed run.</summary>
internal sealed record LoopResult(long Requests, double Seconds, Latencies Latencies)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>Some connections, each of which sends its next request when the last one is answered.</summary>
internal static class ClosedLoop
{
    /// <param name="server">Where to.</param>
    /// <param name="connections">How many at once.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="requestsOf">Requests of a connection, taken round robin.</param>
    /// <param name="status">The status that every answer must have.</param>
    public static async Task<LoopResult> RunAsync(IPEndPoint server, int connections, double seconds, Func<int, byte[][]> requestsOf, int status = 200)
    {
        var length = TimeSpan.FromSeconds(seconds);
        var open = new Connection[connections];
        for (var i = 0; i < connections; i++) open[i] = await Connection.OpenAsync(server);
        var begun = Stopwatch.GetTimestamp();
        var runs = new Task<Latencies>[connections];
        for (var i = 0; i < connections; i++)
        {
            var (connection, requests) = (open[i], requestsOf(i));
            runs[i] = Task.Run(() => DriveAsync(connection, requests, begun, length, status));
        }
        var all = new Latencies();
        foreach (var run in runs) all.Merge(await run);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        foreach (var connection in open) connection.Dispose();
        return new LoopResult(all.Count, took, all);
    }

    private static async Task<Latencies> DriveAsync(Connection connection, byte[][] requests, long begun, TimeSpan length, int status)
    {
        var latencies = new Latencies();
        for (var next = 0; Stopwatch.GetElapsedTime(begun) < length; next = (next + 1) % requests.Length)
        {
            var sentAt = Stopwatch.GetTimestamp();
            (await connection.AskAsync(requests[next])).MustBe(status);
            latencies.Add(sentAt);
        }
        return latencies;
    }
}
