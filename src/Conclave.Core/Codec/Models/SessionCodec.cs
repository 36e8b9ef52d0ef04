using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>A session: requests and snapshot records.</summary>
public static class SessionCodec
{
    private static readonly KnownTexts Behaviors = new("release", "delete");

    /// <summary>Writes the session.</summary>
    public static void Write(ref MsgPackWriter writer, Session session)
    {
        writer.WriteMapHeader(11);
        writer.WriteField("Behavior"u8, session.Behavior);
        writer.WriteField("Checks"u8, session.Checks);
        writer.WriteField("CreateIndex"u8, session.CreateIndex);
        writer.WriteField("ID"u8, session.Id);
        writer.WriteField("LockDelay"u8, session.LockDelayNanoseconds);
        writer.WriteField("ModifyIndex"u8, session.ModifyIndex);
        writer.WriteField("Name"u8, session.Name);
        writer.WriteField("Node"u8, session.Node);
        writer.WriteField("NodeChecks"u8, session.NodeChecks);
        writer.WriteKey("ServiceChecks"u8);
        WriteServiceChecks(ref writer, session.ServiceChecks);
        writer.WriteField("TTL"u8, session.Ttl);
    }

    /// <summary>Reads a session; missing fields are zero, unknown ones ignored.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static Session Read(ref MsgPackReader reader)
    {
        string id = "", name = "", node = "", behavior = "", ttl = "";
        IReadOnlyList<string>? nodeChecks = null, checks = null;
        IReadOnlyList<SessionServiceCheck>? serviceChecks = null;
        long lockDelay = 0;
        ulong created = 0, modified = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Behavior"u8)) behavior = Behaviors.Read(ref reader);
            else if (key.SequenceEqual("Checks"u8)) checks = MsgPackCollections.ReadTexts(ref reader);
            else if (key.SequenceEqual("CreateIndex"u8)) created = reader.ReadUInt64();
            else if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("LockDelay"u8)) lockDelay = reader.ReadInt64();
            else if (key.SequenceEqual("ModifyIndex"u8)) modified = reader.ReadUInt64();
            else if (key.SequenceEqual("Name"u8)) name = reader.ReadText();
            else if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("NodeChecks"u8)) nodeChecks = MsgPackCollections.ReadTexts(ref reader);
            else if (key.SequenceEqual("ServiceChecks"u8)) serviceChecks = MsgPackCollections.ReadList(ref reader, ReadServiceCheck);
            else if (key.SequenceEqual("TTL"u8)) ttl = reader.ReadText();
            else reader.Skip();
        }
        return new Session
        {
            Id = id,
            Name = name,
            Node = node,
            NodeChecks = nodeChecks,
            ServiceChecks = serviceChecks,
            Checks = checks,
            LockDelayNanoseconds = lockDelay,
            Behavior = behavior,
            Ttl = ttl,
            CreateIndex = created,
            ModifyIndex = modified,
        };
    }

    private static void WriteServiceChecks(ref MsgPackWriter writer, IReadOnlyList<SessionServiceCheck>? checks)
    {
        if (checks is null)
        {
            writer.WriteNil();
            return;
        }
        writer.WriteArrayHeader(checks.Count);
        for (int i = 0; i < checks.Count; i++)
        {
            writer.WriteMapHeader(2);
            writer.WriteField("ID"u8, checks[i].Id);
            writer.WriteField("Namespace"u8, checks[i].Namespace);
        }
    }

    private static SessionServiceCheck ReadServiceCheck(ref MsgPackReader reader)
    {
        string id = "", space = "";
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("ID"u8)) id = reader.ReadText();
            else if (key.SequenceEqual("Namespace"u8)) space = reader.ReadText();
            else reader.Skip();
        }
        return new(id, space);
    }
}
