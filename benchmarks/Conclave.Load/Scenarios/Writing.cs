using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Conclave.Load.Net;

namespace Conclave.Load.Scenarios;

/// <summary>64 writers that go on until they are told to stop, each to the next place when its own fails.</summary>
internal sealed class Writing : IDisposable
{
    /// <summary>A writer whose server does not answer for so long goes to the next one: a stopped process would hold it for ever.</summary>
    public static readonly TimeSpan Impatience = TimeSpan.FromSeconds(1);

    private const int Writers = 64;

    private readonly string _prefix;
    private readonly Func<IEnumerable<IPEndPoint?>> _places;
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<int>[] _writers = new Task<int>[Writers];
    private long _lastSuccess = Stopwatch.GetTimestamp(), _longestGap, _slowest, _successes;

    /// <param name="prefix">Of the keys.</param>
    /// <param name="places">Where can be written now; null for one that is down.</param>
    /// <param name="patience">How long a writer waits for an answer before it goes elsewhere.</param>
    public Writing(string prefix, Func<IEnumerable<IPEndPoint?>> places, TimeSpan patience)
    {
        (_prefix, _places, _patience) = (prefix, places, patience);
        for (var i = 0; i < Writers; i++)
        {
            var writer = i;
            _writers[i] = Task.Run(() => WriteAsync(writer));
        }
    }

    /// <summary>The longest time since <see cref="StartGap"/> in which nobody's write was acknowledged.</summary>
    public TimeSpan LongestGap => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longestGap));

    /// <summary>The longest time since <see cref="StartGap"/> that an acknowledged write took.</summary>
    public TimeSpan Slowest => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _slowest));

    /// <summary>What was answered instead of an acknowledgement, and how often.</summary>
    public ConcurrentDictionary<string, int> Errors { get; } = new(StringComparer.Ordinal);

    public void StartGap()
    {
        Volatile.Write(ref _longestGap, 0);
        Volatile.Write(ref _slowest, 0);
    }

    /// <summary>Waits until some thousand writes were acknowledged.</summary>
    public async Task UntilSteadyAsync()
    {
        var goal = Volatile.Read(ref _successes) + 5_000;
        while (Volatile.Read(ref _successes) < goal) await Task.Delay(10);
    }

    /// <summary>Ends them; gives how many writes of each were acknowledged.</summary>
    public async Task<int[]> StopAsync()
    {
        await _stop.CancelAsync();
        return await Task.WhenAll(_writers);
    }

    /// <summary>A description of the first missing write, or null.</summary>
    public async Task<string?> LostAsync(IPEndPoint server, int[] acknowledged)
    {
        using var connection = await Connection.OpenAsync(server);
        for (var writer = 0; writer < Writers; writer++)
        {
            var answer = await connection.AskAsync(Request.Get($"/v1/kv/{_prefix}/{writer:00}/?keys"));
            if (answer.Status == 404 && acknowledged[writer] == 0) continue;
            answer.MustBe(200);
            using var document = JsonDocument.Parse(answer.Body);
            var keys = document.RootElement.EnumerateArray().Select(static key => key.GetString()!).ToHashSet(StringComparer.Ordinal);
            for (var i = 0; i < acknowledged[writer]; i++)
                if (!keys.Contains($"{_prefix}/{writer:00}/{i:0000000}")) return $"{_prefix}/{writer:00}/{i:0000000} was acknowledged and is gone";
        }
        return null;
    }

    public void Dispose() => _stop.Dispose();

    private async Task<int> WriteAsync(int writer)
    {
        int acknowledged = 0, place = writer;
        while (!_stop.IsCancellationRequested)
        {
            IPEndPoint?[] places = [.. _places()];
            if (places[place % places.Length] is { } target) acknowledged = await WriteToAsync(target, writer, acknowledged);
            place++;
            await Task.Delay(10);
        }
        return acknowledged;
    }

    // A number is used up by the attempt that is acknowledged: one that failed is tried again, which changes nothing if it had been carried out.
    private async Task<int> WriteToAsync(IPEndPoint server, int writer, int acknowledged)
    {
        try
        {
            using var connection = await Connection.OpenAsync(server).WaitAsync(_patience);
            while (!_stop.IsCancellationRequested)
            {
                var begun = Stopwatch.GetTimestamp();
                var answer = await connection.AskAsync(Request.Of("PUT", $"/v1/kv/{_prefix}/{writer:00}/{acknowledged:0000000}", "x")).AsTask().WaitAsync(_patience);
                if (answer.Status != 200 || !answer.Body.Span.StartsWith("true"u8))
                {
                    Errors.AddOrUpdate(Encoding.UTF8.GetString(answer.Body.Span).Trim(), 1, static (_, count) => count + 1);
                    return acknowledged;
                }
                acknowledged++;
                NoteSuccess(begun);
            }
        }
        catch (Exception down) when (down is IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            // The next place is tried.
            Errors.AddOrUpdate(down is TimeoutException ? "no answer in time" : "no connection", 1, static (_, count) => count + 1);
        }
        return acknowledged;
    }

    private void NoteSuccess(long begun)
    {
        Interlocked.Increment(ref _successes);
        var now = Stopwatch.GetTimestamp();
        Raise(ref _longestGap, now - Interlocked.Exchange(ref _lastSuccess, now));
        Raise(ref _slowest, now - begun);
    }

    private static void Raise(ref long highest, long value)
    {
        long seen;
        while (value > (seen = Volatile.Read(ref highest)) && Interlocked.CompareExchange(ref highest, value, seen) != seen) { }
    }
}
