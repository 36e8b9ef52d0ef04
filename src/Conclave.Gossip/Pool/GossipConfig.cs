using System.Net;

namespace Conclave.Gossip;

/// <summary>What a member of a pool is told. Values that a pool of real peers has by default; <see cref="Lan"/>, <see cref="Wan"/> and <see cref="Local"/> are the usual profiles.</summary>
public sealed record GossipConfig
{
    /// <summary>Default of <see cref="PacketBytes"/>.</summary>
    public const int PacketBytesDefault = 1400;

    /// <summary>Name, unique in the pool.</summary>
    public required string Name { get; init; }

    /// <summary>Address and port told to others.</summary>
    public required GossipEndpoint Advertise { get; init; }

    /// <summary>Tags at the start; together at most <see cref="GossipLimits.MetaBytesMax"/> bytes encoded.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Label of the pool, at most 255 bytes; packets with another one are dropped.</summary>
    public ReadOnlyMemory<byte> Label { get; init; }

    /// <summary>Lowest, highest and current version of the membership protocol, then of the delegate's.</summary>
    public ReadOnlyMemory<byte> Versions { get; init; } = new byte[] { 1, 5, 2, 2, 5, 4 };

    /// <summary>How long a stream may take: dial, send, answer.</summary>
    public TimeSpan StreamTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Members asked to probe one that did not answer.</summary>
    public int IndirectChecks { get; init; } = 3;

    /// <summary>A message is sent this many times for each digit of the pool's size.</summary>
    public int RetransmitMult { get; init; } = 4;

    /// <summary>Shortest suspicion, in probe intervals for each digit of the pool's size.</summary>
    public int SuspicionMult { get; init; } = 4;

    /// <summary>Longest suspicion as a multiple of the shortest.</summary>
    public int SuspicionMaxTimeoutMult { get; init; } = 6;

    /// <summary>Time between exchanges of the whole state with one member; scaled up in pools above 32. Zero: never.</summary>
    public TimeSpan PushPullInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between probes.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a direct probe waits before others are asked.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Bound of the health score, exclusive: a troubled member probes up to this many times slower.</summary>
    public int AwarenessMaxMultiplier { get; init; } = 8;

    /// <summary>Time between rounds of gossip. Zero: never.</summary>
    public TimeSpan GossipInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Members that one round of gossip goes to.</summary>
    public int GossipNodes { get; init; } = 3;

    /// <summary>How long the dead are still gossiped to, so that they can refute.</summary>
    public TimeSpan GossipToTheDeadTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this time another address may take over the name of a dead member. Zero: never.</summary>
    public TimeSpan DeadNodeReclaimTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether streams are compressed, and packets when that makes them shorter.</summary>
    public bool EnableCompression { get; init; } = true;

    /// <summary>Whether plain messages are refused when there are keys.</summary>
    public bool VerifyIncoming { get; init; } = true;

    /// <summary>Whether messages are encrypted when there are keys.</summary>
    public bool VerifyOutgoing { get; init; } = true;

    /// <summary>Size of a packet before compression, in bytes.</summary>
    public int PacketBytes { get; init; } = PacketBytesDefault;

    /// <summary>Networks that members may have addresses in; null for all.</summary>
    public IReadOnlyList<IPNetwork>? AllowedNetworks { get; init; }

    /// <summary>How long a leave waits for its messages to have gone out.</summary>
    public TimeSpan BroadcastTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a member that leaves goes on answering.</summary>
    public TimeSpan LeavePropagateDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Lamport times of user events, and as many of queries, that are remembered to know those that come again.</summary>
    public int EventBuffer { get; init; } = 512;

    /// <summary>Time between looks for members to be forgotten.</summary>
    public TimeSpan ReapInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time between tries to reach a failed member.</summary>
    public TimeSpan ReconnectInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this time a failed member is forgotten; its tag <c>rc_tm</c> overrides it.</summary>
    public TimeSpan ReconnectTimeout { get; init; } = TimeSpan.FromHours(72);

    /// <summary>After this time a member that left is forgotten.</summary>
    public TimeSpan TombstoneTimeout { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long intents about unknown members are kept.</summary>
    public TimeSpan RecentIntentTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Default time of a query: rounds of gossip for each digit of the pool's size.</summary>
    public int QueryTimeoutMult { get; init; } = 16;

    /// <summary>Name and payload of a user event together, and its encoded form: at most so many bytes.</summary>
    public int UserEventBytesMax { get; init; } = GossipLimits.UserEventBytesMax;

    /// <summary>For how long events of members are held back, at most, to tell only the last of each member. Zero: they are told at once.</summary>
    public TimeSpan CoalescePeriod { get; init; }

    /// <summary>After this time without events of members those held back are told.</summary>
    public TimeSpan CoalesceQuiet { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For how long user events that allow it are held back, at most, to tell only the newest of each name. Zero: they are told at once.</summary>
    public TimeSpan UserCoalescePeriod { get; init; }

    /// <summary>After this time without such user events those held back are told.</summary>
    public TimeSpan UserCoalesceQuiet { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a member that finds its name taken asks the others who is right, and goes when it is not. Off: it only says so in the log.</summary>
    public bool ResolveNameConflicts { get; init; }

    /// <summary>Whether members from before a graceful leave are joined again at the start.</summary>
    public bool RejoinAfterLeave { get; init; }

    /// <summary>Whether a snapshot file is kept.</summary>
    public bool KeepSnapshot { get; init; }

    /// <summary>Whether coordinates are kept and sent with acks.</summary>
    public bool EnableCoordinates { get; init; } = true;

    /// <summary>Who may come in; null for everybody.</summary>
    public IMembershipPolicy? Policy { get; init; }

    /// <summary>For a network within a datacenter.</summary>
    public static GossipConfig Lan(string name, GossipEndpoint advertise) => new() { Name = name, Advertise = advertise };

    /// <summary>For a network between datacenters.</summary>
    public static GossipConfig Wan(string name, GossipEndpoint advertise) => new()
    {
        Name = name,
        Advertise = advertise,
        StreamTimeout = TimeSpan.FromSeconds(30),
        SuspicionMult = 6,
        PushPullInterval = TimeSpan.FromSeconds(60),
        ProbeInterval = TimeSpan.FromSeconds(5),
        ProbeTimeout = TimeSpan.FromSeconds(3),
        GossipInterval = TimeSpan.FromMilliseconds(500),
        GossipToTheDeadTime = TimeSpan.FromSeconds(60),
    };

    /// <summary>For the loopback interface.</summary>
    public static GossipConfig Local(string name, GossipEndpoint advertise) => new()
    {
        Name = name,
        Advertise = advertise,
        StreamTimeout = TimeSpan.FromSeconds(1),
        IndirectChecks = 1,
        RetransmitMult = 2,
        SuspicionMult = 3,
        PushPullInterval = TimeSpan.FromSeconds(15),
        ProbeTimeout = TimeSpan.FromMilliseconds(200),
        GossipInterval = TimeSpan.FromMilliseconds(100),
        GossipToTheDeadTime = TimeSpan.FromSeconds(15),
    };
}
