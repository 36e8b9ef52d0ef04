using System.Text;
using Conclave.Core.Model;
using Conclave.Http.Json;
using Conclave.Http.Models;

namespace Conclave.Http.Endpoints.Txn;

/// <summary>Reads the operations of a transaction from JSON.</summary>
internal static class TxnReader
{
    private static readonly NodeEntry NoNode = new() { Name = "" };

    public static List<TxnOp> Read(JsonBody json)
    {
        var operations = new List<TxnOp>();
        if (!json.EnterArray("api.TxnOps")) return operations;
        while (json.NextElement()) operations.Add(ReadOperation(ref json));
        return operations;
    }

    private static TxnOp ReadOperation(ref JsonBody json)
    {
        TxnKvOp? kv = null;
        TxnNodeOp? node = null;
        TxnServiceOp? service = null;
        TxnCheckOp? check = null;
        if (json.EnterObject())
        {
            while (json.NextMember())
            {
                if (json.Is("KV"u8)) kv = ReadKv(ref json);
                else if (json.Is("Node"u8)) node = ReadNode(ref json);
                else if (json.Is("Service"u8)) service = ReadService(ref json);
                else if (json.Is("Check"u8)) check = ReadCheck(ref json);
                else json.RefuseUnknown();
            }
        }
        return new TxnOp { Kv = kv, Node = node, Service = service, Check = check };
    }

    private static TxnKvOp? ReadKv(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        string verb = "", key = "", session = "";
        byte[]? value = null;
        ulong flags = 0, index = 0;
        while (json.NextMember())
        {
            if (json.Is("Verb"u8)) verb = json.Text();
            else if (json.Is("Key"u8)) key = json.Text();
            else if (json.Is("Value"u8)) value = json.Base64();
            else if (json.Is("Flags"u8)) flags = json.UInt64();
            else if (json.Is("Index"u8)) index = json.UInt64();
            else if (json.Is("Session"u8)) session = json.Text();
            else if (json.Is("Namespace"u8)) json.Skip();
            else json.RefuseUnknown();
        }
        return new TxnKvOp(verb, new KvEntry { Key = Encoding.UTF8.GetBytes(key), Value = value, HasValue = value is { Length: > 0 }, Flags = flags, Session = session, ModifyIndex = index });
    }

    private static TxnNodeOp? ReadNode(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var verb = "";
        var node = NoNode;
        while (json.NextMember())
        {
            if (json.Is("Verb"u8)) verb = json.Text();
            else if (json.Is("Node"u8)) node = RegistrationReader.ReadNode(ref json) ?? NoNode;
            else json.RefuseUnknown();
        }
        return new TxnNodeOp(verb, node);
    }

    private static TxnServiceOp? ReadService(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        string verb = "", node = "";
        var service = new NodeService();
        while (json.NextMember())
        {
            if (json.Is("Verb"u8)) verb = json.Text();
            else if (json.Is("Node"u8)) node = json.Text();
            else if (json.Is("Service"u8)) service = RegistrationReader.ReadService(ref json) ?? service;
            else json.RefuseUnknown();
        }
        return new TxnServiceOp(verb, node, service);
    }

    private static TxnCheckOp? ReadCheck(ref JsonBody json)
    {
        if (!json.EnterObject()) return null;
        var verb = "";
        var check = new HealthCheck();
        while (json.NextMember())
        {
            if (json.Is("Verb"u8)) verb = json.Text();
            else if (json.Is("Check"u8)) check = RegistrationReader.ReadCheck(ref json) ?? check;
            else json.RefuseUnknown();
        }
        return new TxnCheckOp(verb, check);
    }
}
