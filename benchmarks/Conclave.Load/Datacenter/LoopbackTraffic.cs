using System.Globalization;

namespace Conclave.Load.Datacenter;

/// <summary>What has crossed the loopback interface so far, by the kernel's count: everything of this machine or network namespace.</summary>
internal readonly record struct LoopbackTraffic(long Bytes, long Packets)
{
    public static LoopbackTraffic Read()
    {
        string line = File.ReadLines("/proc/net/dev").First(static line => line.TrimStart().StartsWith("lo:", StringComparison.Ordinal));
        string[] fields = line[(line.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new(long.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    public static LoopbackTraffic operator -(LoopbackTraffic a, LoopbackTraffic b) => new(a.Bytes - b.Bytes, a.Packets - b.Packets);
}
