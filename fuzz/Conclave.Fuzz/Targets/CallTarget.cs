using Conclave.Core;
using Conclave.Core.Codec;
using Conclave.Core.Model;
using Conclave.Rpc.Calls;
using Conclave.Rpc.Messages;

namespace Conclave.Fuzz.Targets;

/// <summary>A call or a reply: header and body are found, arguments of every kind are read or refused, and a token never gets into a command.</summary>
internal static class CallTarget
{
    private static readonly CommandType[] s_types = [CommandType.KVS, CommandType.Session, CommandType.Txn, CommandType.Register, CommandType.Deregister, CommandType.Autopilot];

    public static void Run(ReadOnlySpan<byte> data)
    {
        using var collector = new CallCollector(data.Length);
        try
        {
            if (!collector.Add(data)) return;
            using var call = collector.Take();
            ReadCall(call.Bytes);
            ReadReply(call.Bytes);
        }
        catch (MsgPackException)
        {
            return;
        }
    }

    private static void ReadCall(ReadOnlyMemory<byte> call)
    {
        try
        {
            var reader = new MsgPackReader(call);
            var header = RpcCallHeader.Read(ref reader);
            using var buffer = new PooledBuffer();
            var writer = new MsgPackWriter(buffer);
            header.Write(ref writer);
            writer.Flush();
            var again = new MsgPackReader(buffer.WrittenSpan);
            var read = RpcCallHeader.Read(ref again);
            Promise.Holds(read.Seq == header.Seq && read.IsForwarded == header.IsForwarded && read.ServiceMethod.SequenceEqual(header.ServiceMethod), "a header reads back equal");
            ReadArgument(call[(int)reader.Offset..]);
        }
        catch (MsgPackException)
        {
            return;
        }
    }

    private static void ReadArgument(ReadOnlyMemory<byte> argument)
    {
        Try(argument, static bytes => QueryArguments.Read(bytes.Span));
        Try(argument, static bytes => CommandArguments.ReadCoordinate(bytes.Span, out _));
        Try(argument, static bytes =>
        {
            byte[] command = CommandArguments.ToCommand(CommandType.KVS, bytes.Span, out _);
            Promise.Holds(TokenOf(command.AsSpan(1)) is null or "", "a command has no token");
            return command;
        });
    }

    private static void ReadReply(ReadOnlyMemory<byte> reply)
    {
        try
        {
            var reader = new MsgPackReader(reply);
            RpcReplyHeader.Read(ref reader);
            var result = reply[(int)reader.Offset..];
            Try(result, static bytes => SessionResults.ReadFirst(bytes.Span));
            Try(result, static bytes => ReadIndexMessages.ReadResult(bytes.Span));
            foreach (var type in s_types)
            {
                byte[] command = [(byte)type, 0x80];
                Try(result, bytes => CommandResults.Read(command, bytes));
            }
        }
        catch (MsgPackException)
        {
            return;
        }
    }

    private static string? TokenOf(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        string? token = null;
        for (int left = reader.ReadMapHeader(); left > 0; left--)
            if (reader.ReadKey().SequenceEqual("Token"u8)) token = reader.ReadText();
            else reader.Skip(acceptExtensions: true);
        return token;
    }

    private static void Try<T>(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, T> read)
    {
        try
        {
            read(bytes);
        }
        catch (MsgPackException)
        {
            return;
        }
    }
}
