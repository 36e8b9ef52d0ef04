namespace Conclave.Core.Model;

/// <summary>One operation of a transaction; exactly one of the parts is set.</summary>
public sealed class TxnOp
{
#pragma warning disable CS1591 // One part per kind of resource.
    public TxnKvOp? Kv { get; init; }
    public TxnNodeOp? Node { get; init; }
    public TxnServiceOp? Service { get; init; }
    public TxnCheckOp? Check { get; init; }
    public TxnSessionOp? Session { get; init; }
    public MsgPackMap? Intention { get; init; }
#pragma warning restore CS1591
}

/// <summary>Key operation; verbs are in <see cref="KvOps"/>.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Entry">The key; <see cref="KvEntry.ModifyIndex"/> is the index to compare with.</param>
public sealed record TxnKvOp(string Verb, KvEntry Entry);

/// <summary>Node operation: get, set, cas, delete, delete-cas.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Node">The node.</param>
public sealed record TxnNodeOp(string Verb, NodeEntry Node);

/// <summary>Service operation: get, set, cas, delete, delete-cas.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Node">Name of the node.</param>
/// <param name="Service">The instance.</param>
public sealed record TxnServiceOp(string Verb, string Node, NodeService Service);

/// <summary>Check operation: get, set, cas, delete, delete-cas.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Check">The check.</param>
public sealed record TxnCheckOp(string Verb, HealthCheck Check);

/// <summary>Session operation (delete), from newer peers' logs.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Session">The session.</param>
public sealed record TxnSessionOp(string Verb, Session Session);

/// <summary>A transaction: command type 8, RPC <c>Txn.Apply</c>.</summary>
public sealed class TxnRequest
{
    /// <summary>Target datacenter; empty for the local one.</summary>
    public string Datacenter { get; init; } = "";

    /// <summary>Operations in order; at most 64 through HTTP.</summary>
    public required IReadOnlyList<TxnOp> Ops { get; init; }

    /// <summary>ACL token of the caller; never logged.</summary>
    public string Token { get; init; } = "";
}

/// <summary>Result of one operation; exactly one part is set.</summary>
public sealed class TxnResult
{
#pragma warning disable CS1591 // One part per kind of resource.
    public KvEntry? Kv { get; init; }
    /// <summary>True when the value of <see cref="Kv"/> is left out of the answer (all verbs but the reading ones).</summary>
    public bool KvWithoutValue { get; init; }
    public NodeEntry? Node { get; init; }
    public NodeService? Service { get; init; }
    public HealthCheck? Check { get; init; }
#pragma warning restore CS1591
}

/// <summary>Why an operation failed.</summary>
/// <param name="OpIndex">Position in the request.</param>
/// <param name="What">Text for people, Consul's wording.</param>
public readonly record struct TxnError(int OpIndex, string What);

/// <summary>Outcome of a transaction: results when it was applied, errors when nothing was.</summary>
/// <param name="Results">In order of the operations; deletes give none.</param>
/// <param name="Errors">Empty on success.</param>
public sealed record TxnResponse(IReadOnlyList<TxnResult> Results, IReadOnlyList<TxnError> Errors);
