namespace Conclave.Node;

/// <summary>How far a server is, as the leader knows it.</summary>
/// <param name="LastContact">Time since it answered last; zero for the leader itself.</param>
/// <param name="LastTerm">Term of its last entry that is known.</param>
/// <param name="LastIndex">Last entry known to be in its log.</param>
public readonly record struct ServerProgress(TimeSpan LastContact, ulong LastTerm, ulong LastIndex);

/// <summary>How a server of the Raft configuration is doing. For people and for decisions; a value that never changes.</summary>
public sealed record ServerHealth
{
    /// <summary>Its Raft server id.</summary>
    public required string Id { get; init; }

    /// <summary>Address in the configuration.</summary>
    public required string Address { get; init; }

    /// <summary>What gossip knows of it; null for nothing.</summary>
    public ServerMember? Member { get; init; }

    /// <summary>How far it is; null when it never answered this leader.</summary>
    public ServerProgress? Progress { get; init; }

    /// <summary>It has a vote.</summary>
    public bool IsVoter { get; init; }

    /// <summary>It leads.</summary>
    public bool IsLeader { get; init; }

    /// <summary>It is there, answers and keeps up.</summary>
    public bool IsHealthy { get; init; }

    /// <summary>Since when <see cref="IsHealthy"/> has been what it is.</summary>
    public Core.Instant Since { get; init; }

    /// <summary>The same for people.</summary>
    public Core.WallTime SinceWall { get; init; }

    /// <summary>Metadata of its node, where it came together with the rest; null when the catalog must be asked.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    /// <summary>Voters of these servers that may still fail before nothing can be written any more.</summary>
    public static int FailureTolerance(IReadOnlyList<ServerHealth> servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        int voters = 0, healthy = 0;
        foreach (var server in servers)
        {
            if (!server.IsVoter) continue;
            voters++;
            if (server.IsHealthy) healthy++;
        }
        return Math.Max(0, healthy - (voters / 2 + 1));
    }
}
