using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>Transactions: several operations at one index, all or none.</summary>
internal sealed partial class StateWriter
{
    /// <summary>Applies all operations and lists every one that fails; when any did, the caller goes back to its savepoint.</summary>
    public TxnResponse Txn(ulong index, TxnRequest request)
    {
        var results = new List<TxnResult>(request.Ops.Count);
        var errors = new List<TxnError>();
        for (var i = 0; i < request.Ops.Count; i++)
            if (TxnOne(index, request.Ops[i], results) is { } what) errors.Add(new TxnError(i, what));
        if (errors.Count > 0) results.Clear();
        return new TxnResponse(results, errors);
    }

    private string? TxnOne(ulong index, TxnOp op, List<TxnResult> results) =>
        op.Kv is { } kv ? TxnKv(index, kv, results)
        : op.Node is { } node ? TxnNode(index, node, results)
        : op.Service is { } service ? TxnService(index, service, results)
        : op.Check is { } check ? TxnCheck(index, check, results)
        : op.Session is { } session ? TxnSession(index, session)
        : op.Intention is { } intention ? ApplyIntention(index, intention)
        : "no operation specified";

    private string? TxnKv(ulong index, TxnKvOp op, List<TxnResult> results)
    {
        var key = op.Entry.Key;
        KvEntry? entry = null;
        string? problem = null;
        switch (op.Verb)
        {
            case KvOps.Set: entry = KvSet(index, op.Entry); break;
            case KvOps.Delete: KvDelete(index, key); break;
            case KvOps.DeleteCas: return KvDeleteCas(index, key, op.Entry.ModifyIndex) ? null : $"failed to delete key {GoQuote.Quote(key)}, index is stale";
            case KvOps.DeleteTree: KvDeleteTree(index, key); break;
            case KvOps.Cas:
                entry = KvCas(index, op.Entry);
                if (entry is null) problem = $"failed to set key {GoQuote.Quote(key)}, index is stale";
                break;
            case KvOps.Lock:
                problem = KvLock(index, op.Entry, out entry);
                if (problem is null && entry is null) problem = $"failed to lock key {GoQuote.Quote(key)}, lock is already held";
                break;
            case KvOps.Unlock:
                problem = KvUnlock(index, op.Entry, out entry);
                if (problem is null && entry is null) problem = $"failed to unlock key {GoQuote.Quote(key)}, lock isn't held, or is held by another session";
                break;
            default: return TxnKvRead(op, results);
        }
        if (problem is null && entry is not null) results.Add(new TxnResult { Kv = entry, KvWithoutValue = true });
        return problem;
    }

    private string? TxnKvRead(TxnKvOp op, List<TxnResult> results) => TxnReads.Kv(op, _kv.Get(op.Entry.Key), _kv.Scan(op.Entry.Key), results);

    private string? TxnNode(ulong index, TxnNodeOp op, List<TxnResult> results)
    {
        string? problem = null;
        var matched = true;
        switch (op.Verb)
        {
            case KvOps.Get: break;
            case KvOps.Set: problem = EnsureNode(index, op.Node); break;
            case KvOps.Cas:
                problem = EnsureNodeCas(index, op.Node, out matched);
                if (!matched) problem = $"failed to set node {GoQuote.Quote(op.Node.Name)}, index is stale";
                break;
            case KvOps.Delete: DeleteNode(index, op.Node.Name); return null;
            case KvOps.DeleteCas:
                return DeleteNodeCas(index, op.Node.Name, op.Node.ModifyIndex) ? null : $"failed to delete node {GoQuote.Quote(op.Node.Name)}, index is stale";
            default: return TxnReads.UnknownVerb("Node", op.Verb);
        }
        return problem ?? TxnReads.Node(op, op.Node.Id.Length > 0 ? NodeById(op.Node.Id) : NodeByName(op.Node.Name), results);
    }

    private string? TxnService(ulong index, TxnServiceOp op, List<TxnResult> results)
    {
        string? problem = null;
        switch (op.Verb)
        {
            case KvOps.Get: break;
            case KvOps.Set: problem = EnsureService(index, op.Node, op.Service); break;
            case KvOps.Cas:
                problem = EnsureServiceCas(index, op.Node, op.Service, out var matched);
                if (!matched) problem = $"failed to set service {GoQuote.Quote(op.Service.Id)} on node {GoQuote.Quote(op.Node)}, index is stale";
                break;
            case KvOps.Delete: DeleteService(index, op.Node, op.Service.Id); return null;
            case KvOps.DeleteCas:
                return DeleteServiceCas(index, op.Node, op.Service.Id, op.Service.ModifyIndex) ? null
                    : $"failed to delete service {GoQuote.Quote(op.Service.Id)} on node {GoQuote.Quote(op.Node)}, index is stale";
            default: return TxnReads.UnknownVerb("Service", op.Verb);
        }
        return problem ?? TxnReads.Service(op, ServiceGet(op.Node, op.Service.Id), results);
    }

    private string? TxnCheck(ulong index, TxnCheckOp op, List<TxnResult> results)
    {
        string? problem = null;
        switch (op.Verb)
        {
            case KvOps.Get: break;
            case KvOps.Set: problem = EnsureCheck(index, op.Check); break;
            case KvOps.Cas:
                problem = EnsureCheckCas(index, op.Check, out var matched);
                if (!matched) problem = $"failed to set check {GoQuote.Quote(op.Check.CheckId)} on node {GoQuote.Quote(op.Check.Node)}, index is stale";
                break;
            case KvOps.Delete: DeleteCheck(index, op.Check.Node, op.Check.CheckId); return null;
            case KvOps.DeleteCas:
                return DeleteCheckCas(index, op.Check.Node, op.Check.CheckId, op.Check.ModifyIndex) ? null
                    : $"failed to delete check {GoQuote.Quote(op.Check.CheckId)} on node {GoQuote.Quote(op.Check.Node)}, index is stale";
            default: return TxnReads.UnknownVerb("Check", op.Verb);
        }
        return problem ?? TxnReads.Check(op, CheckGet(op.Check.Node, op.Check.CheckId), results);
    }

    private string? TxnSession(ulong index, TxnSessionOp op) =>
        op.Verb == KvOps.Delete ? SessionDestroy(index, op.Session.Id) : $"unknown session verb {GoQuote.Quote(op.Verb)}";
}
