using Conclave.Core;
using Conclave.Node;
using Conclave.Raft;
using Conclave.Storage;

namespace Conclave.Simulation.Cluster;

/// <summary>What a seed has drawn for the whole run: how many servers, how large everything may become, what is asked of it. Most seeds have some limit so small that rare paths are common.</summary>
internal sealed record SwarmSettings
{
    /// <summary>Addresses at which servers may live, used or not.</summary>
    public const int SlotsMax = 7;

    public required int Servers { get; init; }

    public required TimeSpan SafetyTime { get; init; }

    /// <summary>Raft messages may be lost, doubled and overtake each other, as nothing on a connection does.</summary>
    public required double Loss { get; init; }

    public required double Duplicate { get; init; }

    public required double Reorder { get; init; }

    public required LinkProfile Link { get; init; }

    /// <summary>Largest difference of a clock's rate, in millionths.</summary>
    public required long DriftPpmMax { get; init; }

    public required RaftConfig Raft { get; init; }

    public required NodeLimits Limits { get; init; }

    public required WalOptions Wal { get; init; }

    public required TimeSpan LeaderHoldTime { get; init; }

    public required TimeSpan TombstoneTtl { get; init; }

    public required double DiskPace { get; init; }

    public required int Clients { get; init; }

    public required int Keys { get; init; }

    public required int LockClients { get; init; }

    public required int Watchers { get; init; }

    /// <summary>Mean time between two things that one client does.</summary>
    public required TimeSpan ThinkTime { get; init; }

    /// <summary>Servers come, go and change their part.</summary>
    public required bool Membership { get; init; }

    /// <summary>The servers hear of a pool, and keep the catalog true to it.</summary>
    public required bool Pool { get; init; }

    /// <summary>In the end all servers stop, and come back by a list of peers.</summary>
    public required bool Outage { get; init; }

    /// <summary>By slot, one bit each: servers that do not know pre-votes, as those of older releases.</summary>
    public required int OldServers { get; init; }

    /// <summary>Whether the server at this address does not know pre-votes.</summary>
    public bool IsOld(int slot) => (OldServers >> slot & 1) != 0;

    public static SwarmSettings Draw(ulong seed, ScenarioOptions options)
    {
        var random = new Prng(StableHash.Of("swarm", seed));
        int servers = options.Nodes ?? Pick(random, 3, 3, 3, 5, 5, 1, 2, 4, 7);
        bool rough = Chance(random, 3);
        long drift = Pick(random, 0, 500, 20_000, 45_000, 200_000);
        if (Flaws.Parse(options.Mutation) == FlawKind.LeaseWithoutClockBound) drift = 300_000;
        var all = new SwarmSettings
        {
            Servers = Math.Clamp(servers, 1, SlotsMax),
            SafetyTime = TimeSpan.FromSeconds(10 + random.Next(20)),
            Loss = rough ? random.Next(10) / 100.0 : 0,
            Duplicate = rough ? random.Next(10) / 100.0 : 0,
            Reorder = rough ? random.Next(4) / 100.0 : 0,
            Link = Chance(random, 5) ? LinkProfile.Wan : LinkProfile.Lan,
            DriftPpmMax = drift,
            Raft = DrawRaft(random) with { ClockDriftPermille = (int)Math.Max(50, drift * 2 / 1000) },
            Limits = DrawLimits(random),
            Wal = DrawWal(random),
            LeaderHoldTime = TimeSpan.FromMilliseconds(Pick(random, 50, 500, 2000, 7000)),
            TombstoneTtl = TimeSpan.FromSeconds(Pick(random, 3, 10, 60)),
            DiskPace = Pick(random, 1, 1, 1, 5, 20) / 1.0,
            Clients = 2 + (int)random.Next(5),
            Keys = 1 + (int)random.Next(4),
            LockClients = Pick(random, 0, 2, 3),
            Watchers = Pick(random, 0, 2, 4),
            ThinkTime = TimeSpan.FromMilliseconds(Pick(random, 100, 300, 600)),
            Membership = Chance(random, 2),
            OldServers = Chance(random, 4) ? (int)random.Next(1 << SlotsMax) : 0,
            Pool = Chance(random, 3) || Flaws.Parse(options.Mutation) is FlawKind.HearsOfPoolOnce or FlawKind.TrustsPoolAtOnce,
            Outage = Chance(random, 4),
        };
        return Flaws.Parse(options.Mutation) == FlawKind.CommitsOldTerms ? NarrowPath(all) : all;
    }

    // The bug needs a majority that has an entry of an old term and not yet the next one, which is the first of the leader's own term and follows at once.
    private static SwarmSettings NarrowPath(SwarmSettings drawn) => drawn with
    {
        Servers = 3,
        Membership = false,
        Raft = drawn.Raft with { AppendEntriesMax = 1, InflightAppendsMax = 1 },
    };

    private static RaftConfig DrawRaft(Prng random)
    {
        int heartbeat = Pick(random, 300, 500, 1000);
        var config = new RaftConfig
        {
            ServerId = "unset",
            HeartbeatTimeout = TimeSpan.FromMilliseconds(heartbeat),
            ElectionTimeout = TimeSpan.FromMilliseconds(heartbeat),
            LeaderLease = TimeSpan.FromMilliseconds(Chance(random, 3) ? heartbeat : heartbeat / 2),
            TickGapMax = TimeSpan.FromMilliseconds(heartbeat / 4),
            CommitSpread = TimeSpan.FromMilliseconds(Pick(random, 5, 50, 100)),
            PreVote = !Chance(random, 4),
            TrailingEntries = Pick(random, 0, 5, 20, 1000),
            LogMemoryEntries = Pick(random, 0, 4, 64, 16384),
        };
        if (Chance(random, 2)) config = config with { AppendEntriesMax = Pick(random, 1, 2, 5), InflightAppendsMax = Pick(random, 1, 2, 4), InflightBytesMax = 1024, AppendBytesMax = 1024 };
        if (Chance(random, 4)) config = config with { UncommittedEntriesMax = Pick(random, 2, 5) };
        if (Chance(random, 4)) config = config with { LogMemoryBytes = Pick(random, 0, 300, 1000) };
        return config;
    }

    private static NodeLimits DrawLimits(Prng random)
    {
        var limits = new NodeLimits { SnapshotInterval = TimeSpan.FromMilliseconds(Pick(random, 500, 2000, 30_000)), SnapshotThreshold = (ulong)Pick(random, 5, 10, 50, 16384) };
        if (Chance(random, 2)) limits = limits with { SnapshotChunkBytes = Pick(random, 64, 500, 4096) };
        if (Chance(random, 4)) limits = limits with { ProposalsMax = Pick(random, 1, 3, 10), HeldRequestsMax = Pick(random, 1, 3, 10) };
        if (Chance(random, 4)) limits = limits with { SnapshotBytes = 2048 };
        if (Chance(random, 2)) limits = limits with { ScrubInterval = TimeSpan.FromMilliseconds(Pick(random, 300, 2000)), ScrubPause = TimeSpan.FromMilliseconds(Pick(random, 2, 20)), ScrubStretchBytes = Pick(random, 700, 4096, 1 << 20) };
        return limits;
    }

    private static WalOptions DrawWal(Prng random)
    {
        long segment = Pick(random, 4096, 4096, 8192, 65536);
        return new WalOptions
        {
            SegmentBytes = segment,
            FillAheadBytes = Chance(random, 3) ? 0 : Math.Min(segment, 8192),
            FillStepBytes = 4096,
            GatherBytesMin = Pick(random, 0, 64, 4096),
            SealAfter = TimeSpan.FromMilliseconds(Pick(random, 1, 20, 100)),
            EntryBytesMax = 64 << 10,
        };
    }

    private static bool Chance(Prng random, int oneIn) => random.Next(oneIn) == 0;

    private static int Pick(Prng random, params ReadOnlySpan<int> values) => values[(int)random.Next(values.Length)];
}
