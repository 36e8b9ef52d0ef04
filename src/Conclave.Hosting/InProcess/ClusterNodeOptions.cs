using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conclave.Hosting;

/// <summary>How an embedded node runs. All problems are listed at once when it starts.</summary>
public sealed class ClusterNodeOptions
{
    /// <summary>Name, unique in the datacenter: letters, digits and dashes. Default: the name of this host.</summary>
    public string NodeName { get; set; } = Environment.MachineName;

    /// <summary>UUID; empty (default) means the one kept in the data folder, or a new one.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Datacenter: lower-case letters, digits, dashes and underscores. Default <c>dc1</c>.</summary>
    public string Datacenter { get; set; } = "dc1";

    /// <summary>Folder that belongs to this node alone; null or empty (default) keeps everything in memory and forgets it at the end.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>IP address under which other nodes and clients know this one. Default <c>127.0.0.1</c>.</summary>
    public string AdvertiseAddress { get; set; } = "127.0.0.1";

    /// <summary>Port of the server protocol as the catalog shows it. Nothing listens there while the node is the only server. Default 8300.</summary>
    public int ServerPort { get; set; } = 8300;

    /// <summary>Metadata of the node in the catalog.</summary>
    public IDictionary<string, string> NodeMeta { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Longest time a request waits for a leader. Default 7 s.</summary>
    public TimeSpan LeaderHoldTime { get; set; } = TimeSpan.FromSeconds(7);

    /// <summary>Shortest TTL a session may have. Between 1 s and 24 h; default 10 s.</summary>
    public TimeSpan SessionTtlMin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Applied entries after which the state is saved and the log cut. Default 16,384.</summary>
    public int SnapshotThreshold { get; set; } = 16_384;

    /// <summary>How often <see cref="SnapshotThreshold"/> is looked at. Default 30 s.</summary>
    public TimeSpan SnapshotInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Entries that stay in the log behind a snapshot. Default 10,240.</summary>
    public int TrailingEntries { get; set; } = 10_240;

    /// <summary>Where the HTTP API listens; empty (default) for no HTTP at all. Port 0 takes any free one.</summary>
    public IList<IPEndPoint> HttpEndPoints { get; } = [];

    /// <summary>Where log lines go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Clocks and timers.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>What is wrong with the options; empty when the node may start.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (NodeName.Length == 0) problems.Add("NodeName is empty.");
        if (NodeId.Length > 0 && !Guid.TryParseExact(NodeId, "D", out _)) problems.Add($"NodeId is '{NodeId}'; it must be a UUID (8-4-4-4-12 hexadecimal digits).");
        if (Datacenter.Length == 0 || Datacenter.Any(static c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '_'))) problems.Add($"Datacenter is '{Datacenter}'; it must consist of lower-case letters, digits, '-' and '_'.");
        if (!IPAddress.TryParse(AdvertiseAddress, out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) problems.Add($"AdvertiseAddress is '{AdvertiseAddress}'; it must be an IP address that others can reach.");
        if (ServerPort is < 1 or > 65535) problems.Add($"ServerPort is {ServerPort}; it must lie between 1 and 65535.");
        if (LeaderHoldTime < TimeSpan.Zero || LeaderHoldTime > TimeSpan.FromMinutes(10)) problems.Add($"LeaderHoldTime is {LeaderHoldTime}; it must lie between zero and ten minutes.");
        if (SessionTtlMin < TimeSpan.FromSeconds(1) || SessionTtlMin > TimeSpan.FromHours(24)) problems.Add($"SessionTtlMin is {SessionTtlMin}; it must lie between one second and 24 hours.");
        if (SnapshotThreshold < 1) problems.Add($"SnapshotThreshold is {SnapshotThreshold}; it must be positive.");
        if (SnapshotInterval <= TimeSpan.Zero || SnapshotInterval > TimeSpan.FromDays(1)) problems.Add($"SnapshotInterval is {SnapshotInterval}; it must lie between zero and a day.");
        if (TrailingEntries is < 0 or > 1 << 24) problems.Add($"TrailingEntries is {TrailingEntries}; it must lie between 0 and 16777216.");
        return problems;
    }
}
