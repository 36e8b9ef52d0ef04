namespace Conclave.Node;

/// <summary>What gossip says of a server.</summary>
public enum ServerMemberStatus : byte
{
    /// <summary>There.</summary>
    Alive,

    /// <summary>Does not answer.</summary>
    Failed,

    /// <summary>Gone on purpose.</summary>
    Left,
}

/// <summary>A server of the datacenter as gossip knows it.</summary>
/// <param name="Id">UUID of the node: its Raft server id.</param>
/// <param name="Name">Name of the node.</param>
/// <param name="Address">Advertised server address, <c>ip:port</c>: its Raft address.</param>
/// <param name="Status">What gossip says.</param>
public sealed record ServerMember(string Id, string Name, string Address, ServerMemberStatus Status)
{
    /// <summary>Version it claims.</summary>
    public string Version { get; init; } = "";

    /// <summary>With how many servers it wants to form a cluster: 1 by itself, 0 not at all.</summary>
    public int Expect { get; init; }

    /// <summary>It only reads along and never gets a vote.</summary>
    public bool IsReadReplica { get; init; }
}
