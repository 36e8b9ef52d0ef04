using System.Buffers;
using System.Text;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Core.Tests.Codec;

public class CommandCodecTests
{
    [Fact]
    public void Recorded_commands_are_encoded_again_byte_for_byte()
    {
        int typed = 0;
        foreach (var command in RecordedCommands.Samples.Concat(RecordedCommands.Replay))
        {
            if (DecodeAndEncode(command) is not { } again) continue;
            Assert.Equal(Normalised(command.Bytes), again);
            typed++;
        }
        Assert.True(typed >= 67, $"only {typed} typed commands were found");
    }

    [Fact]
    public void Direct_key_encoding_equals_that_of_a_request()
    {
        var value = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(new string('v', 70_000)));
        foreach (int length in (int[])[0, 31, 32, 255, 65_535, 65_536])
        foreach (ulong number in (ulong[])[0, 127, 128, 65_535, 65_536, ulong.MaxValue])
        {
            var part = value.Slice(0, length);
            var request = new KvRequest { Op = KvOps.Cas, Entry = new() { Key = "kéy"u8.ToArray(), Value = part.ToArray(), HasValue = true, Flags = number, Session = "s", ModifyIndex = number } };
            Assert.Equal(CommandCodec.Encode(request), CommandCodec.EncodeKv(KvOps.Cas, "kéy"u8, part, hasValue: true, number, "s", number));
        }
    }

    [Fact]
    public void Direct_key_encoding_allocates_its_result_and_nothing_else()
    {
        var value = new ReadOnlySequence<byte>(new byte[1000]);
        int size = CommandCodec.EncodeKv(KvOps.Set, "key"u8, value, hasValue: true, 0, "", 0).Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) CommandCodec.EncodeKv(KvOps.Set, "key"u8, value, hasValue: true, 0, "", 0);
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        Assert.InRange(each, size, size + 32);
    }

    [Fact]
    public void Decoded_value_is_a_slice_of_the_body()
    {
        var command = CommandCodec.EncodeKv(KvOps.Set, "key"u8, new("value"u8.ToArray()), hasValue: true, 7, "", 0);
        var request = CommandCodec.DecodeKv(command.AsMemory(1));
        Assert.True(command.AsSpan().Overlaps(request.Entry.Value.Span));
        Assert.Equal("value", Encoding.UTF8.GetString(request.Entry.Value.Span));
        Assert.Equal(7UL, request.Entry.Flags);
    }

    [Fact]
    public void Nil_value_and_empty_value_stay_different()
    {
        var nil = CommandCodec.EncodeKv(KvOps.Set, "k"u8, default, hasValue: false, 0, "", 0);
        var empty = CommandCodec.EncodeKv(KvOps.Set, "k"u8, default, hasValue: true, 0, "", 0);
        Assert.False(CommandCodec.DecodeKv(nil.AsMemory(1)).Entry.HasValue);
        Assert.True(CommandCodec.DecodeKv(empty.AsMemory(1)).Entry.HasValue);
    }

    [Fact]
    public void Tokens_never_reach_a_command()
    {
        const string Secret = "5ec4e7-t0ken";
        byte[][] commands =
        [
            CommandCodec.Encode(new KvRequest { Op = KvOps.Set, Entry = new() { Key = "k"u8.ToArray() }, Token = Secret }),
            CommandCodec.Encode(new RegisterRequest { Node = "n", Token = Secret }),
            CommandCodec.Encode(new DeregisterRequest { Node = "n", Token = Secret }),
            CommandCodec.Encode(new SessionRequest { Op = "create", Session = new(), Token = Secret }),
            CommandCodec.Encode(new TxnRequest { Ops = [], Token = Secret }),
        ];
        foreach (var command in commands) Assert.Equal(-1, command.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)));
    }

    [Fact]
    public void Mesh_settings_survive_and_zero_ones_become_null()
    {
        var proxy = new MsgPackMap { Fields = [new("Mode", (ReadOnlyMemory<byte>)"direct"u8.ToArray()), new("Upstreams", null)] };
        var command = CommandCodec.Encode(new RegisterRequest { Node = "n", Service = new() { Id = "web", Proxy = proxy } });
        var service = CommandCodec.DecodeRegister(command.AsMemory(1)).Service!;
        Assert.Equal(["Mode", "Upstreams"], service.Proxy!.Fields.Select(field => field.Key));
        Assert.Null(service.Connect);
    }

    [Fact]
    public void Missing_fields_are_zero_and_unknown_ones_ignored()
    {
        byte[] body = [0x82, 0xa4, .. "Node"u8, 0xa1, .. "n"u8, 0xa3, .. "New"u8, 0x92, 0x80, 0xc0];
        var request = CommandCodec.DecodeRegister(body);
        Assert.Equal("n", request.Node);
        Assert.Equal("", request.Address);
        Assert.Null(request.Service);
    }

    // What a body would be with its token blanked and its real maps sorted: the liberties the encoder takes. Autopilot's typed form has no datacenter besides.
    private static byte[] Normalised(byte[] command)
    {
        var reader = new MsgPackReader(command.AsSpan(1));
        object? tree = WithBlank("Token", MsgPackTree.ReadValue(ref reader));
        if (command[0] == (byte)CommandType.Autopilot) tree = WithBlank("Datacenter", tree);
        using var buffer = new PooledBuffer();
        var writer = new MsgPackWriter(buffer);
        MsgPackTree.WriteValue(ref writer, Sorted(tree));
        writer.Flush();
        return [command[0], .. buffer.WrittenSpan];
    }

    private static object? WithBlank(string name, object? tree) => tree is not MsgPackMap map
        ? tree
        : new MsgPackMap { Fields = [.. map.Fields.Select(f => f.Key == name ? new(f.Key, (ReadOnlyMemory<byte>)default) : f)] };

    private static object? Sorted(object? tree) => tree switch
    {
        MsgPackMap map => new MsgPackMap { Fields = [.. map.Fields.OrderBy(f => f.Key, Utf8Order.Instance).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))] },
        IReadOnlyList<object?> list => list.Select(Sorted).ToList(),
        _ => tree,
    };

    private static byte[]? DecodeAndEncode(RecordedCommand command) => (CommandType)command.Type switch
    {
        CommandType.Register => CommandCodec.Encode(CommandCodec.DecodeRegister(command.Body)),
        CommandType.Deregister => CommandCodec.Encode(CommandCodec.DecodeDeregister(command.Body)),
        CommandType.KVS => CommandCodec.Encode(CommandCodec.DecodeKv(command.Body)),
        CommandType.Session => CommandCodec.Encode(CommandCodec.DecodeSession(command.Body)),
        CommandType.Tombstone => CommandCodec.Encode(CommandCodec.DecodeTombstone(command.Body)),
        CommandType.CoordinateBatchUpdate => CommandCodec.Encode(CommandCodec.DecodeCoordinates(command.Body)),
        CommandType.Txn => CommandCodec.Encode(CommandCodec.DecodeTxn(command.Body)),
        CommandType.Autopilot => CommandCodec.DecodeAutopilot(command.Body) is var (config, cas) ? CommandCodec.Encode(config, cas) : null,
        _ => null,
    };
}
