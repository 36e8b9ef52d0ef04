namespace Conclave.Node;

/// <summary>What an agent in the pool is to the leader.</summary>
public enum PoolRole : byte
{
    /// <summary>An agent without state: a node of the catalog.</summary>
    Client,

    /// <summary>A server: a node of the catalog with the service <c>consul</c>.</summary>
    Server,

    /// <summary>Something else that gossips along, or what does not say enough about itself. The leader leaves it alone, and its node in the catalog as well.</summary>
    Other,
}

/// <summary>A member of the datacenter's pool as the leader's duties need it. A value that never changes.</summary>
/// <param name="Name">Name of the node; unique in the pool, with regard to case.</param>
/// <param name="Id">UUID of the node, as it says; empty when it says none.</param>
/// <param name="Address">IP address.</param>
/// <param name="Role">What it is.</param>
/// <param name="Status">What gossip says.</param>
public sealed record PoolMember(string Name, string Id, string Address, PoolRole Role, ServerMemberStatus Status)
{
    /// <summary>What it is besides as a server; null for everybody else.</summary>
    public ServerMember? Server { get; init; }
}
