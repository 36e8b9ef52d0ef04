using System.Text.Json.Nodes;

namespace Conclave.Simulation.Gossip;

/// <summary>Pools of several sizes one after the other; their numbers go into a file of JSON lines, and pictures are drawn from that.</summary>
internal static class PoolSweep
{
    /// <summary>Measures each size and appends its line to <paramref name="results"/>.</summary>
    public static void Run(IEnumerable<int> sizes, ulong seed, string results)
    {
        foreach (int size in sizes)
        {
            var measurement = new PoolTrial(seed, size) { Progress = text => Console.WriteLine($"  {Environment.CpuUsage.TotalTime.TotalSeconds,7:F1} s of processor time: {text}") }.Run();
            Console.WriteLine($"{size} members: {measurement.Events / 1e6:F1} million events in {measurement.RealSeconds:F0} s");
            if (Path.GetDirectoryName(results) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
            File.AppendAllText(results, measurement.ToJson().ToJsonString() + "\n");
        }
    }

    /// <summary>Draws the latest measurement of each size in <paramref name="results"/>.</summary>
    public static void Draw(string results, string folder)
    {
        var latest = new SortedDictionary<int, PoolMeasurement>();
        foreach (string line in File.ReadLines(results))
            if (PoolMeasurement.FromJson(JsonNode.Parse(line)) is { } measurement) latest[measurement.Nodes] = measurement;
        if (latest.Count == 0) throw new InvalidDataException($"{results} holds no measurement of a pool.");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "gossip-detection.svg"), new Chart("Time until a killed member is known", "members", "virtual seconds").Draw(
        [
            Make("first member says so", "#1f77b4", measurement => measurement.DetectSeconds),
            Make("all members know", "#d62728", measurement => measurement.AllKnowSeconds),
            Make("a tenth killed at once: all know all", "#7f7f7f", measurement => measurement.TenthSeconds),
        ]));
        File.WriteAllText(Path.Combine(folder, "gossip-traffic.svg"), new Chart("Bytes sent by a member", "members", "bytes per second").Draw(
        [
            Make("idle, state exchanges included", "#2ca02c", measurement => measurement.IdleBytesPerSecond),
            Make("while kills are being detected", "#ff7f0e", measurement => measurement.BusyBytesPerSecond),
        ]));

        Curve Make(string name, string color, Func<PoolMeasurement, double> value) => new(name, color, [.. latest.Values.Select(measurement => ((double)measurement.Nodes, value(measurement)))]);
    }
}
