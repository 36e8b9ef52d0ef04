namespace Conclave.Gossip;

/// <summary>What has become of a member, in Serf's numbers.</summary>
public enum MemberStatus : byte
{
    /// <summary>Not known.</summary>
    None = 0,

    /// <summary>There.</summary>
    Alive = 1,

    /// <summary>Said that it goes, and has not gone yet.</summary>
    Leaving = 2,

    /// <summary>Gone on purpose.</summary>
    Left = 3,

    /// <summary>Gone without a word.</summary>
    Failed = 4,
}

/// <summary>A member as others see it: a value that never changes, good on any thread.</summary>
public sealed record GossipMember
{
    /// <summary>Name, unique in the pool. Compared case-sensitively.</summary>
    public required string Name { get; init; }

    /// <summary>Where its packets come from and its streams are accepted.</summary>
    public required GossipEndpoint Endpoint { get; init; }

    /// <summary>Its tags in ordinal order of their names.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; }

    /// <summary>What has become of it.</summary>
    public MemberStatus Status { get; init; } = MemberStatus.Alive;

    /// <summary>Lowest, highest and current version of the membership protocol, then of the delegate's protocol: six bytes.</summary>
    public ReadOnlyMemory<byte> Versions { get; init; }

    /// <summary>The value of a tag, or null.</summary>
    public string? Tag(string name)
    {
        foreach (var (key, value) in Tags)
            if (key == name) return value;
        return null;
    }
}
