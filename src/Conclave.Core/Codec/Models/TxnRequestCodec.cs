using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A transaction: RPC arguments and log command.</summary>
public static class TxnRequestCodec
{
    /// <summary>Writes the request with <paramref name="token"/> in place of its own: "" wherever the bytes are stored.</summary>
    public static void Write(ref MsgPackWriter writer, TxnRequest request, string token)
    {
        writer.WriteMapHeader(3);
        writer.WriteField("Datacenter"u8, request.Datacenter);
        writer.WriteKey("Ops"u8);
        writer.WriteArrayHeader(request.Ops.Count);
        for (int i = 0; i < request.Ops.Count; i++) TxnOpCodec.Write(ref writer, request.Ops[i]);
        writer.WriteField("Token"u8, token);
    }

    /// <summary>Reads a request; missing fields are zero, unknown ones ignored. Values are slices of the input if the reader was made over memory.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static TxnRequest Read(ref MsgPackReader reader)
    {
        string datacenter = "", token = "";
        IReadOnlyList<TxnOp> ops = [];
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Ops"u8)) ops = MsgPackCollections.ReadList(ref reader, TxnOpCodec.Read) ?? [];
            else if (key.SequenceEqual("Token"u8)) token = reader.ReadText();
            else reader.Skip();
        }
        return new TxnRequest { Datacenter = datacenter, Ops = ops, Token = token };
    }
}
