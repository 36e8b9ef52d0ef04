namespace Conclave.Agent.Pools;

/// <summary>What is to be done with the keys of the gossip pools.</summary>
public enum KeyringVerb : byte
{
    /// <summary>Say which keys there are.</summary>
    List,

    /// <summary>Add a key.</summary>
    Install,

    /// <summary>Encrypt with a key that was added before.</summary>
    Use,

    /// <summary>Remove a key that is not in use.</summary>
    Remove,
}

/// <summary>An operation on the keys of all gossip pools.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Key">With which key, as the caller spelled it (base64 if it is right); empty for <see cref="KeyringVerb.List"/>. Secret: never logged.</param>
/// <param name="RelayFactor">Through how many others each answer is sent as well, 0 to 5.</param>
/// <param name="IsLocalOnly">Ask this agent only; lists only.</param>
public sealed record KeyringRequest(KeyringVerb Verb, string Key, int RelayFactor, bool IsLocalOnly)
{
    /// <summary>Bound of <see cref="RelayFactor"/>.</summary>
    public const int RelayFactorMax = 5;

    /// <summary>All but the key.</summary>
    public override string ToString() => $"{Verb} relay {RelayFactor}{(IsLocalOnly ? " local" : "")}";
}

/// <summary>What one pool answered to an operation on its keys.</summary>
public sealed record PoolKeys
{
    /// <summary>Whether it is the pool between datacenters.</summary>
    public required bool IsWan { get; init; }

    /// <summary>Datacenter of the agent that asked the pool.</summary>
    public required string Datacenter { get; init; }

    /// <summary>Network segment, empty for the one that everybody is in.</summary>
    public string Segment { get; init; } = "";

    /// <summary>What members said besides yes, by member in ordinal order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Messages { get; init; } = [];

    /// <summary>Of a list: how many members have each key (base64), ordinal order.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Keys { get; init; } = [];

    /// <summary>Of a list: how many members encrypt with each key (base64), ordinal order.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> PrimaryKeys { get; init; } = [];

    /// <summary>Members that were asked.</summary>
    public int NodeCount { get; init; }

    /// <summary>What went wrong, or empty: <c>1/3 nodes reported failure</c>, for example.</summary>
    public string Error { get; init; } = "";
}

/// <summary>What became of an operation on keys.</summary>
/// <param name="Outcome">Failed when the pools could not be asked at all. What a pool answered is not counted here.</param>
/// <param name="Pools">The pool between datacenters first, when this agent is in it, then those of the datacenter.</param>
public readonly record struct KeyringAnswer(AgentOutcome Outcome, IReadOnlyList<PoolKeys> Pools);
