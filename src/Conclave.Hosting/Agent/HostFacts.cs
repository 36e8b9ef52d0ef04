using System.Globalization;
using System.Runtime.InteropServices;

namespace Conclave.Hosting.Agent;

/// <summary>What is known of the machine, for <c>agent/host</c>. What the system does not tell is left out.</summary>
internal static class HostFacts
{
    public static List<KeyValuePair<string, object?>> Collect(string dataDirectory, TimeProvider clock) =>
    [
        new("Memory", Memory()),
        new("CPU", Cpus()),
        new("Host", Host(clock)),
        new("Disk", Disk(dataDirectory)),
        new("CollectionTime", (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100),
        new("Errors", null),
    ];

    private static List<KeyValuePair<string, object?>> Memory()
    {
        var lines = Lines("/proc/meminfo");
        long total = Kibibytes(lines, "MemTotal:"), available = Kibibytes(lines, "MemAvailable:");
        if (total == 0) total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return
        [
            new("total", total),
            new("available", available),
            new("used", total - available),
            new("usedPercent", total == 0 ? 0.0 : 100.0 * (total - available) / total),
            new("free", Kibibytes(lines, "MemFree:")),
        ];
    }

    private static List<object?> Cpus()
    {
        string model = Lines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim() ?? "";
        var all = new List<object?>();
        for (int i = 0; i < Environment.ProcessorCount; i++)
            all.Add(new List<KeyValuePair<string, object?>> { new("cpu", (long)i), new("cores", 1L), new("modelName", model) });
        return all;
    }

    private static List<KeyValuePair<string, object?>> Host(TimeProvider clock)
    {
        long uptime = Environment.TickCount64 / 1000;
        return
        [
            new("hostname", Environment.MachineName),
            new("uptime", uptime),
            new("bootTime", clock.GetUtcNow().ToUnixTimeSeconds() - uptime),
            new("os", OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux"),
            new("platform", RuntimeInformation.OSDescription),
            new("kernelVersion", Environment.OSVersion.Version.ToString()),
            new("kernelArch", RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()),
        ];
    }

    private static List<KeyValuePair<string, object?>> Disk(string dataDirectory)
    {
        try
        {
            var drive = new DriveInfo(dataDirectory.Length > 0 ? Path.GetFullPath(dataDirectory) : Path.GetTempPath());
            long used = drive.TotalSize - drive.TotalFreeSpace;
            return
            [
                new("path", drive.Name),
                new("fstype", drive.DriveFormat),
                new("total", drive.TotalSize),
                new("free", drive.AvailableFreeSpace),
                new("used", used),
                new("usedPercent", drive.TotalSize == 0 ? 0.0 : 100.0 * used / drive.TotalSize),
            ];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [new("path", dataDirectory)];               // a file system that does not tell its size
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];                                         // a system without this file
        }
    }

    private static long Kibibytes(string[] lines, string name)
    {
        foreach (string line in lines)
            if (line.StartsWith(name, StringComparison.Ordinal) && long.TryParse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture, out long value))
                return value * 1024;
        return 0;
    }
}
