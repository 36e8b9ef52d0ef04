using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>The leader's order to forget tombstones: log command.</summary>
public static class TombstoneRequestCodec
{
    /// <summary>Writes the request; its token is empty.</summary>
    public static void Write(ref MsgPackWriter writer, TombstoneRequest request)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Datacenter"u8, request.Datacenter);
        writer.WriteField("Op"u8, request.Op);
        writer.WriteField("ReapIndex"u8, request.ReapIndex);
        writer.WriteField("Token"u8, "");
    }

    /// <summary>Reads a request; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static TombstoneRequest Read(ref MsgPackReader reader)
    {
        string datacenter = "", op = "";
        ulong index = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Op"u8)) op = reader.ReadText();
            else if (key.SequenceEqual("ReapIndex"u8)) index = reader.ReadUInt64();
            else reader.Skip();
        }
        return new(datacenter, op, index);
    }
}
