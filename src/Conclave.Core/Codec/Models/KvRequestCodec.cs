using System.Buffers;
using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A key operation: RPC arguments and log command.</summary>
public static class KvRequestCodec
{
    internal static readonly KnownTexts Operations = new(
        KvOps.Set, KvOps.Cas, KvOps.Lock, KvOps.Unlock, KvOps.Delete, KvOps.DeleteCas, KvOps.DeleteTree,
        KvOps.Get, KvOps.GetTree, KvOps.GetOrEmpty, KvOps.CheckSession, KvOps.CheckIndex, KvOps.CheckNotExists);

    /// <summary>Writes the request with <paramref name="token"/> in place of its own: "" wherever the bytes are stored.</summary>
    public static void Write(ref MsgPackWriter writer, KvRequest request, string token)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Datacenter"u8, request.Datacenter);
        writer.WriteKey("DirEnt"u8);
        KvEntryCodec.Write(ref writer, request.Entry);
        writer.WriteField("Op"u8, request.Op);
        writer.WriteField("Token"u8, token);
    }

    /// <summary>Reads a request; missing fields are zero, unknown ones ignored. The value is a slice of the input if the reader was made over memory.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static KvRequest Read(ref MsgPackReader reader)
    {
        string datacenter = "", op = "", token = "";
        KvEntry? entry = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("DirEnt"u8)) entry = KvEntryCodec.Read(ref reader);
            else if (key.SequenceEqual("Op"u8)) op = Operations.Read(ref reader);
            else if (key.SequenceEqual("Token"u8)) token = reader.ReadText();
            else reader.Skip();
        }
        return new KvRequest { Datacenter = datacenter, Op = op, Entry = entry ?? new KvEntry { Key = [] }, Token = token };
    }

    /// <summary>Writes a request with empty datacenter and token out of its parts. The size must be what <see cref="SizeOf"/> gives for them.</summary>
    internal static void Write(ref MsgPackWriter writer, string op, ReadOnlySpan<byte> key, in ReadOnlySequence<byte> value, bool hasValue, ulong flags, string session, ulong modifyIndex)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Datacenter"u8, "");
        writer.WriteKey("DirEnt"u8);
        writer.WriteMapHeader(7);
        writer.WriteField("CreateIndex"u8, 0UL);
        writer.WriteField("Flags"u8, flags);
        writer.WriteField("Key"u8, key);
        writer.WriteField("LockIndex"u8, 0UL);
        writer.WriteField("ModifyIndex"u8, modifyIndex);
        writer.WriteField("Session"u8, session);
        writer.WriteKey("Value"u8);
        if (hasValue) writer.Write(value);
        else writer.WriteNil();
        writer.WriteField("Op"u8, op);
        writer.WriteField("Token"u8, "");
    }

    /// <summary>Exact size in bytes of what the method above writes. <paramref name="op"/> and <paramref name="session"/> are given by their UTF-8 length.</summary>
    internal static int SizeOf(int op, int key, long value, bool hasValue, ulong flags, int session, ulong modifyIndex)
    {
        // Two map headers, eleven keys with a header each, two zero indexes, and the empty texts of datacenter and token.
        const int Fixed = 2 + (10 + 6 + 2 + 5) + 4 + (11 + 5 + 3 + 9 + 11 + 7 + 5) + 7 + 2 + 2;
        return checked(Fixed + MsgPackWriter.SizeOfText(op) + MsgPackWriter.SizeOfText(key) + MsgPackWriter.SizeOf(flags) + MsgPackWriter.SizeOf(modifyIndex)
            + MsgPackWriter.SizeOfText(session) + (hasValue ? MsgPackWriter.SizeOfText((int)value) : 1));
    }
}
