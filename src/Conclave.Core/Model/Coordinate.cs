namespace Conclave.Core.Model;

/// <summary>A Vivaldi network coordinate (seconds).</summary>
/// <param name="Vec">Eight dimensions.</param>
/// <param name="Error">Confidence.</param>
/// <param name="Adjustment">Offset.</param>
/// <param name="Height">Distance from the plane.</param>
public sealed record Coordinate(double[] Vec, double Error, double Adjustment, double Height);

/// <summary>The coordinate of a node in a segment.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Segment">Network segment, empty here.</param>
/// <param name="Coord">The coordinate.</param>
public sealed record CoordinateEntry(string Node, string Segment, Coordinate Coord);

/// <summary>Asks the leader to reap tombstones up to an index: command type 5.</summary>
/// <param name="Datacenter">Target datacenter.</param>
/// <param name="Op">reap.</param>
/// <param name="ReapIndex">Tombstones at or below this index go.</param>
public sealed record TombstoneRequest(string Datacenter, string Op, ulong ReapIndex);

/// <summary>Autopilot configuration: command type 9 and its snapshot record.</summary>
public sealed record AutopilotConfig
{
#pragma warning disable CS1591 // Names of the wire; durations in nanoseconds.
    public bool CleanupDeadServers { get; init; } = true;
    public long LastContactThresholdNanoseconds { get; init; } = 200_000_000;
    public ulong MaxTrailingLogs { get; init; } = 250;
    public uint MinQuorum { get; init; }
    public long ServerStabilizationTimeNanoseconds { get; init; } = 10_000_000_000;
    public string RedundancyZoneTag { get; init; } = "";
    public bool DisableUpgradeMigration { get; init; }
    public string UpgradeVersionTag { get; init; } = "";
    public ulong CreateIndex { get; init; }
    public ulong ModifyIndex { get; init; }
#pragma warning restore CS1591
}
