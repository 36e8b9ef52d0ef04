namespace Conclave.Storage;

/// <summary>Names in the data folder.</summary>
public static class DiskLayout
{
    /// <summary>Held while a process uses the folder.</summary>
    public const string LockFile = "conclave.lock";
    /// <summary>The generated node id (text), when none is configured.</summary>
    public const string NodeId = "node-id";
    /// <summary>Everything of Raft.</summary>
    public const string Raft = "raft";
    /// <summary>Segments of the log.</summary>
    public const string Wal = "raft/wal";
    /// <summary>The log of a Consul server, in <see cref="Raft"/>.</summary>
    public const string ForeignLogName = "raft.db";
    /// <summary>One folder per snapshot.</summary>
    public const string Snapshots = "raft/snapshots";
    /// <summary>Explains <see cref="PeersJson"/> to the operator.</summary>
    public const string PeersInfo = "raft/peers.info";
    /// <summary>Operator-made list of servers for recovery from an outage.</summary>
    public const string PeersJson = "raft/peers.json";
    /// <summary>There as long as a configuration that <see cref="PeersJson"/> gave has committed nothing.</summary>
    public const string Recovery = "raft/recovery";
    /// <summary>Services registered through the agent's API.</summary>
    public const string Services = "services";
    /// <summary>Checks registered through the agent's API.</summary>
    public const string Checks = "checks";
    /// <summary>Gossip state.</summary>
    public const string Serf = "serf";
    /// <summary>Suffix of files that are still being made; removed at start.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>Path of a segment. 16 hexadecimal digits, so that names sort like numbers.</summary>
    public static string Segment(ulong number) => $"{Wal}/{number:x16}.wal";

    /// <summary>Number of a segment file's name, or false when it is something else.</summary>
    public static bool TryParseSegment(string name, out ulong number)
    {
        number = 0;
        return name.Length == 20 && name.EndsWith(".wal", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, 16), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out number);
    }
}
