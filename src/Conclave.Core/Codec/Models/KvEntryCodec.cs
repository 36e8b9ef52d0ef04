using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A key with its value (<c>DirEnt</c>): requests, transactions and snapshot records.</summary>
public static class KvEntryCodec
{
    /// <summary>Writes the entry.</summary>
    public static void Write(ref MsgPackWriter writer, KvEntry entry)
    {
        writer.WriteMapHeader(7);
        writer.WriteField("CreateIndex"u8, entry.CreateIndex);
        writer.WriteField("Flags"u8, entry.Flags);
        writer.WriteField("Key"u8, entry.Key);
        writer.WriteField("LockIndex"u8, entry.LockIndex);
        writer.WriteField("ModifyIndex"u8, entry.ModifyIndex);
        writer.WriteField("Session"u8, entry.Session);
        writer.WriteKey("Value"u8);
        if (entry.HasValue) writer.Write(entry.Value.Span);
        else writer.WriteNil();
    }

    /// <summary>Reads an entry; missing fields are zero, unknown ones ignored. The value is a slice of the input if the reader was made over memory, else a copy.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static KvEntry Read(ref MsgPackReader reader)
    {
        byte[] name = [];
        ReadOnlyMemory<byte> value = default;
        bool hasValue = false;
        ulong flags = 0, lockIndex = 0, created = 0, modified = 0;
        string session = "";
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("Flags"u8)) flags = reader.ReadUInt64();
            else if (key.SequenceEqual("Key"u8)) name = reader.ReadTextSpan().ToArray();
            else if (key.SequenceEqual("LockIndex"u8)) lockIndex = reader.ReadUInt64();
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("Session"u8)) session = reader.ReadText();
            else if (key.SequenceEqual("Value"u8)) hasValue = reader.TryReadMemory(out value);
            else reader.Skip();
        }
        return new KvEntry
        {
            Key = name,
            Value = value,
            HasValue = hasValue,
            Flags = flags,
            Session = session,
            LockIndex = lockIndex,
            CreateIndex = created,
            ModifyIndex = modified,
        };
    }
}
