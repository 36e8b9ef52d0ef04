using System.Text;
using Conclave.Core;
using Conclave.Core.Model;
using Conclave.Http.Requests;
using Conclave.State;

namespace Conclave.Http.Endpoints.Txn;

/// <summary>A transaction that only reads: answered from one state, without the log.</summary>
public static class TxnRead
{
    /// <summary>Carries the operations out, all of which read.</summary>
    public static TxnResponse Run(StateRoot root, IReadOnlyList<TxnOp> operations)
    {
        var results = new List<TxnResult>();
        var errors = new List<TxnError>();
        for (var i = 0; i < operations.Count; i++)
        {
            var operation = operations[i];
            var error = operation.Kv is { } kv ? RunKv(root, kv, results)
                : operation.Node is { } node ? RunNode(root, node.Node, results)
                : operation.Service is { } service ? RunService(root, service, results)
                : operation.Check is { } check ? RunCheck(root, check.Check, results)
                : null;
            if (error is not null) errors.Add(new TxnError(i, error));
        }
        return new TxnResponse(errors.Count > 0 ? [] : results, errors);
    }

    private static string? RunKv(StateRoot root, TxnKvOp operation, List<TxnResult> results)
    {
        var wanted = operation.Entry;
        if (operation.Verb == KvOps.GetTree)
        {
            var entries = new List<KvEntry>();
            root.KvList(wanted.Key, null, entries);
            foreach (var entry in entries) results.Add(new TxnResult { Kv = entry });
            return null;
        }
        if (wanted.Key.Length == 0) return "Must provide key";
        var key = GoQuote.Quote(wanted.Key);
        root.KvGet(wanted.Key, null, out var found);
        switch (operation.Verb)
        {
            case KvOps.Get:
                if (found is null) return $"key {key} doesn't exist";
                results.Add(new TxnResult { Kv = found });
                return null;
            case KvOps.GetOrEmpty:
                results.Add(new TxnResult { Kv = found ?? new KvEntry { Key = wanted.Key } });
                return null;
            case KvOps.CheckSession:
                if (found is null) return $"failed to check session, key {key} doesn't exist";
                if (found.Session != wanted.Session) return $"failed session check for key {key}, current session \"{found.Session}\" != {GoQuote.Quote(wanted.Session)}";
                results.Add(new TxnResult { Kv = found, KvWithoutValue = true });
                return null;
            case KvOps.CheckIndex:
                if (found is null) return $"failed to check index, key {key} doesn't exist";
                if (found.ModifyIndex != wanted.ModifyIndex) return $"failed index check for key {key}, current modify index {found.ModifyIndex} != {wanted.ModifyIndex}";
                results.Add(new TxnResult { Kv = found, KvWithoutValue = true });
                return null;
            case KvOps.CheckNotExists:
                return found is null ? null : $"key {key} exists";
            default:
                return $"unknown KV verb {GoQuote.Quote(operation.Verb)}";
        }
    }

    private static string? RunNode(StateRoot root, NodeEntry wanted, List<TxnResult> results)
    {
        root.NodeGet(wanted.Id.Length > 0 ? wanted.Id : wanted.Name, null, out var node);
        if (node is null) return $"node {GoQuote.Quote(wanted.Name)} doesn't exist";
        results.Add(new TxnResult { Node = node });
        return null;
    }

    private static string? RunService(StateRoot root, TxnServiceOp operation, List<TxnResult> results)
    {
        var services = new List<NodeService>();
        root.NodeServices(operation.Node, null, out _, services);
        if (services.Find(service => service.Id == operation.Service.Id) is not { } found)
            return $"service {GoQuote.Quote(operation.Service.Id)} on node {GoQuote.Quote(operation.Node)} doesn't exist";
        results.Add(new TxnResult { Service = found });
        return null;
    }

    private static string? RunCheck(StateRoot root, HealthCheck wanted, List<TxnResult> results)
    {
        var checks = new List<HealthCheck>();
        root.NodeChecks(wanted.Node, null, checks);
        if (checks.Find(check => check.CheckId == wanted.CheckId) is not { } found)
            return $"check {GoQuote.Quote(wanted.CheckId)} on node {GoQuote.Quote(wanted.Node)} doesn't exist";
        results.Add(new TxnResult { Check = found });
        return null;
    }
}
