using Conclave.Core.Model;

namespace Conclave.Rpc.Grpc;

/// <summary>Writes the events of a subscription, each as one message with its prefix.</summary>
public static class StreamEvents
{
    private const int IndexField = 1, EndOfSnapshotField = 2, NewSnapshotField = 3, BatchField = 4, HealthField = 10;
    private const ulong DeregisterOp = 1;

    /// <summary>All instances were told: changes follow.</summary>
    public static void WriteEndOfSnapshot(ProtoWriter writer, ulong index)
    {
        int begun = GrpcFraming.Begin(writer);
        writer.Write(IndexField, index);
        writer.Write(EndOfSnapshotField, true);
        GrpcFraming.End(writer, begun);
    }

    /// <summary>What the subscriber knows is of no use any more: everything follows anew.</summary>
    public static void WriteNewSnapshotToFollow(ProtoWriter writer)
    {
        int begun = GrpcFraming.Begin(writer);
        writer.Write(NewSnapshotField, true);
        GrpcFraming.End(writer, begun);
    }

    /// <summary>One instance as it is now.</summary>
    public static void WriteInstance(ProtoWriter writer, ulong index, in CheckServiceNode instance, string datacenter)
    {
        int begun = GrpcFraming.Begin(writer);
        WriteHealth(writer, new InstanceChange(index, instance, IsGone: false), datacenter);
        GrpcFraming.End(writer, begun);
    }

    /// <summary>Changes of one index: one alone, several as a batch.</summary>
    public static void WriteChanges(ProtoWriter writer, ReadOnlySpan<InstanceChange> changes, string datacenter)
    {
        int begun = GrpcFraming.Begin(writer);
        if (changes.Length == 1) WriteHealth(writer, changes[0], datacenter);
        else
        {
            writer.Write(IndexField, changes[0].Index);
            int batch = writer.Begin(BatchField);
            foreach (var change in changes)
            {
                int inner = writer.Begin(1);
                WriteHealth(writer, change, datacenter);
                writer.End(inner);
            }
            writer.End(batch);
        }
        GrpcFraming.End(writer, begun);
    }

    private static void WriteHealth(ProtoWriter writer, in InstanceChange change, string datacenter)
    {
        writer.Write(IndexField, change.Index);
        int health = writer.Begin(HealthField);
        if (change.IsGone) writer.Write(1, DeregisterOp);
        int row = writer.Begin(2);
        if (change.IsGone) ProtoCatalog.WriteGone(writer, change.Instance);
        else ProtoCatalog.WriteInstance(writer, change.Instance, datacenter);
        writer.End(row);
        writer.End(health);
    }
}

/// <summary>An instance of a service that was registered, changed or taken out.</summary>
/// <param name="Index">Raft index of the change.</param>
/// <param name="Instance">As it is now, or as it last was.</param>
/// <param name="IsGone">Whether it was taken out.</param>
public readonly record struct InstanceChange(ulong Index, CheckServiceNode Instance, bool IsGone);
