namespace Conclave.Gossip;

/// <summary>What a pool can say about itself in numbers, at one moment.</summary>
public sealed record GossipNumbers
{
    /// <summary>Lifeguard's health score: 0 is healthy.</summary>
    public int HealthScore { get; init; }

    /// <summary>Lamport time of the members' clock.</summary>
    public ulong MemberTime { get; init; }

    /// <summary>Lamport time of the user events' clock.</summary>
    public ulong EventTime { get; init; }

    /// <summary>Lamport time of the queries' clock.</summary>
    public ulong QueryTime { get; init; }

    /// <summary>Messages about members that are still to be gossiped.</summary>
    public int MemberQueue { get; init; }

    /// <summary>Intents to join and leave that are still to be gossiped.</summary>
    public int IntentQueue { get; init; }

    /// <summary>User events that are still to be gossiped.</summary>
    public int EventQueue { get; init; }

    /// <summary>Queries that are still to be gossiped.</summary>
    public int QueryQueue { get; init; }

    /// <summary>Messages to be gossiped that were given up because a queue was full, since the start.</summary>
    public long BroadcastsDropped { get; init; }

    /// <summary>Messages that were refused or not understood, since the start.</summary>
    public long MessagesDropped { get; init; }

    /// <summary>Packets received, since the start.</summary>
    public long PacketsIn { get; init; }

    /// <summary>Packets sent, since the start.</summary>
    public long PacketsOut { get; init; }

    /// <summary>Bytes in packets received, since the start.</summary>
    public long BytesIn { get; init; }

    /// <summary>Bytes in packets sent, since the start.</summary>
    public long BytesOut { get; init; }

    /// <summary>How often the own coordinate had to start over.</summary>
    public long CoordinateResets { get; init; }
}
