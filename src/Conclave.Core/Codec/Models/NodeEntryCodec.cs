using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A node as an object of its own: transactions and lists of nodes. (Registrations carry the same fields flattened.)</summary>
public static class NodeEntryCodec
{
    /// <summary>Writes the node.</summary>
    public static void Write(ref MsgPackWriter writer, NodeEntry node)
    {
        writer.WriteMapHeader(8);
        writer.WriteField("Address"u8, node.Address);
        writer.WriteField("CreateIndex"u8, node.CreateIndex);
        writer.WriteField("Datacenter"u8, node.Datacenter);
        writer.WriteField("ID"u8, node.Id);
        writer.WriteField("Meta"u8, node.Meta);
        writer.WriteField("ModifyIndex"u8, node.ModifyIndex);
        writer.WriteField("Node"u8, node.Name);
        writer.WriteField("TaggedAddresses"u8, node.TaggedAddresses);
    }

    /// <summary>Reads a node; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static NodeEntry Read(ref MsgPackReader reader)
    {
        string id = "", name = "", address = "", datacenter = "";
        TextMap<string>? tagged = null, meta = null;
        ulong created = 0, modified = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Address"u8)) address = reader.ReadText();
            else if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("Meta"u8)) meta = MsgPackCollections.ReadTextMap(ref reader);
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("Node"u8)) name = reader.ReadText();
            else if (key.SequenceEqual("TaggedAddresses"u8)) tagged = MsgPackCollections.ReadTextMap(ref reader);
            else reader.Skip();
        }
        return new NodeEntry
        {
            Id = id,
            Name = name,
            Address = address,
            Datacenter = datacenter,
            TaggedAddresses = tagged,
            Meta = meta,
            CreateIndex = created,
            ModifyIndex = modified,
        };
    }
}
