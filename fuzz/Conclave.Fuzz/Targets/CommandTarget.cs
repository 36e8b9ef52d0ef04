using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Fuzz.Targets;

/// <summary>A log command: what decodes can be encoded, and the encoded form decodes to the same bytes again.</summary>
internal static class CommandTarget
{
    public static void Run(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return;
        byte[]? first;
        try
        {
            first = Recode(data.ToArray());
        }
        catch (MsgPackException)
        {
            return;
        }
        if (first is null) return;
        var second = Recode(first);
        Promise.Holds(second is not null && first.AsSpan().SequenceEqual(second), "an encoded command stays the same");
    }

    private static byte[]? Recode(byte[] command)
    {
        var body = command.AsMemory(1);
        switch ((CommandType)(command[0] & ~CommandCodec.Ignorable))
        {
            case CommandType.Register: return CommandCodec.Encode(CommandCodec.DecodeRegister(body));
            case CommandType.Deregister: return CommandCodec.Encode(CommandCodec.DecodeDeregister(body));
            case CommandType.KVS: return RecodeKv(body);
            case CommandType.Session: return CommandCodec.Encode(CommandCodec.DecodeSession(body));
            case CommandType.Tombstone: return CommandCodec.Encode(CommandCodec.DecodeTombstone(body));
            case CommandType.CoordinateBatchUpdate: return CommandCodec.Encode(CommandCodec.DecodeCoordinates(body));
            case CommandType.Txn: return CommandCodec.Encode(CommandCodec.DecodeTxn(body));
            case CommandType.Autopilot:
                var (config, cas) = CommandCodec.DecodeAutopilot(body);
                return CommandCodec.Encode(config, cas);
            default: return null;
        }
    }

    private static byte[] RecodeKv(ReadOnlyMemory<byte> body)
    {
        var request = CommandCodec.DecodeKv(body);
        var entry = request.Entry;
        // The direct form has no datacenter and starts with fresh indexes; everything else must come out the same.
        var plain = new KvRequest { Op = request.Op, Entry = new() { Key = entry.Key, Value = entry.Value, HasValue = entry.HasValue, Flags = entry.Flags, Session = entry.Session, ModifyIndex = entry.ModifyIndex } };
        var direct = CommandCodec.EncodeKv(request.Op, entry.Key, new(entry.Value), entry.HasValue, entry.Flags, entry.Session, entry.ModifyIndex);
        Promise.Holds(direct.AsSpan().SequenceEqual(CommandCodec.Encode(plain)), "both ways of encoding a key command agree");
        return CommandCodec.Encode(request);
    }
}
