namespace Conclave.Node;

/// <summary>The bounds of one node. What happens at each bound is said with it.</summary>
public sealed record NodeLimits
{
    /// <summary>Commands in the log that wait for their commit. Above it a write fails at once.</summary>
    public int ProposalsMax { get; init; } = 16_384;

    /// <summary>Bytes of commands that wait for their commit. Above it a write fails at once.</summary>
    public long ProposalBytesMax { get; init; } = 64 << 20;

    /// <summary>Requests that wait for a leader. Above it a request fails at once with <c>No cluster leader</c>.</summary>
    public int HeldRequestsMax { get; init; } = 8192;

    /// <summary>Largest command, bytes. Larger ones are refused.</summary>
    public int CommandBytesMax { get; init; } = 16 << 20;

    /// <summary>Coordinates of different nodes noted between two writes; more are dropped until then.</summary>
    public int CoordinatesMax { get; init; } = 640;

    /// <summary>Coordinates in one log entry.</summary>
    public int CoordinateBatchMax { get; init; } = 128;

    /// <summary>Applied entries since the last snapshot that make a new one due. Default 16,384.</summary>
    public ulong SnapshotThreshold { get; init; } = 16_384;

    /// <summary>
    /// Bytes of commands (and 128 for each) applied since the last snapshot that make a new one due at once, without waiting for the next check; never fewer than the last snapshot was long, so
    /// that a large state is not written again and again. Bounds what a restart has to read and to apply. Default 64 MiB.
    /// </summary>
    public long SnapshotBytes { get; init; } = 64 << 20;

    /// <summary>
    /// A follower that lags behind the newest snapshot is told entries while the log behind the older one is not longer than this, or than twice the newest snapshot: the log is on disk anyway, and
    /// quicker to take in. Bytes of commands, and 128 for each. Default 8 MiB.
    /// </summary>
    public long CatchUpLogBytes { get; init; } = 8 << 20;

    /// <summary>Bytes of a snapshot that are sent, or taken, at a time. Default 256 KiB.</summary>
    public int SnapshotChunkBytes { get; init; } = 256 << 10;

    /// <summary>How often it is checked whether a snapshot is due. Default 30 s.</summary>
    public TimeSpan SnapshotInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after a check of the log and the snapshots on disk the next one begins. Default 6 hours.</summary>
    public TimeSpan ScrubInterval { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Bytes that such a check reads at a time. Default 1 MiB.</summary>
    public int ScrubStretchBytes { get; init; } = 1 << 20;

    /// <summary>How long it rests in between, so that nobody notices it. Default 250 ms.</summary>
    public TimeSpan ScrubPause { get; init; } = TimeSpan.FromMilliseconds(250);
}
