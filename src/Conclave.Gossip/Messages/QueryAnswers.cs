using Conclave.Core.Codec;
using Conclave.Gossip.Codec;

namespace Conclave.Gossip.Messages;

/// <summary>Serf: a member as the answering one knows it, in a dispute about its name.</summary>
internal ref struct SerfMember : IGossipValue<SerfMember>
{
    private static readonly FieldNames Fields =
        new("Name", "Addr", "Port", "Tags", "Status", "ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur");

    /// <summary>True when the member is not known: nil on the wire.</summary>
    public bool IsUnknown { get; set; }
    public ReadOnlySpan<byte> Name { get; set; }
    public GossipBytes Addr { get; set; }
    public ushort Port { get; set; }
    public EncodedList<TagElement> Tags { get; set; }
    public int Status { get; set; }
    public ProtocolVersions Versions { get; set; }

    public static SerfMember Read(scoped ref MsgPackReader reader)
    {
        var member = new SerfMember();
        if (reader.TryReadNil())
        {
            member.IsUnknown = true;
            return member;
        }
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: member.Name = reader.ReadTextSpan(); break;
                case 1: member.Addr = GossipValues.ReadBytes(ref reader); break;
                case 2: member.Port = GossipValues.ReadUInt16(ref reader); break;
                case 3: member.Tags = EncodedList<TagElement>.ReadMap(ref reader); break;
                case 4: member.Status = reader.ReadInt32(); break;
                case 5: member.Versions = member.Versions with { Min = GossipValues.ReadByte(ref reader) }; break;
                case 6: member.Versions = member.Versions with { Max = GossipValues.ReadByte(ref reader) }; break;
                case 7: member.Versions = member.Versions with { Current = GossipValues.ReadByte(ref reader) }; break;
                case 8: member.Versions = member.Versions with { DelegateMin = GossipValues.ReadByte(ref reader) }; break;
                case 9: member.Versions = member.Versions with { DelegateMax = GossipValues.ReadByte(ref reader) }; break;
                case 10: member.Versions = member.Versions with { DelegateCurrent = GossipValues.ReadByte(ref reader) }; break;
            }
        return member;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        if (IsUnknown)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteMapHeader(11);
        GossipValues.Write(ref writer, "Addr"u8, Addr);
        writer.WriteField("DelegateCur"u8, (ulong)Versions.DelegateCurrent);
        writer.WriteField("DelegateMax"u8, (ulong)Versions.DelegateMax);
        writer.WriteField("DelegateMin"u8, (ulong)Versions.DelegateMin);
        writer.WriteField("Name"u8, Name);
        writer.WriteField("Port"u8, (ulong)Port);
        writer.WriteField("ProtocolCur"u8, (ulong)Versions.Current);
        writer.WriteField("ProtocolMax"u8, (ulong)Versions.Max);
        writer.WriteField("ProtocolMin"u8, (ulong)Versions.Min);
        writer.WriteField("Status"u8, (long)Status);
        writer.WriteKey("Tags"u8);
        Tags.WriteMap(ref writer);
    }
}

/// <summary>Serf: names a key to install, use or remove; empty when the keys are to be listed. Never logged.</summary>
internal ref struct KeyRequest : IGossipValue<KeyRequest>
{
    private static readonly FieldNames Fields = new("Key");

    public GossipBytes Key { get; set; }

    public static KeyRequest Read(scoped ref MsgPackReader reader)
    {
        var request = new KeyRequest();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out _)) request.Key = GossipValues.ReadBytes(ref reader);
        return request;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(1);
        GossipValues.Write(ref writer, "Key"u8, Key);
    }
}

/// <summary>Serf: the outcome of a key request at one member. Holds keys: never logged.</summary>
internal ref struct KeyResponse : IGossipValue<KeyResponse>
{
    private static readonly FieldNames Fields = new("Result", "Message", "Keys", "PrimaryKey");

    public bool Result { get; set; }
    public ReadOnlySpan<byte> Message { get; set; }

    /// <summary>Keys in base64; nil unless they were asked for.</summary>
    public EncodedList<TextElement> Keys { get; set; }
    public ReadOnlySpan<byte> PrimaryKey { get; set; }

    public static KeyResponse Read(scoped ref MsgPackReader reader)
    {
        var response = new KeyResponse();
        var fields = new FieldReader(ref reader, Fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: response.Result = GossipValues.ReadBool(ref reader); break;
                case 1: response.Message = reader.ReadTextSpan(); break;
                case 2: response.Keys = EncodedList<TextElement>.ReadArray(ref reader); break;
                case 3: response.PrimaryKey = reader.ReadTextSpan(); break;
            }
        return response;
    }

    public readonly void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(4);
        writer.WriteKey("Keys"u8);
        Keys.WriteArray(ref writer);
        writer.WriteField("Message"u8, Message);
        writer.WriteField("PrimaryKey"u8, PrimaryKey);
        writer.WriteField("Result"u8, Result);
    }
}
