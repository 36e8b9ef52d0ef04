namespace Conclave.Core.Model;

/// <summary>One key of the key/value store, immutable once in the state. Wire name <c>DirEnt</c>.</summary>
public sealed class KvEntry
{
    /// <summary>The key's bytes (usually UTF-8), without a leading slash. The array belongs to the entry and is never changed.</summary>
    public required byte[] Key { get; init; }

    /// <summary>The value; owned by the entry. Empty when <see cref="HasValue"/> is false.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>False when the value is nil on the wire (shown as <c>null</c> in JSON), which differs from an empty byte string.</summary>
    public bool HasValue { get; init; }

    /// <summary>Opaque to the engine; all 64 bits count.</summary>
    public ulong Flags { get; init; }

    /// <summary>Id of the session that holds the lock, or empty.</summary>
    public string Session { get; init; } = "";

    /// <summary>Number of successful acquisitions.</summary>
    public ulong LockIndex { get; init; }

    /// <summary>Raft index at which the key was created.</summary>
    public ulong CreateIndex { get; init; }

    /// <summary>Raft index of the last change. In requests of the kinds cas and delete-cas: the index to compare with.</summary>
    public ulong ModifyIndex { get; init; }
}

/// <summary>A request to change one key: command type 2, RPC <c>KVS.Apply</c>.</summary>
public sealed class KvRequest
{
    /// <summary>Target datacenter; empty for the local one.</summary>
    public string Datacenter { get; init; } = "";

    /// <summary>One of <see cref="KvOps"/>.</summary>
    public required string Op { get; init; }

    /// <summary>Key and what to store.</summary>
    public required KvEntry Entry { get; init; }

    /// <summary>ACL token of the caller. Never logged: the encoder of log entries writes "".</summary>
    public string Token { get; init; } = "";
}

/// <summary>Operations on keys, spelled as on the wire (requests and transactions).</summary>
public static class KvOps
{
#pragma warning disable CS1591 // The value is the documentation.
    public const string Set = "set", Delete = "delete", DeleteCas = "delete-cas", DeleteTree = "delete-tree", Cas = "cas", Lock = "lock", Unlock = "unlock";
    public const string Get = "get", GetTree = "get-tree", GetOrEmpty = "get-or-empty", CheckSession = "check-session", CheckIndex = "check-index", CheckNotExists = "check-not-exists";
#pragma warning restore CS1591
}
