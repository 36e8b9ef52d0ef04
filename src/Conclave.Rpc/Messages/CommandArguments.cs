using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;

namespace Conclave.Rpc.Messages;

/// <summary>The argument of a method that changes something: the command's body as it will be logged, except for the token, which never gets there.</summary>
public static class CommandArguments
{
    private static readonly byte[] s_noText = [0xa0];

    /// <summary>Turns an argument into a command: type byte and body, the token blanked. The rest is copied as it arrived; whether it can be applied is the leader's to judge.</summary>
    /// <param name="type">Type byte.</param>
    /// <param name="argument">The argument.</param>
    /// <param name="datacenter">Datacenter that it is meant for; empty for the receiver's.</param>
    /// <exception cref="MsgPackException">Not a map.</exception>
    public static byte[] ToCommand(CommandType type, ReadOnlySpan<byte> argument, out string datacenter)
    {
        var reader = new MsgPackReader(argument);
        datacenter = "";
        int tokenAt = 0, tokenBytes = 0;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Token"u8)) (tokenAt, tokenBytes) = Locate(ref reader, tokenBytes);
            else reader.Skip(acceptExtensions: true);
        }
        argument = argument[..(int)reader.Offset];
        return tokenBytes == 0 ? Join(type, argument, default, default) : Join(type, argument[..tokenAt], s_noText, argument[(tokenAt + tokenBytes)..]);
    }

    /// <summary>The method that carries out a command of this type at another server, or empty when none does.</summary>
    public static ReadOnlySpan<byte> MethodOf(CommandType type) => type switch
    {
        CommandType.Register => "Catalog.Register"u8,
        CommandType.Deregister => "Catalog.Deregister"u8,
        CommandType.KVS => "KVS.Apply"u8,
        CommandType.Session => "Session.Apply"u8,
        CommandType.Txn => "Txn.Apply"u8,
        CommandType.CoordinateBatchUpdate => "Coordinate.Update"u8,
        CommandType.Autopilot => "Operator.AutopilotSetConfiguration"u8,
        _ => default,
    };

    /// <summary>Reads the argument of <c>Coordinate.Update</c>.</summary>
    /// <exception cref="MsgPackException">Malformed.</exception>
    public static CoordinateEntry ReadCoordinate(ReadOnlySpan<byte> argument, out string datacenter)
    {
        var reader = new MsgPackReader(argument);
        string node = "", segment = "";
        datacenter = "";
        Coordinate? coordinate = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
        {
            var key = reader.ReadKey();
            if (key.SequenceEqual("Node"u8)) node = reader.ReadText();
            else if (key.SequenceEqual("Segment"u8)) segment = reader.ReadText();
            else if (key.SequenceEqual("Datacenter"u8)) datacenter = reader.ReadText();
            else if (key.SequenceEqual("Coord"u8)) coordinate = reader.TryReadNil() ? null : CoordinateCodec.ReadCoordinate(ref reader);
            else reader.Skip(acceptExtensions: true);
        }
        return new CoordinateEntry(node, segment, coordinate ?? new Coordinate([], 0, 0, 0));
    }

    /// <summary>The argument of <c>Txn.Read</c>.</summary>
    public static byte[] OfTxnRead(string datacenter, IReadOnlyList<TxnOp> operations, in QueryOptions options)
    {
        using var buffer = new PooledBuffer(512);
        var writer = new MsgPackWriter(buffer);
        writer.WriteMapHeader(5);
        writer.WriteField("AllowStale"u8, options.AllowStale);
        writer.WriteField("Datacenter"u8, datacenter);
        writer.WriteKey("Ops"u8);
        writer.WriteArrayHeader(operations.Count);
        for (int i = 0; i < operations.Count; i++) TxnOpCodec.Write(ref writer, operations[i]);
        writer.WriteField("RequireConsistent"u8, options.RequireConsistent);
        writer.WriteField("Token"u8, options.Token);
        writer.Flush();
        return buffer.ToArray();
    }

    /// <summary>Writes the argument of <c>Coordinate.Update</c>.</summary>
    public static void WriteCoordinate(ref MsgPackWriter writer, CoordinateEntry entry, string datacenter)
    {
        writer.WriteMapHeader(5);
        writer.WriteKey("Coord"u8);
        CoordinateCodec.Write(ref writer, entry.Coord);
        writer.WriteField("Datacenter"u8, datacenter);
        writer.WriteField("Node"u8, entry.Node);
        writer.WriteField("Segment"u8, entry.Segment);
        writer.WriteField("Token"u8, "");
    }

    // Of a field that comes twice both would have to go, so that is refused.
    private static (int At, int Bytes) Locate(ref MsgPackReader reader, int before)
    {
        if (before > 0) MsgPackException.Throw("two tokens", reader.Offset);
        int at = (int)reader.Offset;
        reader.ReadTextSpan();
        return (at, (int)reader.Offset - at);
    }

    private static byte[] Join(CommandType type, ReadOnlySpan<byte> before, ReadOnlySpan<byte> token, ReadOnlySpan<byte> after)
    {
        byte[] command = new byte[1 + before.Length + token.Length + after.Length];
        command[0] = (byte)type;
        before.CopyTo(command.AsSpan(1));
        token.CopyTo(command.AsSpan(1 + before.Length));
        after.CopyTo(command.AsSpan(1 + before.Length + token.Length));
        return command;
    }
}
