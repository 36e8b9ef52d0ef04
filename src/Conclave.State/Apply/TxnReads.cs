using System.Globalization;
using Conclave.Core;
using Conclave.Core.Model;

namespace Conclave.State;

/// <summary>The reading verbs of transactions, alike for transactions in the log and for read-only ones that never reach it.</summary>
internal static class TxnReads
{
    public static string? Kv(TxnKvOp op, KvEntry? entry, TreeValues<KvEntry> below, List<TxnResult> results)
    {
        var problem = KvProblem(op, entry);
        if (problem is not null) return problem;
        switch (op.Verb)
        {
            case KvOps.GetTree:
                foreach (var each in below) results.Add(new TxnResult { Kv = each });
                break;
            case KvOps.Get: results.Add(new TxnResult { Kv = entry }); break;
            case KvOps.GetOrEmpty: results.Add(new TxnResult { Kv = entry ?? new KvEntry { Key = op.Entry.Key } }); break;
            case KvOps.CheckSession or KvOps.CheckIndex: results.Add(new TxnResult { Kv = entry, KvWithoutValue = true }); break;
        }
        return null;
    }

    public static string? Node(TxnNodeOp op, NodeEntry? node, List<TxnResult> results)
    {
        if (node is null) return $"node {GoQuote.Quote(op.Node.Name)} doesn't exist";
        results.Add(new TxnResult { Node = node });
        return null;
    }

    public static string? Service(TxnServiceOp op, NodeService? service, List<TxnResult> results)
    {
        if (service is null) return $"service {GoQuote.Quote(op.Service.Id)} on node {GoQuote.Quote(op.Node)} doesn't exist";
        results.Add(new TxnResult { Service = service });
        return null;
    }

    public static string? Check(TxnCheckOp op, HealthCheck? check, List<TxnResult> results)
    {
        if (check is null) return $"check {GoQuote.Quote(op.Check.CheckId)} on node {GoQuote.Quote(op.Check.Node)} doesn't exist";
        results.Add(new TxnResult { Check = check });
        return null;
    }

    public static string UnknownVerb(string kind, string verb) => $"unknown {kind} verb {GoQuote.Quote(verb)}";

    private static string? KvProblem(TxnKvOp op, KvEntry? entry)
    {
        var key = op.Entry.Key;
        return op.Verb switch
        {
            KvOps.Get => entry is null ? $"key {GoQuote.Quote(key)} doesn't exist" : null,
            KvOps.GetTree or KvOps.GetOrEmpty => null,
            KvOps.CheckNotExists => entry is null ? null : $"key {GoQuote.Quote(key)} exists",
            KvOps.CheckSession => entry is null ? $"failed to check session, key {GoQuote.Quote(key)} doesn't exist"
                : entry.Session == op.Entry.Session ? null
                : $"failed session check for key {GoQuote.Quote(key)}, current session {GoQuote.Quote(entry.Session)} != {GoQuote.Quote(op.Entry.Session)}",
            KvOps.CheckIndex => entry is null ? $"failed to check index, key {GoQuote.Quote(key)} doesn't exist"
                : entry.ModifyIndex == op.Entry.ModifyIndex ? null
                : string.Create(CultureInfo.InvariantCulture, $"failed index check for key {GoQuote.Quote(key)}, current modify index {entry.ModifyIndex} != {op.Entry.ModifyIndex}"),
            _ => UnknownVerb("KV", op.Verb),
        };
    }
}
