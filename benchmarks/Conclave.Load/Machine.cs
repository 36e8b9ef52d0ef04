using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Conclave.Load;

/// <summary>What a number is worth depends on where it was taken.</summary>
internal static class Machine
{
    public static JsonObject Describe() => new()
    {
        ["cpu"] = Field("/proc/cpuinfo", "model name"),
        ["cores"] = Environment.ProcessorCount,
        ["memory"] = Field("/proc/meminfo", "MemTotal"),
        ["os"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["load"] = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Trim() : "",
    };

    private static string Field(string file, string name) =>
        File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? ""
            : "";
}
