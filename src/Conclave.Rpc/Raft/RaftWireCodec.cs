using System.Buffers;
using Conclave.Core.Codec;

namespace Conclave.Rpc.Raft;

/// <summary>The answer to a request: an error text, a result, or both.</summary>
/// <param name="Error">What went wrong; empty when nothing did.</param>
/// <param name="Result">The result; null when there is none, as after a refused version.</param>
/// <typeparam name="T">Type of the result.</typeparam>
public readonly record struct RaftReply<T>(string Error, T? Result) where T : struct, IRaftMessage<T>;

/// <summary>
/// Writes and reads what travels on a Raft connection behind its first byte: requests one way, replies in the same order the other. It reads complete messages,
/// whose end a <see cref="RaftFrameScanner"/> finds.
/// </summary>
public static class RaftWireCodec
{
    /// <summary>Type of a request, by its first byte.</summary>
    /// <exception cref="MsgPackException">No bytes, or another type: close the connection.</exception>
    public static RaftRpc TypeOf(ReadOnlySpan<byte> request)
    {
        if (request.IsEmpty) MsgPackException.Throw("a request without a type", 0);
        if (request[0] > (byte)RaftRpc.RequestPreVote) MsgPackException.Throw($"{request[0]} is no type of a request", 0);
        return (RaftRpc)request[0];
    }

    /// <summary>Reads a request of this type. Its bytes are slices of <paramref name="request"/>.</summary>
    /// <exception cref="MsgPackException">Not this request: close the connection.</exception>
    public static T ReadRequest<T>(ReadOnlyMemory<byte> request) where T : struct, IRaftRequest<T>
    {
        var reader = new MsgPackReader(request);
        byte type = reader.ReadRawByte();
        if (type != (byte)T.Rpc) MsgPackException.Throw($"a request of type {type} where {(byte)T.Rpc} is due", 0);
        var message = T.Read(ref reader);
        RequireEnd(in reader);
        return message;
    }

    /// <summary>Reads a reply with this result. Its bytes are slices of <paramref name="reply"/>.</summary>
    /// <exception cref="MsgPackException">Not this reply: close the connection.</exception>
    public static RaftReply<T> ReadReply<T>(ReadOnlyMemory<byte> reply) where T : struct, IRaftMessage<T>
    {
        var reader = new MsgPackReader(reply);
        string error = reader.ReadText();
        T? result = reader.TryReadNil() ? null : T.Read(ref reader);
        RequireEnd(in reader);
        return new(error, result);
    }

    /// <summary>Writes a request, type byte first.</summary>
    public static void WriteRequest<T>(IBufferWriter<byte> output, in T request) where T : struct, IRaftRequest<T>
    {
        var writer = new MsgPackWriter(output);
        writer.WriteRawByte((byte)T.Rpc);
        request.Write(ref writer);
        writer.Flush();
    }

    /// <summary>Writes a reply.</summary>
    public static void WriteReply<T>(IBufferWriter<byte> output, in RaftReply<T> reply) where T : struct, IRaftMessage<T>
    {
        var writer = new MsgPackWriter(output);
        writer.Write(reply.Error);
        if (reply.Result is { } result) result.Write(ref writer);
        else writer.WriteNil();
        writer.Flush();
    }

    private static void RequireEnd(in MsgPackReader reader)
    {
        if (!reader.IsAtEnd) MsgPackException.Throw("bytes behind the message", reader.Offset);
    }
}
