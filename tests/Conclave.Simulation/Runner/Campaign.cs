using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Conclave.Simulation;

/// <summary>Many seeds of one scenario, on several threads, with what came of them.</summary>
internal sealed class Campaign(IScenario scenario, ScenarioOptions options)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal), _marks = new(StringComparer.Ordinal);
    private readonly Stopwatch _watch = new();

    // Guarded by _lock, as are the two dictionaries.
    private long _events, _runs, _repeated;
    private TimeSpan _time;

    public ConcurrentQueue<RunResult> Failures { get; } = [];

    public long Runs => _runs;

    public long Events => _events;

    public TimeSpan VirtualTime => _time;

    /// <summary>Rare places that were reached.</summary>
    public IEnumerable<string> Marks => _marks.Keys;

    /// <summary>Failures after which no more seeds are begun.</summary>
    public int FailuresMax { get; init; } = 10;

    /// <summary>Told each result, on the thread that ran it.</summary>
    public Action<RunResult>? OnResult { get; init; }

    /// <summary>Runs seeds <paramref name="first"/> and following; of <paramref name="verifyPercent"/> percent the digest of a second run is compared.</summary>
    public void Run(ulong first, long seeds, int jobs, TimeSpan bound, int verifyPercent)
    {
        _watch.Start();
        long next = -1;
        var threads = new Thread[Math.Min(jobs, Math.Max(1, seeds))];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                while (Failures.Count < FailuresMax && _watch.Elapsed < bound && Interlocked.Increment(ref next) is var number && number < seeds)
                    RunSeed(first + (ulong)number, (number * 37 % 100) < verifyPercent);
            });
            threads[i].Start();
        }
        foreach (var thread in threads) thread.Join();
        _watch.Stop();
    }

    public string Summary()
    {
        var text = new System.Text.StringBuilder();
        double minutes = Math.Max(_watch.Elapsed.TotalMinutes, 1e-9);
        text.AppendLine(CultureInfo.InvariantCulture, $"{scenario.Name}: {_runs} seeds in {_watch.Elapsed.TotalSeconds:F1} s ({_runs / minutes:F0} seeds per minute), {_time.TotalHours:F1} virtual hours, {_events} events ({_events / minutes / 60 / 1e6:F2} million per second), {_repeated} seeds repeated, {Failures.Count} failures");
        foreach (var (checker, found) in ByChecker()) text.AppendLine(CultureInfo.InvariantCulture, $"found by {checker}: {found.Count} seeds, the first {found.First}");
        if (_faults.Count > 0) text.AppendLine("faults: " + string.Join(", ", _faults.Select(pair => $"{pair.Key} {pair.Value}")));
        if (_marks.Count > 0) text.AppendLine("marks:  " + string.Join(", ", _marks.Select(pair => $"{pair.Key} {pair.Value}")));
        return text.ToString();
    }

    /// <summary>The same for machines, one line.</summary>
    public string Record(ulong first, long seeds, DateTime at) => JsonSerializer.Serialize(new
    {
        at = at.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), scenario = scenario.Name, mutation = options.Mutation, first, asked = seeds, seeds = _runs, repeated = _repeated, failures = Failures.Count,
        virtualHours = Math.Round(_time.TotalHours, 2), events = _events, seconds = Math.Round(_watch.Elapsed.TotalSeconds, 1), faults = _faults, marks = _marks,
        found = ByChecker().Select(pair => new { checker = pair.Key, seeds = pair.Value.Count, first = pair.Value.First }),
    });

    /// <summary>How many seeds each checker has found something in, and the first of them.</summary>
    public SortedDictionary<string, (int Count, ulong First)> ByChecker()
    {
        var found = new SortedDictionary<string, (int Count, ulong First)>(StringComparer.Ordinal);
        foreach (var failed in Failures)
        {
            string checker = failed.Failure!.Checker;
            var (count, first) = found.GetValueOrDefault(checker, (0, ulong.MaxValue));
            found[checker] = (count + 1, Math.Min(first, failed.Seed));
        }
        return found;
    }

    private void RunSeed(ulong seed, bool verify)
    {
        var result = Simulator.Run(scenario, seed, options);
        bool differs = false;
        if (verify && result.Failure is null)
        {
            var again = Simulator.Run(scenario, seed, options);
            differs = again.Digest != result.Digest || again.Events != result.Events;
            if (differs) result = result with { Failure = new SimFailure(FailureKind.Nondeterminism, "digest", $"a second run had {again.Events} events and digest {again.Digest:x16}", "") };
        }
        lock (_lock)
        {
            _runs++;
            if (verify) _repeated++;
            _events += result.Events;
            _time += result.Time;
            foreach (var (kind, count) in result.Faults) _faults[kind] = _faults.GetValueOrDefault(kind) + count;
            foreach (var (mark, count) in result.Marks) _marks[mark] = _marks.GetValueOrDefault(mark) + count;
        }
        if (result.Failure is not null) Failures.Enqueue(result);
        OnResult?.Invoke(result);
    }
}
