using System.Diagnostics;
using Conclave.Hosting;

namespace Conclave.Load.Scenarios;

/// <summary>Fifty members in this process with nothing to tell each other: what each costs in processor time, packets and garbage.</summary>
internal static class GossipIdleScenario
{
    public static async Task RunAsync(LoadOptions options, Report report)
    {
        var members = new List<Membership>();
        try
        {
            int size = options.Count(50, least: 3);
            for (int i = 0; i < size; i++) members.Add(await Membership.StartAsync(new MembershipOptions { Name = $"member-{i}", Port = 0 }));
            string first = members[0].LocalEndPoint.ToString();
            foreach (var member in members.Skip(1)) await member.JoinAsync(first);
            while (members.Any(member => member.Members.Count < size)) await Task.Delay(100);
            // What runs a few times a second only takes a while to be compiled for good.
            await Task.Delay(TimeSpan.FromSeconds(options.Seconds * 6));
            await MeasureAsync(options, report, members);
        }
        finally
        {
            foreach (var member in members) await member.DisposeAsync();
        }
    }

    private static async Task MeasureAsync(LoadOptions options, Report report, List<Membership> members)
    {
        var self = Process.GetCurrentProcess();
        var before = (Cpu: self.TotalProcessorTime, Garbage: GC.GetTotalAllocatedBytes(), Packets: members.Sum(static member => member.Numbers.PacketsOut), Bytes: members.Sum(static member => member.Numbers.BytesOut));
        long begun = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds * 6));
        double memberSeconds = Stopwatch.GetElapsedTime(begun).TotalSeconds * members.Count;
        self.Refresh();
        report.Add("gossip-idle", $"{members.Count} members in one process",
            ("cpu_percent_per_member", (self.TotalProcessorTime - before.Cpu).TotalSeconds / memberSeconds * 100),
            ("packets_per_s", (members.Sum(static member => member.Numbers.PacketsOut) - before.Packets) / memberSeconds),
            ("bytes_per_s", (members.Sum(static member => member.Numbers.BytesOut) - before.Bytes) / memberSeconds),
            ("garbage_bytes_per_s", (GC.GetTotalAllocatedBytes() - before.Garbage) / memberSeconds));
    }
}
