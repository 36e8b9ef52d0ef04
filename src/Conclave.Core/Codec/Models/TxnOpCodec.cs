using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>One operation of a transaction: a map with a field for each kind of resource, all but one of them nil.</summary>
public static class TxnOpCodec
{
    /// <summary>Writes the operation.</summary>
    public static void Write(ref MsgPackWriter writer, TxnOp op)
    {
        writer.WriteMapHeader(6);
        writer.WriteKey("Check"u8);
        WriteCheck(ref writer, op.Check);
        writer.WriteKey("Intention"u8);
        MsgPackTree.Write(ref writer, op.Intention);
        writer.WriteKey("KV"u8);
        WriteKv(ref writer, op.Kv);
        writer.WriteKey("Node"u8);
        WriteNode(ref writer, op.Node);
        writer.WriteKey("Service"u8);
        WriteService(ref writer, op.Service);
        writer.WriteKey("Session"u8);
        WriteSession(ref writer, op.Session);
    }

    /// <summary>Reads an operation; missing parts are null, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static TxnOp Read(ref MsgPackReader reader)
    {
        TxnCheckOp? check = null;
        MsgPackMap? intention = null;
        TxnKvOp? kv = null;
        TxnNodeOp? node = null;
        TxnServiceOp? service = null;
        TxnSessionOp? session = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Check"u8)) check = ReadCheck(ref reader);
            else if (key.SequenceEqual("Intention"u8)) intention = MsgPackTree.ReadMap(ref reader);
            else if (key.SequenceEqual("KV"u8)) kv = ReadKv(ref reader);
            else if (key.SequenceEqual("Node"u8)) node = ReadNode(ref reader);
            else if (key.SequenceEqual("Service"u8)) service = ReadService(ref reader);
            else if (key.SequenceEqual("Session"u8)) session = ReadSession(ref reader);
            else reader.Skip();
        }
        return new TxnOp { Kv = kv, Node = node, Service = service, Check = check, Session = session, Intention = intention };
    }

    private static void WriteCheck(ref MsgPackWriter writer, TxnCheckOp? op)
    {
        if (op is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(2);
        writer.WriteKey("Check"u8);
        HealthCheckCodec.Write(ref writer, op.Check);
        writer.WriteField("Verb"u8, op.Verb);
    }

    private static void WriteKv(ref MsgPackWriter writer, TxnKvOp? op)
    {
        if (op is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(2);
        writer.WriteKey("DirEnt"u8);
        KvEntryCodec.Write(ref writer, op.Entry);
        writer.WriteField("Verb"u8, op.Verb);
    }

    private static void WriteNode(ref MsgPackWriter writer, TxnNodeOp? op)
    {
        if (op is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(2);
        writer.WriteKey("Node"u8);
        NodeEntryCodec.Write(ref writer, op.Node);
        writer.WriteField("Verb"u8, op.Verb);
    }

    private static void WriteService(ref MsgPackWriter writer, TxnServiceOp? op)
    {
        if (op is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(3);
        writer.WriteField("Node"u8, op.Node);
        writer.WriteKey("Service"u8);
        NodeServiceCodec.Write(ref writer, op.Service);
        writer.WriteField("Verb"u8, op.Verb);
    }

    private static void WriteSession(ref MsgPackWriter writer, TxnSessionOp? op)
    {
        if (op is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(2);
        writer.WriteKey("Session"u8);
        SessionCodec.Write(ref writer, op.Session);
        writer.WriteField("Verb"u8, op.Verb);
    }

    private static TxnCheckOp? ReadCheck(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        string verb = "";
        var check = new HealthCheck();
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Check"u8)) check = HealthCheckCodec.Read(ref reader);
            else if (key.SequenceEqual("Verb"u8)) verb = KvRequestCodec.Operations.Read(ref reader);
            else reader.Skip();
        }
        return new(verb, check);
    }

    private static TxnKvOp? ReadKv(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        string verb = "";
        KvEntry? entry = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("DirEnt"u8)) entry = KvEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Verb"u8)) verb = KvRequestCodec.Operations.Read(ref reader);
            else reader.Skip();
        }
        return new(verb, entry ?? new KvEntry { Key = [] });
    }

    private static TxnNodeOp? ReadNode(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        string verb = "";
        var node = new NodeEntry { Name = "" };
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Node"u8)) node = NodeEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Verb"u8)) verb = KvRequestCodec.Operations.Read(ref reader);
            else reader.Skip();
        }
        return new(verb, node);
    }

    private static TxnServiceOp? ReadService(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        string verb = "", node = "";
        var service = new NodeService();
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("Service"u8)) service = NodeServiceCodec.Read(ref reader);
            else if (key.SequenceEqual("Verb"u8)) verb = KvRequestCodec.Operations.Read(ref reader);
            else reader.Skip();
        }
        return new(verb, node, service);
    }

    private static TxnSessionOp? ReadSession(ref MsgPackReader reader)
    {
        if (reader.TryReadNil()) return null;
        string verb = "";
        var session = new Session();
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Session"u8)) session = SessionCodec.Read(ref reader);
            else if (key.SequenceEqual("Verb"u8)) verb = KvRequestCodec.Operations.Read(ref reader);
            else reader.Skip();
        }
        return new(verb, session);
    }
}
