using System.Buffers;
using Conclave.Core.Model;

namespace Conclave.Core.Codec;

/// <summary>Turns requests into log commands (type byte + MessagePack body, tokens blanked) and back.</summary>
public static class CommandCodec
{
    /// <summary>Encodes a key operation straight from the request body: one copy of the value, at its final place, in a right-sized array.</summary>
    public static byte[] EncodeKv(string op, ReadOnlySpan<byte> key, ReadOnlySequence<byte> value, bool hasValue, ulong flags, string session, ulong casIndex) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(KvRequest request) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(RegisterRequest request) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(DeregisterRequest request) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(SessionRequest request) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(TxnRequest request) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(TombstoneRequest request) => throw new NotImplementedException();

    /// <summary>Encodes a coordinate batch (type byte 134: may be skipped when unknown).</summary>
    public static byte[] Encode(IReadOnlyList<CoordinateEntry> batch) => throw new NotImplementedException();

    /// <summary>Encodes a command.</summary>
    public static byte[] Encode(AutopilotConfig config, bool cas) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command (without its type byte). The entry's value is a slice of <paramref name="body"/>.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static KvRequest DecodeKv(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static RegisterRequest DecodeRegister(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static DeregisterRequest DecodeDeregister(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static SessionRequest DecodeSession(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static TxnRequest DecodeTxn(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static TombstoneRequest DecodeTombstone(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static IReadOnlyList<CoordinateEntry> DecodeCoordinates(ReadOnlyMemory<byte> body) => throw new NotImplementedException();

    /// <summary>Decodes the body of a command.</summary>
    /// <exception cref="MsgPackException">The body is malformed.</exception>
    public static (AutopilotConfig Config, bool Cas) DecodeAutopilot(ReadOnlyMemory<byte> body) => throw new NotImplementedException();
}

/// <summary>Bytes that are not what the protocol says.</summary>
/// <param name="reason">What is wrong.</param>
/// <param name="offset">Where, in bytes from the start of the value.</param>
public sealed class MsgPackException(string reason, long offset) : Exception($"{reason} (at byte {offset})")
{
    /// <summary>Offset in bytes from the start of the input.</summary>
    public long Offset { get; } = offset;
}
