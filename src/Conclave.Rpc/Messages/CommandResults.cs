using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>What methods that change something give back.</summary>
public static class CommandResults
{
    // Bounds what a reader keeps: a transaction has at most some dozens of operations, each with at most one result.
    private const int ResultsMax = 65_536;

    /// <summary>Writes the outcome of a command as its method does.</summary>
    public static void Write(ref MsgPackWriter writer, CommandType type, in ApplyResult result)
    {
        switch (type)
        {
            case CommandType.KVS or CommandType.Autopilot:
                // Peers say false of what has no outcome but success.
                writer.Write(result is { Kind: ApplyResultKind.Bool, Flag: true });
                break;
            case CommandType.Session:
                writer.Write(result.Text);
                break;
            case CommandType.Txn:
                Write(ref writer, result.Txn ?? new TxnResponse([], []));
                break;
            default:
                writer.WriteMapHeader(0);
                break;
        }
    }

    /// <summary>Reads the outcome of <paramref name="command"/> from its method's result.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static ApplyResult Read(ReadOnlyMemory<byte> command, ReadOnlyMemory<byte> result)
    {
        var reader = new MsgPackReader(result);
        switch ((CommandType)command.Span[0])
        {
            case CommandType.KVS:
                return HasOutcome(command) ? ApplyResult.Of(reader.ReadBool()) : ApplyResult.None;
            case CommandType.Autopilot:
                return CommandCodec.DecodeAutopilot(command[1..]).Cas ? ApplyResult.Of(reader.ReadBool()) : ApplyResult.None;
            case CommandType.Session:
                string text = reader.ReadText();
                return text.Length > 0 ? ApplyResult.Of(text) : ApplyResult.None;
            case CommandType.Txn:
                // What is read is a slice of the reply, whose memory goes back to its pool: a copy stays.
                return ApplyResult.Of(ReadTxn(result.ToArray()).Txn);
            default:
                return ApplyResult.None;
        }
    }

    /// <summary>Writes a transaction's outcome alone.</summary>
    public static void Write(ref MsgPackWriter writer, TxnResponse txn)
    {
        writer.WriteMapHeader(2);
        writer.WriteKey("Errors"u8);
        WriteErrors(ref writer, txn.Errors);
        writer.WriteKey("Results"u8);
        WriteResults(ref writer, txn.Results);
    }

    /// <summary>Writes a transaction's outcome among the fields of a read.</summary>
    public static void Write(ref MsgPackWriter writer, TxnResponse txn, QueryMeta meta)
    {
        var fields = new MetaFields(meta, 2);
        fields.Begin(ref writer);
        fields.Key(ref writer, "Errors"u8);
        WriteErrors(ref writer, txn.Errors);
        fields.Key(ref writer, "Results"u8);
        WriteResults(ref writer, txn.Results);
        fields.End(ref writer);
    }

    private static bool HasOutcome(ReadOnlyMemory<byte> command) =>
        CommandCodec.DecodeKv(command[1..]).Op is not (KvOps.Set or KvOps.Delete or KvOps.DeleteTree);

    private static void WriteErrors(ref MsgPackWriter writer, IReadOnlyList<TxnError> errors)
    {
        if (errors.Count == 0)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(errors.Count);
        foreach (var error in errors)
        {
            writer.WriteMapHeader(2);
            writer.WriteField("OpIndex"u8, (long)error.OpIndex);
            writer.WriteField("What"u8, error.What);
        }
    }

    private static void WriteResults(ref MsgPackWriter writer, IReadOnlyList<TxnResult> results)
    {
        if (results.Count == 0)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(results.Count);
        foreach (var result in results)
        {
            writer.WriteMapHeader(4);
            writer.WriteKey("Check"u8);
            if (result.Check is { } check) HealthCheckCodec.Write(ref writer, check);
            else writer.WriteNil();
            writer.WriteKey("KV"u8);
            if (result.Kv is { } kv) KvEntryCodec.Write(ref writer, result.KvWithoutValue ? WithoutValue(kv) : kv);
            else writer.WriteNil();
            writer.WriteKey("Node"u8);
            if (result.Node is { } node) NodeEntryCodec.Write(ref writer, node);
            else writer.WriteNil();
            writer.WriteKey("Service"u8);
            if (result.Service is { } service) NodeServiceCodec.Write(ref writer, service);
            else writer.WriteNil();
        }
    }

    private static KvEntry WithoutValue(KvEntry entry) => new()
    {
        Key = entry.Key, Flags = entry.Flags, Session = entry.Session, LockIndex = entry.LockIndex, CreateIndex = entry.CreateIndex, ModifyIndex = entry.ModifyIndex,
    };

    /// <summary>Reads a transaction's outcome, and what stands beside it when it only read. Values are slices of the result.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static (TxnResponse Txn, QueryMeta Meta) ReadTxn(ReadOnlyMemory<byte> result)
    {
        var reader = new MsgPackReader(result);
        var meta = default(QueryMeta);
        IReadOnlyList<TxnResult> results = [];
        IReadOnlyList<TxnError> errors = [];
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Results"u8)) results = ReadList(ref reader, ReadResult);
            else if (key.SequenceEqual("Errors"u8)) errors = ReadList(ref reader, ReadError);
            else if (!QueryMeta.TryTake(ref reader, key, ref meta)) reader.Skip(acceptExtensions: true);
        }
        return (new TxnResponse(results, errors), meta);
    }

    private delegate T Element<T>(ref MsgPackReader reader);

    private static List<T> ReadList<T>(ref MsgPackReader reader, Element<T> element)
    {
        int count = reader.ReadArrayHeader();
        if (count > ResultsMax) MsgPackException.Throw($"{count} results", reader.Offset);
        var list = new List<T>(Math.Min(count, 64));
        for (int i = 0; i < count; i++) list.Add(element(ref reader));
        return list;
    }

    private static TxnError ReadError(ref MsgPackReader reader)
    {
        int at = 0;
        string what = "";
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("OpIndex"u8)) at = reader.ReadInt32();
            else if (key.SequenceEqual("What"u8)) what = reader.ReadText();
            else reader.Skip(acceptExtensions: true);
        }
        return new TxnError(at, what);
    }

    private static TxnResult ReadResult(ref MsgPackReader reader)
    {
        HealthCheck? check = null;
        KvEntry? kv = null;
        NodeEntry? node = null;
        NodeService? service = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (reader.TryReadNil()) continue;
            if (key.SequenceEqual("Check"u8)) check = HealthCheckCodec.Read(ref reader);
            else if (key.SequenceEqual("KV"u8)) kv = KvEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Node"u8)) node = NodeEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Service"u8)) service = NodeServiceCodec.Read(ref reader);
            else reader.Skip(acceptExtensions: true);
        }
        return new TxnResult { Check = check, Kv = kv, Node = node, Service = service };
    }
}
