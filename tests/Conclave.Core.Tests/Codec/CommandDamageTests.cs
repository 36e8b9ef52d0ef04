using System.Buffers;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Core.Tests.Codec;

/// <summary>Typed commands that were cut, damaged or came in pieces.</summary>
public class CommandDamageTests
{
    private const long AllocatedPerByte = 100, AllocatedAtLeast = 64 * 1024;

    private static readonly RecordedCommand[] Typed = [.. RecordedCommands.Samples.Concat(RecordedCommands.Replay).Where(command => Decoders.ContainsKey((CommandType)command.Type))];

    private static Dictionary<CommandType, Action<ReadOnlyMemory<byte>>> Decoders => new()
    {
        [CommandType.Register] = body => CommandCodec.DecodeRegister(body),
        [CommandType.Deregister] = body => CommandCodec.DecodeDeregister(body),
        [CommandType.KVS] = body => CommandCodec.DecodeKv(body),
        [CommandType.Session] = body => CommandCodec.DecodeSession(body),
        [CommandType.Tombstone] = body => CommandCodec.DecodeTombstone(body),
        [CommandType.CoordinateBatchUpdate] = body => CommandCodec.DecodeCoordinates(body),
        [CommandType.Txn] = body => CommandCodec.DecodeTxn(body),
        [CommandType.Autopilot] = body => CommandCodec.DecodeAutopilot(body),
    };

    [Fact]
    public void Every_truncated_command_is_refused()
    {
        var decoders = Decoders;
        foreach (var command in Typed)
            for (int length = 0; length < command.Body.Length; length++)
                Assert.Throws<MsgPackException>(() => decoders[(CommandType)command.Type](command.Body[..length]));
    }

    [Fact]
    public void Every_damaged_byte_is_refused_or_another_command_without_runaway_memory()
    {
        var decoders = Decoders;
        int refused = 0;
        foreach (var command in Typed)
        {
            var bytes = command.Body.ToArray();
            for (int at = 0; at < bytes.Length; at++)
            {
                byte original = bytes[at];
                foreach (byte damage in (byte[])[(byte)(original ^ 1), (byte)~original, 0xc0, 0xc1, 0xdb, 0xdd, 0xdf])
                {
                    bytes[at] = damage;
                    if (!DecodeWithinBounds(decoders[(CommandType)command.Type], bytes)) refused++;
                }
                bytes[at] = original;
            }
        }
        Assert.True(refused > 10_000, $"only {refused} were refused");
    }

    [Fact]
    public void Registrations_in_pieces_are_read_the_same()
    {
        foreach (var command in Typed.Where(command => command.Type == (int)CommandType.Register))
        {
            var whole = CommandCodec.Encode(CommandCodec.DecodeRegister(command.Body));
            foreach (int size in (int[])[1, 3, 50])
            {
                var reader = new MsgPackReader(Pieces.OfSize(command.Body, size));
                Assert.Equal(whole, CommandCodec.Encode(RegisterRequestCodec.Read(ref reader)));
                Assert.True(reader.IsAtEnd);
            }
        }
    }

    [Fact]
    public void Bytes_after_a_command_are_ignored()
    {
        var command = CommandCodec.EncodeKv(KvOps.Set, "k"u8, new("v"u8.ToArray()), hasValue: true, 0, "", 0);
        byte[] longer = [.. command, 0xc1, 0xff];
        Assert.Equal("v"u8, CommandCodec.DecodeKv(longer.AsMemory(1)).Entry.Value.Span);
    }

    private static bool DecodeWithinBounds(Action<ReadOnlyMemory<byte>> decode, byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool valid = true;
        try
        {
            decode(bytes);
        }
        catch (MsgPackException)
        {
            valid = false;
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocatedAtLeast + bytes.Length * AllocatedPerByte);
        return valid;
    }
}
