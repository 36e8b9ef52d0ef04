using System.Globalization;
using System.Text.Json.Nodes;

namespace Conclave.Simulation.Gossip;

/// <summary>What a pool of one size needs. Times are virtual seconds with the settings for a local network.</summary>
internal sealed record PoolMeasurement
{
    public required int Nodes { get; init; }

    /// <summary>From the first start to the moment when every list was complete.</summary>
    public required double JoinSeconds { get; init; }

    /// <summary>From a kill to the first member that said so; the middle of several kills.</summary>
    public required double DetectSeconds { get; init; }

    /// <summary>From a kill to the last member that learned it; the middle of several kills.</summary>
    public required double AllKnowSeconds { get; init; }

    /// <summary>From the failure of a tenth of the members at once to the moment when all the others knew each of them.</summary>
    public required double TenthSeconds { get; init; }

    /// <summary>Sent by an idle member, packets and streams together.</summary>
    public required double IdleBytesPerSecond { get; init; }

    public required double IdlePacketsPerSecond { get; init; }

    /// <summary>Sent by a member while the pool was learning of a kill.</summary>
    public required double BusyBytesPerSecond { get; init; }

    /// <summary>Heap of the whole process for each member that each member knows.</summary>
    public required double BytesPerMember { get; init; }

    public required long FalseFailures { get; init; }

    public required long Events { get; init; }

    /// <summary>Real time that the measurement took.</summary>
    public required double RealSeconds { get; init; }

    public JsonObject ToJson() => new()
    {
        ["time"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
        ["scenario"] = "gossip-pool-sizes",
        ["what"] = "simulated",
        ["nodes"] = Nodes,
        ["join_s"] = Math.Round(JoinSeconds, 3),
        ["detect_s"] = Math.Round(DetectSeconds, 3),
        ["all_know_s"] = Math.Round(AllKnowSeconds, 3),
        ["tenth_s"] = Math.Round(TenthSeconds, 3),
        ["idle_bytes_per_s"] = Math.Round(IdleBytesPerSecond, 1),
        ["idle_packets_per_s"] = Math.Round(IdlePacketsPerSecond, 2),
        ["busy_bytes_per_s"] = Math.Round(BusyBytesPerSecond, 1),
        ["heap_bytes_per_member"] = Math.Round(BytesPerMember, 1),
        ["false_failures"] = FalseFailures,
        ["events"] = Events,
        ["real_s"] = Math.Round(RealSeconds, 1),
    };

    public static PoolMeasurement? FromJson(JsonNode? line) => line?["scenario"]?.GetValue<string>() != "gossip-pool-sizes" ? null : new PoolMeasurement
    {
        Nodes = line["nodes"]!.GetValue<int>(),
        JoinSeconds = Number(line, "join_s"),
        DetectSeconds = Number(line, "detect_s"),
        AllKnowSeconds = Number(line, "all_know_s"),
        TenthSeconds = Number(line, "tenth_s"),
        IdleBytesPerSecond = Number(line, "idle_bytes_per_s"),
        IdlePacketsPerSecond = Number(line, "idle_packets_per_s"),
        BusyBytesPerSecond = Number(line, "busy_bytes_per_s"),
        BytesPerMember = Number(line, "heap_bytes_per_member"),
        FalseFailures = line["false_failures"]!.GetValue<long>(),
        Events = line["events"]!.GetValue<long>(),
        RealSeconds = Number(line, "real_s"),
    };

    private static double Number(JsonNode line, string name) => line[name]!.GetValue<double>();
}
