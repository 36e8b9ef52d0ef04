using Conclave.Core;
using Conclave.Gossip;

namespace Conclave.Simulation.Gossip;

/// <summary>What may happen to a run: each seed switches on a part of it, so that rare things meet in runs that do not drown in common ones.</summary>
[Flags]
internal enum Hardship
{
    None = 0,
    Loss = 1,
    Reordering = 1 << 1,
    Partitions = 1 << 2,
    Clogging = 1 << 3,
    BadStreams = 1 << 4,
    Pauses = 1 << 5,
    Drift = 1 << 6,
    Crashes = 1 << 7,
    Leaves = 1 << 8,
    Flapping = 1 << 9,
    Tags = 1 << 10,
    Events = 1 << 11,
    Queries = 1 << 12,
    ForcedLeaves = 1 << 13,
    BadFiles = 1 << 14,
    SmallPackets = 1 << 15,

    /// <summary>What makes members unreachable, so that others are right to say that they failed. Streams carry probes where packets get lost.</summary>
    Unreachable = Partitions | Clogging | BadStreams | Pauses | Crashes | Flapping | SmallPackets,
}

/// <summary>The choices of one seed.</summary>
internal sealed record GossipSwarm
{
    private const int NodesMin = 3, NodesMax = 50, SmallNodesMax = 9;

    public required int Nodes { get; init; }

    public required Hardship Hardships { get; init; }

    public required string Profile { get; init; }

    /// <summary>Share of datagrams that are lost on every link, all the time.</summary>
    public required double Loss { get; init; }

    public required bool IsEncrypted { get; init; }

    public required bool IsCompressed { get; init; }

    /// <summary>Queues, buffers and packets as small as they may be.</summary>
    public required bool HasTinyLimits { get; init; }

    /// <summary>Whether members write snapshot files.</summary>
    public bool KeepsSnapshot { get; init; } = true;

    /// <summary>How long the bad time lasts.</summary>
    public required TimeSpan Chaos { get; init; }

    public bool Has(Hardship hardship) => (Hardships & hardship) != 0;

    public static GossipSwarm Draw(ulong seed, ScenarioOptions options)
    {
        var chance = new Prng(StableHash.Of("swarm", seed));
        var hardships = Hardship.None;
        // A quarter of the seeds is calm: nobody is unreachable, so nobody may be called failed.
        bool isCalm = chance.Next(4) == 0;
        int share = 1 + (int)chance.Next(3);
        foreach (var hardship in Enum.GetValues<Hardship>())
        {
            if (hardship is Hardship.None or Hardship.Unreachable) continue;
            bool isOn = chance.Next(4) < share;
            if (isOn && !(isCalm && (hardship & Hardship.Unreachable) != 0)) hardships |= hardship;
        }
        int nodes = chance.Next(5) == 0 ? NodesMin + (int)chance.Next(NodesMax - NodesMin + 1) : NodesMin + (int)chance.Next(SmallNodesMax - NodesMin + 1);
        return new GossipSwarm
        {
            Nodes = options.Nodes ?? nodes,
            Hardships = hardships,
            Profile = chance.Next(5) switch { 0 => "wan", 1 => "local", _ => "lan" },
            Loss = (hardships & Hardship.Loss) != 0 ? chance.NextDouble() * 0.3 : 0,
            IsEncrypted = chance.Next(4) == 0,
            IsCompressed = chance.Next(2) == 0,
            HasTinyLimits = chance.Next(3) == 0,
            Chaos = TimeSpan.FromSeconds(60 + chance.Next(180)),
        };
    }

    /// <summary>Settings of one member.</summary>
    public GossipConfig Configure(string name, GossipEndpoint endpoint)
    {
        var profile = Profile switch
        {
            "wan" => GossipConfig.Wan(name, endpoint),
            "local" => GossipConfig.Local(name, endpoint),
            _ => GossipConfig.Lan(name, endpoint),
        };
        var config = profile with { EnableCompression = IsCompressed, KeepSnapshot = KeepsSnapshot };
        return HasTinyLimits
            ? config with { EventBuffer = 8, GossipNodes = 2, IndirectChecks = 1, ReconnectInterval = TimeSpan.FromSeconds(5), ReapInterval = TimeSpan.FromSeconds(2), RecentIntentTimeout = TimeSpan.FromSeconds(20) }
            : config;
    }
}
