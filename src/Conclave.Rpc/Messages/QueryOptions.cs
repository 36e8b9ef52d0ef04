using Conclave.Core.Codec;

namespace Conclave.Rpc.Messages;

/// <summary>What every read may ask for beside its question; on the wire the fields stand among those of the argument.</summary>
public readonly record struct QueryOptions
{
    /// <summary>Who asks, or empty.</summary>
    public string? Token { get; init; }

    /// <summary>Blocks until the index of the answer is greater; 0 for an answer at once.</summary>
    public ulong MinQueryIndex { get; init; }

    /// <summary>Longest block in nanoseconds; 0 for the default.</summary>
    public long MaxQueryTimeNanoseconds { get; init; }

    /// <summary>Any server may answer from what it has applied.</summary>
    public bool AllowStale { get; init; }

    /// <summary>A quorum must confirm the leader first.</summary>
    public bool RequireConsistent { get; init; }

    /// <summary>A stale answer may be this old, in nanoseconds since the server heard the leader; 0 for no bound.</summary>
    public long MaxStaleNanoseconds { get; init; }

    /// <summary>Condition on the rows of the answer, or empty.</summary>
    public string? Filter { get; init; }
}

/// <summary>What every answer to a read says beside the answer.</summary>
/// <param name="Index">Index to block on; at least 1.</param>
/// <param name="KnownLeader">The server knows who leads.</param>
/// <param name="LastContactNanoseconds">Time since the server heard the leader; 0 at the leader.</param>
public readonly record struct QueryMeta(ulong Index, bool KnownLeader, long LastContactNanoseconds)
{
    /// <summary>Takes the field that the reader stands at when it is one of these; else leaves the reader at its value.</summary>
    internal static bool TryTake(ref MsgPackReader reader, scoped ReadOnlySpan<byte> name, ref QueryMeta meta)
    {
        if (name.SequenceEqual("Index"u8)) meta = meta with { Index = reader.ReadUInt64() };
        else if (name.SequenceEqual("KnownLeader"u8)) meta = meta with { KnownLeader = reader.ReadBool() };
        else if (name.SequenceEqual("LastContact"u8)) meta = meta with { LastContactNanoseconds = reader.ReadInt64() };
        else return false;
        return true;
    }
}

/// <summary>
/// Writes a result's map: the fields of <see cref="QueryMeta"/> in their places among the result's own, for all names stand in the order of their bytes.
/// </summary>
/// <param name="meta">The values.</param>
/// <param name="ownFields">How many fields the result has of its own.</param>
internal ref struct MetaFields(QueryMeta meta, int ownFields)
{
    private const int FieldsOfMeta = 6;

    private int _next;

    public readonly void Begin(ref MsgPackWriter writer) => writer.WriteMapHeader(FieldsOfMeta + ownFields);

    /// <summary>Writes the fields that come before <paramref name="name"/>, and that name; its value must follow.</summary>
    public void Key(ref MsgPackWriter writer, ReadOnlySpan<byte> name)
    {
        while (_next < FieldsOfMeta && NameOf(_next).SequenceCompareTo(name) < 0) WriteNext(ref writer);
        writer.WriteKey(name);
    }

    /// <summary>Writes the fields that are left.</summary>
    public void End(ref MsgPackWriter writer)
    {
        while (_next < FieldsOfMeta) WriteNext(ref writer);
    }

    private void WriteNext(ref MsgPackWriter writer)
    {
        writer.WriteKey(NameOf(_next));
        switch (_next++)
        {
            case 0: writer.Write(0L); break;
            case 1: writer.Write(""); break;
            case 2: writer.Write(Math.Max(1, meta.Index)); break;
            case 3: writer.Write(meta.KnownLeader); break;
            case 4: writer.Write(meta.LastContactNanoseconds); break;
            default: writer.Write(false); break;
        }
    }

    private static ReadOnlySpan<byte> NameOf(int field) => field switch
    {
        0 => "Backend"u8,
        1 => "ConsistencyLevel"u8,
        2 => "Index"u8,
        3 => "KnownLeader"u8,
        4 => "LastContact"u8,
        _ => "NotModified"u8,
    };
}
