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

    /// <summary>It said that it goes, or somebody said so in its place; it may still be there.</summary>
    Leaving,
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

    /// <summary>It belongs to another cluster, or is not known to be free yet: it must not be added to this one.</summary>
    public bool IsForeign { get; init; }

    /// <summary>It only reads along and never gets a vote.</summary>
    public bool IsReadReplica { get; init; }

    /// <summary>Port of the server protocol, as service <c>consul</c> of the catalog shows it.</summary>
    public int Port { get; init; }

    /// <summary>Version of the Raft protocol that it speaks. Default 3, the only one a voter can speak; 0 when it tells none.</summary>
    public int RaftVersion { get; init; } = 3;

    /// <summary>Lowest version of the gossip protocol that it speaks. Default 1.</summary>
    public int ProtocolMin { get; init; } = 1;

    /// <summary>Highest version of the gossip protocol that it speaks. Default 5.</summary>
    public int ProtocolMax { get; init; } = 5;

    /// <summary>Version of the gossip protocol that it uses. Default 2.</summary>
    public int ProtocolCurrent { get; init; } = 2;

    /// <summary>It can belong to the Raft configuration. Default true; what only looks like a server is in the catalog and not among the voters.</summary>
    public bool IsFitForRaft { get; init; } = true;
}
