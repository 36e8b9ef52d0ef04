using Conclave.Core;
using Conclave.State;

namespace Conclave.Fuzz.Targets;

/// <summary>A snapshot's state stream: refused, or the restored state written again restores to the same bytes.</summary>
internal static class StateStreamTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        byte[] first;
        try
        {
            first = Write(Restore(data));
        }
        catch (SnapshotException)
        {
            return;
        }
        Promise.Holds(first.AsSpan().SequenceEqual(Write(Restore(first))), "a written state restores to the same state");
    }

    internal static StateRoot Restore(ReadOnlySpan<byte> state)
    {
        using var reader = new SnapshotReader();
        reader.Read(state);
        return reader.Complete();
    }

    internal static byte[] Write(StateRoot root)
    {
        using var output = new PooledBuffer();
        var writer = new SnapshotWriter(root);
        while (writer.Write(output)) { }
        return output.ToArray();
    }
}
