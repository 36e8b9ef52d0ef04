using System.Diagnostics;
using Conclave.Load.Net;

namespace Conclave.Load.Scenarios;

/// <summary>How many appends of 256 bytes with a flush each this disk takes, in a file prepared as the log prepares its segments.</summary>
internal static class DiskScenario
{
    private const int RecordBytes = 256;
    private const int FileBytes = 64 << 20;

    public static Task RunAsync(LoadOptions options, Report report)
    {
        using var folder = new TemporaryFolder(options);
        foreach (var grouped in (int[])[1, 16, 64])
        {
            using var file = File.OpenHandle(Path.Combine(folder.Path, $"append-{grouped}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, FileBytes);
            var zeros = new byte[1 << 20];
            for (var at = 0L; at < FileBytes; at += zeros.Length) RandomAccess.Write(file, zeros, at);
            RandomAccess.FlushToDisk(file);
            Measure(file, grouped, options.Seconds, report);
        }
        return Task.CompletedTask;
    }

    private static void Measure(Microsoft.Win32.SafeHandles.SafeFileHandle file, int grouped, double seconds, Report report)
    {
        var records = new byte[RecordBytes * grouped];
        var latencies = new Latencies();
        var begun = Stopwatch.GetTimestamp();
        var length = TimeSpan.FromSeconds(seconds / 2);
        for (var at = 0L; Stopwatch.GetElapsedTime(begun) < length; at = (at + records.Length) % (FileBytes - records.Length))
        {
            var flushAt = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, records, at);
            RandomAccess.FlushToDisk(file);
            latencies.Add(flushAt);
        }
        var flushes = latencies.Count / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        report.Add("disk", $"append+flush, {grouped} per flush", ("flushes/s", flushes), ("records/s", flushes * grouped),
            ("p50_us", latencies.Percentile(0.5)), ("p99_us", latencies.Percentile(0.99)));
    }
}
