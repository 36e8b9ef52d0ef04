using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.Node.Requests;

/// <summary>What must hold of a transaction before it may be logged, and what the leader fills in.</summary>
public static class TxnRequests
{
    /// <summary>Says whether a key may not be locked yet.</summary>
    public delegate bool IsLockDelayed(ReadOnlySpan<byte> key);

    /// <summary>The failed operations, or null when the transaction may be proposed. <paramref name="prepared"/> has ids filled in: the same object when nothing was missing.</summary>
    public static List<TxnError>? Prepare(TxnRequest request, IsLockDelayed isLockDelayed, out TxnRequest prepared)
    {
        List<TxnError>? errors = null;
        TxnOp[]? changed = null;
        for (int i = 0; i < request.Ops.Count; i++)
        {
            string? refusal = PrepareOp(request.Ops[i], isLockDelayed, out var op);
            if (refusal is not null) (errors ??= []).Add(new TxnError(i, refusal));
            if (ReferenceEquals(op, request.Ops[i])) continue;
            changed ??= [.. request.Ops];
            changed[i] = op;
        }
        prepared = changed is null ? request : new TxnRequest { Datacenter = request.Datacenter, Ops = changed };
        return errors;
    }

    private static string? PrepareOp(TxnOp op, IsLockDelayed isLockDelayed, out TxnOp prepared)
    {
        prepared = op;
        if (op.Kv is { } kv)
        {
            if (KvRequests.Refuse(kv.Verb, kv.Entry.Key) is { } refusal) return refusal;
            bool delayed = kv.Verb == KvOps.Lock && isLockDelayed(kv.Entry.Key);
            return delayed ? $"failed to lock key {GoQuote.Quote(kv.Entry.Key)} due to lock delay" : null;
        }
        if (op.Node is { } node) return CatalogRequests.RefuseNode(node.Node.Name, node.Node.Id);
        if (op.Service is { } service)
        {
            string? refusal = CatalogRequests.PrepareService(service.Service, out var filled);
            if (!ReferenceEquals(filled, service.Service)) prepared = new TxnOp { Service = service with { Service = filled } };
            return refusal;
        }
        if (op.Check is { } check)
        {
            var filled = CatalogRequests.NameCheck(check.Check);
            if (!ReferenceEquals(filled, check.Check)) prepared = new TxnOp { Check = check with { Check = filled } };
        }
        return null;
    }
}
