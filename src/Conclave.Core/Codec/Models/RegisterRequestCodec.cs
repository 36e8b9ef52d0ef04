using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A registration: RPC arguments, log command and snapshot record.</summary>
public static class RegisterRequestCodec
{
    /// <summary>Writes the request with <paramref name="token"/> in place of its own: "" wherever the bytes are stored.</summary>
    public static void Write(ref MsgPackWriter writer, RegisterRequest request, string token)
    {
        writer.WriteMapHeader(13);
        writer.WriteField("Address"u8, request.Address);
        writer.WriteKey("Check"u8);
        if (request.Check is null) writer.WriteNil();
        else HealthCheckCodec.Write(ref writer, request.Check);
        writer.WriteKey("Checks"u8);
        WriteChecks(ref writer, request.Checks);
        writer.WriteField("CreateIndex"u8, request.CreateIndex);
        writer.WriteField("Datacenter"u8, request.Datacenter);
        writer.WriteField("ID"u8, request.Id);
        writer.WriteField("ModifyIndex"u8, request.ModifyIndex);
        writer.WriteField("Node"u8, request.Node);
        writer.WriteField("NodeMeta"u8, request.NodeMeta);
        writer.WriteKey("Service"u8);
        if (request.Service is null) writer.WriteNil();
        else NodeServiceCodec.Write(ref writer, request.Service);
        writer.WriteField("SkipNodeUpdate"u8, request.SkipNodeUpdate);
        writer.WriteField("TaggedAddresses"u8, request.TaggedAddresses);
        writer.WriteField("Token"u8, token);
    }

    /// <summary>Reads a request; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static RegisterRequest Read(ref MsgPackReader reader)
    {
        string datacenter = "", id = "", node = "", address = "", token = "";
        TextMap<string>? tagged = null, meta = null;
        NodeService? service = null;
        HealthCheck? check = null;
        IReadOnlyList<HealthCheck>? checks = null;
        bool skipNode = false;
        ulong created = 0, modified = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Address"u8)) address = reader.ReadText();
            else if (key.SequenceEqual("Check"u8)) check = reader.TryReadNil() ? null : HealthCheckCodec.Read(ref reader);
            else if (key.SequenceEqual("Checks"u8)) checks = MsgPackCollections.ReadList(ref reader, HealthCheckCodec.Read);
            else if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("NodeMeta"u8)) meta = MsgPackCollections.ReadTextMap(ref reader);
            else if (key.SequenceEqual("Service"u8)) service = reader.TryReadNil() ? null : NodeServiceCodec.Read(ref reader);
            else if (key.SequenceEqual("SkipNodeUpdate"u8)) skipNode = reader.ReadBool();
            else if (key.SequenceEqual("TaggedAddresses"u8)) tagged = MsgPackCollections.ReadTextMap(ref reader);
            else if (key.SequenceEqual("Token"u8)) token = reader.ReadText();
            else reader.Skip();
        }
        return new RegisterRequest
        {
            Datacenter = datacenter,
            Id = id,
            Node = node,
            Address = address,
            TaggedAddresses = tagged,
            NodeMeta = meta,
            Service = service,
            Check = check,
            Checks = checks,
            SkipNodeUpdate = skipNode,
            CreateIndex = created,
            ModifyIndex = modified,
            Token = token,
        };
    }

    private static void WriteChecks(ref MsgPackWriter writer, IReadOnlyList<HealthCheck>? checks)
    {
        if (checks is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(checks.Count);
        for (int i = 0; i < checks.Count; i++) HealthCheckCodec.Write(ref writer, checks[i]);
    }
}
