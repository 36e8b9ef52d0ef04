using System.Buffers.Binary;
using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.State;

namespace Conclave.Fuzz.Targets;

/// <summary>
/// A log: commands behind their length in two bytes. Whatever they hold, applying them refuses or succeeds, two states that saw the same commands are
/// equal, and a snapshot of them is complete.
/// </summary>
internal static class ApplyTarget
{
    private const int CommandsMax = 64;

    public static void Run(ReadOnlySpan<byte> data)
    {
        var state = StateStreamTarget.Write(Apply(data));
        Promise.Holds(state.AsSpan().SequenceEqual(StateStreamTarget.Write(Apply(data))), "the same commands give the same state");
        Promise.Holds(state.AsSpan().SequenceEqual(StateStreamTarget.Write(StateStreamTarget.Restore(state))), "a snapshot restores to the same state");
    }

    /// <summary>Puts commands into the form that <see cref="Run"/> reads.</summary>
    public static byte[] Pack(IEnumerable<byte[]> commands)
    {
        var packed = new List<byte>();
        foreach (var command in commands.Where(command => command.Length <= ushort.MaxValue))
        {
            packed.Add((byte)(command.Length >> 8));
            packed.Add((byte)command.Length);
            packed.AddRange(command);
        }
        return [.. packed];
    }

    private static StateRoot Apply(ReadOnlySpan<byte> data)
    {
        var applier = new CommandApplier(new StateRoot());
        for (ulong index = 1; index <= CommandsMax && data.Length >= 2; index++)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(data), data.Length - 2);
            ApplyOne(applier, new LogIndex(index), data.Slice(2, length).ToArray());
            data = data[(2 + length)..];
        }
        return applier.Publish(out _);
    }

    private static void ApplyOne(CommandApplier applier, LogIndex index, byte[] command)
    {
        try
        {
            applier.Apply(index, command);
        }
        catch (Exception e) when (e is MsgPackException or UnknownCommandException)
        {
            applier.Skip(index);                                     // documented to have changed nothing
        }
    }
}
