namespace Conclave.Raft;

/// <summary>Settings of one server's Raft core; checked by <see cref="Validate"/>.</summary>
public sealed record RaftConfig
{
    /// <summary>Id of this server: the UUID of its node.</summary>
    public required string ServerId { get; init; }

    /// <summary>Longest silence of the leader before a follower campaigns: it waits a random time in [value, 2 × value). 10 ms to 60 s; default 1 s.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A candidate without a majority tries again after a random time in [value, 2 × value). Not below <see cref="HeartbeatTimeout"/>; to 60 s; default 1 s.</summary>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A leader that has not heard a majority of the voters for this long steps down, and until then it may answer reads alone. 5 ms up to <see cref="HeartbeatTimeout"/>; default 500 ms.</summary>
    public TimeSpan LeaderLease { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a leader waits for entries with which it can tell a new commit index before it tells that alone: a random time in [value, 2 × value). 1 ms up to <see cref="LeaderLease"/>; default 50 ms, 5 ms for servers.</summary>
    public TimeSpan CommitSpread { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How much faster than another a clock may run, in thousandths. The lease that reads rely on is shorter by twice as much. 0 to 500; default 50.</summary>
    public int ClockDriftPermille { get; init; } = 50;

    /// <summary>Two ticks farther apart than this mean that the process was paused: the lease is not believed until a majority has answered again. 1 ms up to <see cref="LeaderLease"/>; default 250 ms.</summary>
    public TimeSpan TickGapMax { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Most entries in one append. 1 to 4096; default 64, as the peers do.</summary>
    public int AppendEntriesMax { get; init; } = 64;

    /// <summary>Data bytes after which an append takes no further entry. 1 KiB to 64 MiB; default 1 MiB.</summary>
    public int AppendBytesMax { get; init; } = 1 << 20;

    /// <summary>Appends on their way to one follower at a time. 1 to 1024; default 128.</summary>
    public int InflightAppendsMax { get; init; } = 128;

    /// <summary>Data bytes on their way to one follower at a time. 1 KiB to 1 GiB; default 16 MiB. A single larger append is still sent, alone.</summary>
    public long InflightBytesMax { get; init; } = 16 << 20;

    /// <summary>Proposals are refused while more entries than this are not committed. 1 to 1,048,576; default 16,384.</summary>
    public int UncommittedEntriesMax { get; init; } = 16384;

    /// <summary>Proposals are refused while more data bytes than this are not committed. 1 KiB to 4 GiB; default 64 MiB. A single larger one is accepted when nothing else waits.</summary>
    public long UncommittedBytesMax { get; init; } = 64 << 20;

    /// <summary>Applied entries kept in memory for followers that lag; those farther behind are served from disk. 0 to 1,048,576; default 16,384.</summary>
    public int LogMemoryEntries { get; init; } = 16384;

    /// <summary>Data bytes of applied entries kept in memory, as <see cref="LogMemoryEntries"/>. 0 to 4 GiB; default 32 MiB.</summary>
    public long LogMemoryBytes { get; init; } = 32 << 20;

    /// <summary>Entries kept behind the last snapshot for followers that lag. 0 to 16,777,216; default 10,240.</summary>
    public int TrailingEntries { get; init; } = 10240;

    /// <summary>Ask before campaigning, so that a server that was cut off does not depose a healthy leader when it returns. Switched off while a voter does not know the question. Default true.</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>The only voter campaigns in its first tick instead of waiting for the timeout. Safe: nobody else could lead. Default true.</summary>
    public bool SoleVoterCampaignsAtOnce { get; init; } = true;

    /// <summary>A rule that is left out on purpose, in simulations.</summary>
    internal RaftFlaw Flaw { get; init; }

    // Who waits at a follower for what was written at another agent sees it that much later; a busy leader has other entries to send by then.
    private static readonly TimeSpan s_serverCommitSpread = TimeSpan.FromMilliseconds(5);

    /// <summary>The settings for a <c>raft_multiplier</c> of 1 to 10 (the agent's default is 5): it stretches heartbeat, election and lease.</summary>
    public static RaftConfig ForMultiplier(string serverId, int multiplier)
    {
        if (multiplier is < 1 or > 10) throw new ArgumentException($"raft_multiplier is {multiplier}; it must lie between 1 and 10.");
        return new()
        {
            ServerId = serverId,
            HeartbeatTimeout = TimeSpan.FromSeconds(multiplier),
            ElectionTimeout = TimeSpan.FromSeconds(multiplier),
            LeaderLease = TimeSpan.FromMilliseconds(500 * multiplier),
            CommitSpread = s_serverCommitSpread,
            TickGapMax = TimeSpan.FromMilliseconds(250 * multiplier),
        };
    }

    /// <summary>The settings of a server when none are asked for: writes go on within two seconds after a leader died, on networks within a site.</summary>
    public static RaftConfig ForServer(string serverId) => new()
    {
        ServerId = serverId,
        HeartbeatTimeout = TimeSpan.FromMilliseconds(500),
        ElectionTimeout = TimeSpan.FromMilliseconds(500),
        LeaderLease = TimeSpan.FromMilliseconds(400),
        CommitSpread = s_serverCommitSpread,
        TickGapMax = TimeSpan.FromMilliseconds(200),
    };

    /// <summary>The settings of a development agent: one server, short times.</summary>
    public static RaftConfig ForDevelopment(string serverId) => new()
    {
        ServerId = serverId,
        HeartbeatTimeout = TimeSpan.FromMilliseconds(35),
        ElectionTimeout = TimeSpan.FromMilliseconds(35),
        LeaderLease = TimeSpan.FromMilliseconds(20),
        CommitSpread = TimeSpan.FromMilliseconds(5),
        TickGapMax = TimeSpan.FromMilliseconds(10),
    };

    /// <summary>Throws when a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the range.</exception>
    public void Validate()
    {
        if (string.IsNullOrEmpty(ServerId)) throw new ArgumentException($"{nameof(ServerId)} is empty.");
        Check(nameof(HeartbeatTimeout), HeartbeatTimeout, 10, 60_000);
        Check(nameof(ElectionTimeout), ElectionTimeout, HeartbeatTimeout.TotalMilliseconds, 60_000);
        Check(nameof(LeaderLease), LeaderLease, 5, HeartbeatTimeout.TotalMilliseconds);
        Check(nameof(CommitSpread), CommitSpread, 1, LeaderLease.TotalMilliseconds);
        Check(nameof(TickGapMax), TickGapMax, 1, LeaderLease.TotalMilliseconds);
        Check(nameof(ClockDriftPermille), ClockDriftPermille, 0, 500);
        Check(nameof(AppendEntriesMax), AppendEntriesMax, 1, 4096);
        Check(nameof(AppendBytesMax), AppendBytesMax, 1024, 64 << 20);
        Check(nameof(InflightAppendsMax), InflightAppendsMax, 1, 1024);
        Check(nameof(InflightBytesMax), InflightBytesMax, 1024, 1 << 30);
        Check(nameof(UncommittedEntriesMax), UncommittedEntriesMax, 1, 1 << 20);
        Check(nameof(UncommittedBytesMax), UncommittedBytesMax, 1024, 1L << 32);
        Check(nameof(LogMemoryEntries), LogMemoryEntries, 0, 1 << 20);
        Check(nameof(LogMemoryBytes), LogMemoryBytes, 0, 1L << 32);
        Check(nameof(TrailingEntries), TrailingEntries, 0, 1 << 24);
    }

    private static void Check(string name, TimeSpan value, double minMilliseconds, double maxMilliseconds)
    {
        if (value.TotalMilliseconds < minMilliseconds || value.TotalMilliseconds > maxMilliseconds)
            throw new ArgumentException($"{name} is {value.TotalMilliseconds} ms; it must lie between {minMilliseconds} ms and {maxMilliseconds} ms.");
    }

    private static void Check(string name, long value, long min, long max)
    {
        if (value < min || value > max) throw new ArgumentException($"{name} is {value}; it must lie between {min} and {max}.");
    }
}
