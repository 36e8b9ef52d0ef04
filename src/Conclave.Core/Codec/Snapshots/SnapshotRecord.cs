using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>
/// One record of a snapshot's state stream. Which of the typed members is set depends on <see cref="Type"/>; records of kinds this build does not
/// act on keep their bytes in <see cref="Opaque"/>, so that they survive being written again. Nothing in it refers to the input.
/// </summary>
public readonly struct SnapshotRecord
{
    private readonly object? _value;

    private SnapshotRecord(CommandType type, object? value, ulong index = 0)
    {
        Type = type;
        _value = value;
        Index = index;
    }

    /// <summary>Kind of the record.</summary>
    public CommandType Type { get; }

    /// <summary><see cref="CommandType.Register"/>: a node (no service, no check), a service instance or a check. The outer indexes are the node's.</summary>
    public RegisterRequest? Register => _value as RegisterRequest;

    /// <summary><see cref="CommandType.KVS"/>: a key.</summary>
    public KvEntry? Kv => Type == CommandType.KVS ? (KvEntry?)_value : null;

    /// <summary><see cref="CommandType.Session"/>: a session.</summary>
    public Session? Session => _value as Session;

    /// <summary><see cref="CommandType.Tombstone"/>: only key and <see cref="KvEntry.ModifyIndex"/> count.</summary>
    public KvEntry? Tombstone => Type == CommandType.Tombstone ? (KvEntry?)_value : null;

    /// <summary><see cref="CommandType.CoordinateBatchUpdate"/>: coordinates, usually one.</summary>
    public IReadOnlyList<CoordinateEntry>? Coordinates => _value as IReadOnlyList<CoordinateEntry>;

    /// <summary><see cref="CommandType.Autopilot"/>: the configuration.</summary>
    public AutopilotConfig? Autopilot => _value as AutopilotConfig;

    /// <summary><see cref="CommandType.Index"/>: name of a table or of a part of one; its last index is <see cref="Index"/>.</summary>
    public string? IndexKey => _value as string;

    /// <summary><see cref="CommandType.Index"/>: the last index of <see cref="IndexKey"/>.</summary>
    public ulong Index { get; }

    /// <summary><see cref="CommandType.ChunkingState"/>: unfinished large commands.</summary>
    public ChunkState? Chunks => _value as ChunkState;

    /// <summary>The MessagePack value of a record of any other kind; null for the kinds above.</summary>
    public byte[]? Opaque => _value as byte[];

    /// <summary>A node, a service instance or a check.</summary>
    public static SnapshotRecord Of(RegisterRequest register) => new(CommandType.Register, register);

    /// <summary>A key.</summary>
    public static SnapshotRecord Of(KvEntry entry) => new(CommandType.KVS, entry);

    /// <summary>A session.</summary>
    public static SnapshotRecord Of(Session session) => new(CommandType.Session, session);

    /// <summary>A tombstone.</summary>
    public static SnapshotRecord OfTombstone(byte[] key, ulong index) => new(CommandType.Tombstone, new KvEntry { Key = key, ModifyIndex = index });

    /// <summary>Coordinates.</summary>
    public static SnapshotRecord Of(IReadOnlyList<CoordinateEntry> coordinates) => new(CommandType.CoordinateBatchUpdate, coordinates);

    /// <summary>Autopilot's configuration.</summary>
    public static SnapshotRecord Of(AutopilotConfig config) => new(CommandType.Autopilot, config);

    /// <summary>The last index of a table or of a part of one.</summary>
    public static SnapshotRecord OfIndex(string key, ulong index) => new(CommandType.Index, key, index);

    /// <summary>Unfinished large commands.</summary>
    public static SnapshotRecord Of(ChunkState chunks) => new(CommandType.ChunkingState, chunks);

    /// <summary>A record of a kind that is kept as it came.</summary>
    public static SnapshotRecord OfOpaque(CommandType type, byte[] value) => new(type, value);

    internal static SnapshotRecord OfTombstone(KvEntry entry) => new(CommandType.Tombstone, entry);
}
