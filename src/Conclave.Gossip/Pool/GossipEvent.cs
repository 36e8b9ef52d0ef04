namespace Conclave.Gossip;

/// <summary>What happened in a pool.</summary>
public enum GossipEventKind : byte
{
    /// <summary>A member came, or came back.</summary>
    Joined,

    /// <summary>A member left on purpose.</summary>
    Left,

    /// <summary>A member does not answer any more.</summary>
    Failed,

    /// <summary>A member has other tags.</summary>
    Updated,

    /// <summary>A member that was gone is forgotten.</summary>
    Reaped,

    /// <summary>A user event arrived.</summary>
    User,

    /// <summary>A query arrived; it may be answered with <c>GossipPool.TryRespond</c> until its deadline.</summary>
    Query,

    /// <summary>A member has received our query.</summary>
    QueryAck,

    /// <summary>A member has answered our query.</summary>
    QueryResponse,

    /// <summary>Our query's time is over: nothing more comes of it.</summary>
    QueryDone,
}

/// <summary>Something that happened in a pool, in the order in which it did. One flat object, of which each kind uses a part.</summary>
public sealed record GossipEvent
{
    /// <summary>What happened.</summary>
    public required GossipEventKind Kind { get; init; }

    /// <summary>Events of members: whom, as it is now.</summary>
    public GossipMember? Member { get; init; }

    /// <summary>User events and queries: name.</summary>
    public string Name { get; init; } = "";

    /// <summary>User events, queries and responses: content.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>User events and queries: Lamport time.</summary>
    public ulong LamportTime { get; init; }

    /// <summary>User events: whether several of one name may be reduced to the last.</summary>
    public bool MayCoalesce { get; init; }

    /// <summary>Queries that arrived: the number to answer with. What comes of our own query: the number it was started with.</summary>
    public long Query { get; init; }

    /// <summary>Acks, responses and queries that arrived: name of the member it comes from.</summary>
    public string From { get; init; } = "";
}
