namespace Conclave.Gossip;

/// <summary>Somebody to join. Names of hosts are resolved by the caller.</summary>
/// <param name="Endpoint">Where.</param>
/// <param name="Name">Name of the member expected there, or empty for whoever answers.</param>
public readonly record struct GossipTarget(GossipEndpoint Endpoint, string Name = "");

/// <summary>What a pool starts with besides its configuration.</summary>
/// <param name="Snapshot">What the snapshot file remembers, or null.</param>
/// <param name="Keyring">Keys, or null for no encryption. Owned by the pool from now on.</param>
public sealed record GossipStart(Files.SerfSnapshot? Snapshot = null, Security.Keyring? Keyring = null);

/// <summary>An operation on the pool's keys.</summary>
public enum KeyOperation : byte
{
    /// <summary>Say which keys there are.</summary>
    List,

    /// <summary>Add a key.</summary>
    Install,

    /// <summary>Encrypt with a key.</summary>
    Use,

    /// <summary>Remove a key.</summary>
    Remove,
}

/// <summary>A query to all members, or to some.</summary>
/// <param name="Name">Name; names that begin with <c>_serf_</c> are reserved.</param>
/// <param name="Payload">Content.</param>
public sealed record GossipQuery(string Name, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Only members with these names; empty for all.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Only members whose tag matches the regular expression (RE2's syntax), for each pair.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Whether each member says at once that the query has arrived.</summary>
    public bool WantAcks { get; init; }

    /// <summary>Through how many others each answer is sent as well, 0 to 255.</summary>
    public byte RelayFactor { get; init; }

    /// <summary>How long answers count; zero for the default, which grows with the pool.</summary>
    public TimeSpan Timeout { get; init; }
}
