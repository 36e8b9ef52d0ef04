using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>What a log entry is.</summary>
public enum RaftEntryType : byte
{
    /// <summary>A command for the state machine; never empty.</summary>
    Command = 0,

    /// <summary>First entry of a new leader, without data.</summary>
    Noop = 1,

    /// <summary>Membership of versions before 2; found in ancient logs only.</summary>
    AddPeer = 2,

    /// <summary>As <see cref="AddPeer"/>.</summary>
    RemovePeer = 3,

    /// <summary>Applied as nothing, without data.</summary>
    Barrier = 4,

    /// <summary>The complete list of servers.</summary>
    Configuration = 5,
}

/// <summary>A log entry as it travels.</summary>
public readonly struct RaftEntry
{
    private static readonly FieldNames s_fields = new("Index", "Term", "Type", "Data", "Extensions", "AppendedAt");

    /// <summary>Place in the log, from 1.</summary>
    public ulong Index { get; init; }

    /// <summary>Term in which a leader appended it.</summary>
    public ulong Term { get; init; }

    /// <summary>What it is; other numbers than the named ones are possible and refused by who appends.</summary>
    public RaftEntryType Type { get; init; }

    /// <summary>The command or configuration; nil without one.</summary>
    public WireBytes Data { get; init; }

    /// <summary>Set on parts of a command that was cut in pieces.</summary>
    public WireBytes Extensions { get; init; }

    /// <summary>The leader's wall clock at the first append, for information; null from peers that do not tell.</summary>
    public MsgPackTime? AppendedAt { get; init; }

    internal static RaftEntry Read(ref MsgPackReader reader)
    {
        ulong index = 0, term = 0, type = 0;
        WireBytes data = default, extensions = default;
        MsgPackTime? appendedAt = null;
        var fields = new FieldReader(ref reader, s_fields);
        while (fields.TryNext(ref reader, out int field))
            switch (field)
            {
                case 0: index = reader.ReadUInt64(); break;
                case 1: term = reader.ReadUInt64(); break;
                case 2: type = reader.ReadUInt64(); break;
                case 3: data = WireBytes.Read(ref reader); break;
                case 4: extensions = WireBytes.Read(ref reader); break;
                case 5: appendedAt = reader.TryReadNil() ? null : reader.ReadTime(); break;
            }
        if (type > byte.MaxValue) MsgPackException.Throw($"{type} is no type of a log entry", reader.Offset);
        return new() { Index = index, Term = term, Type = (RaftEntryType)type, Data = data, Extensions = extensions, AppendedAt = appendedAt };
    }

    internal void Write(ref MsgPackWriter writer)
    {
        writer.WriteMapHeader(AppendedAt is null ? 5 : 6);
        if (AppendedAt is { } time)
        {
            writer.WriteKey("AppendedAt"u8);
            writer.Write(time);
        }
        Data.WriteField(ref writer, "Data"u8);
        Extensions.WriteField(ref writer, "Extensions"u8);
        writer.WriteField("Index"u8, Index);
        writer.WriteField("Term"u8, Term);
        writer.WriteField("Type"u8, (ulong)Type);
    }
}
