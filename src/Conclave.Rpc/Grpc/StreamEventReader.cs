using Conclave.Core.Model;

namespace Conclave.Rpc.Grpc;

/// <summary>Reads the events of a subscription.</summary>
public static class StreamEventReader
{
    /// <summary>Longest message that is taken: as long as peers take and send.</summary>
    public const int MessageBytesMax = 4 << 20;

    /// <summary>Most rows, checks, list elements and map entries of one message.</summary>
    public const int ObjectsPerMessageMax = 100_000;

    /// <summary>Reads a message; changes are added to <paramref name="into"/>. What is not known is passed over.</summary>
    /// <exception cref="RpcFormatException">Malformed.</exception>
    public static StreamEvent Read(ReadOnlySpan<byte> message, List<StreamedChange> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        return Read(message, into, new ProtoBudget(ObjectsPerMessageMax), isInBatch: false);
    }

    private static StreamEvent Read(ReadOnlySpan<byte> message, List<StreamedChange> into, ProtoBudget budget, bool isInBatch)
    {
        ulong index = 0;
        var kind = StreamEventKind.Nothing;
        ReadOnlySpan<byte> health = default, batch = default;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Varint): index = reader.ReadVarint(); break;
                case (2, ProtoWire.Varint): kind = reader.ReadBool() ? StreamEventKind.EndOfSnapshot : kind; break;
                case (3, ProtoWire.Varint): kind = reader.ReadBool() ? StreamEventKind.NewSnapshotToFollow : kind; break;
                case (4, ProtoWire.Bytes) when !isInBatch:
                    kind = StreamEventKind.Changes;
                    batch = reader.ReadBytes();
                    break;
                case (10, ProtoWire.Bytes):
                    kind = StreamEventKind.Changes;
                    health = reader.ReadBytes();
                    break;
                default: reader.Skip(wire); break;
            }
        // The index may lie behind what it belongs to.
        if (!health.IsEmpty) ReadHealth(health, index, into, budget);
        if (!batch.IsEmpty) ReadBatch(batch, into, budget);
        return new StreamEvent(kind, index);
    }

    private static void ReadBatch(ReadOnlySpan<byte> message, List<StreamedChange> into, ProtoBudget budget)
    {
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            if (field == 1 && wire == ProtoWire.Bytes) Read(reader.ReadBytes(), into, budget, isInBatch: true);
            else reader.Skip(wire);
    }

    private static void ReadHealth(ReadOnlySpan<byte> message, ulong index, List<StreamedChange> into, ProtoBudget budget)
    {
        ulong op = 0;
        ReadOnlySpan<byte> row = default;
        var reader = new ProtoReader(message);
        while (reader.TryNext(out int field, out var wire))
            switch (field, wire)
            {
                case (1, ProtoWire.Varint): op = reader.ReadVarint(); break;
                case (2, ProtoWire.Bytes): row = reader.ReadBytes(); break;
                default: reader.Skip(wire); break;
            }
        if (op > 1) throw new RpcFormatException($"protobuf: a change of an unknown kind: {op}");
        into.Add(new StreamedChange(index, ProtoCatalogReader.ReadInstance(row, budget), IsGone: op == 1, row.Length));
    }
}

/// <summary>What a message of a subscription says.</summary>
public enum StreamEventKind
{
    /// <summary>Nothing that is known.</summary>
    Nothing,

    /// <summary>Instances were registered, changed or taken out; or, before the end of the snapshot, are there.</summary>
    Changes,

    /// <summary>All instances were told: changes follow.</summary>
    EndOfSnapshot,

    /// <summary>What the subscriber knows is of no use any more: everything follows anew.</summary>
    NewSnapshotToFollow,
}

/// <summary>A message of a subscription.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Index">Raft index that it bears.</param>
public readonly record struct StreamEvent(StreamEventKind Kind, ulong Index);

/// <summary>An instance as a message tells it.</summary>
/// <param name="Index">Raft index of the change.</param>
/// <param name="Instance">As it is now; of one that was taken out only node and service are named.</param>
/// <param name="IsGone">Whether it was taken out.</param>
/// <param name="Bytes">Its length on the wire.</param>
public readonly record struct StreamedChange(ulong Index, CheckServiceNode Instance, bool IsGone, int Bytes);
