using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A session operation: RPC arguments and log command.</summary>
public static class SessionRequestCodec
{
    private static readonly KnownTexts Operations = new("create", "destroy");

    /// <summary>Writes the request with <paramref name="token"/> in place of its own: "" wherever the bytes are stored.</summary>
    public static void Write(ref MsgPackWriter writer, SessionRequest request, string token)
    {
        writer.WriteMapHeader(4);
        writer.WriteField("Datacenter"u8, request.Datacenter);
        writer.WriteField("Op"u8, request.Op);
        writer.WriteKey("Session"u8);
        SessionCodec.Write(ref writer, request.Session);
        writer.WriteField("Token"u8, token);
    }

    /// <summary>Reads a request; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static SessionRequest Read(ref MsgPackReader reader)
    {
        string datacenter = "", op = "", token = "";
        Session? session = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Op"u8)) op = Operations.Read(ref reader);
            else if (key.SequenceEqual("Session"u8)) session = SessionCodec.Read(ref reader);
            else if (key.SequenceEqual("Token"u8)) token = reader.ReadText();
            else reader.Skip();
        }
        return new SessionRequest { Datacenter = datacenter, Op = op, Session = session ?? new Session(), Token = token };
    }
}
