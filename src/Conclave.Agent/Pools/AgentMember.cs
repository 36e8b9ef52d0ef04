namespace Conclave.Agent.Pools;

/// <summary>A member of a gossip pool as <c>agent/members</c> shows it.</summary>
public sealed record AgentMember
{
    /// <summary>Versions of the members that nothing else is known of: those of this program.</summary>
    public static ReadOnlyMemory<byte> OwnVersions { get; } = new byte[] { 1, 5, 2, 2, 5, 4 };

    /// <summary>Name; with <c>.datacenter</c> in the pool between datacenters.</summary>
    public required string Name { get; init; }

    /// <summary>Address.</summary>
    public required string Address { get; init; }

    /// <summary>Gossip port.</summary>
    public int Port { get; init; }

    /// <summary>Tags in ordinal order of their names.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; }

    /// <summary>0 unknown, 1 alive, 2 leaving, 3 left, 4 failed.</summary>
    public int Status { get; init; } = 1;

    /// <summary>Six numbers: lowest, highest and current version of the membership protocol, then of the delegate's protocol.</summary>
    public ReadOnlyMemory<byte> Versions { get; init; } = OwnVersions;
}
