using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A deregistration: RPC arguments and log command.</summary>
public static class DeregisterRequestCodec
{
    /// <summary>Writes the request with <paramref name="token"/> in place of its own: "" wherever the bytes are stored.</summary>
    public static void Write(ref MsgPackWriter writer, DeregisterRequest request, string token)
    {
        writer.WriteMapHeader(5);
        writer.WriteField("CheckID"u8, request.CheckId);
        writer.WriteField("Datacenter"u8, request.Datacenter);
        writer.WriteField("Node"u8, request.Node);
        writer.WriteField("ServiceID"u8, request.ServiceId);
        writer.WriteField("Token"u8, token);
    }

    /// <summary>Reads a request; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static DeregisterRequest Read(ref MsgPackReader reader)
    {
        string datacenter = "", node = "", serviceId = "", checkId = "", token = "";
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("CheckID"u8)) checkId = reader.ReadText();
            else if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("ServiceID"u8)) serviceId = reader.ReadText();
            else if (key.SequenceEqual("Token"u8)) token = reader.ReadText();
            else reader.Skip();
        }
        return new DeregisterRequest { Datacenter = datacenter, Node = node, ServiceId = serviceId, CheckId = checkId, Token = token };
    }
}
