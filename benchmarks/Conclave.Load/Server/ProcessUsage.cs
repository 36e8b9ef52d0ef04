using System.Globalization;

namespace Conclave.Load.Server;

/// <summary>What a process has used so far, from <c>/proc</c>.</summary>
/// <param name="Cpu">User and system time; the kernel counts in steps of 10 ms.</param>
/// <param name="ResidentBytes">Memory in use.</param>
internal readonly record struct ProcessUsage(TimeSpan Cpu, long ResidentBytes)
{
    private const double TicksPerSecond = 100;

    public double ResidentMiB => ResidentBytes / (1024.0 * 1024);

    public static ProcessUsage Of(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        // The name is in parentheses and may hold anything; the numbers begin behind the last one.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture);
        var resident = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return new ProcessUsage(TimeSpan.FromSeconds(ticks / TicksPerSecond), kilobytes * 1024);
    }

    /// <summary>CPU microseconds per request since an earlier look.</summary>
    public double MicrosPer(long requests, ProcessUsage before) => requests == 0 ? 0 : (Cpu - before.Cpu).TotalMicroseconds / requests;
}
